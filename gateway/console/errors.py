"""What went wrong, as a page: a sentence for the operator, never a value that was typed."""

from __future__ import annotations

from flask import Response, render_template
from werkzeug.exceptions import HTTPException

from gateway.errors import GatewayError, LookupUnavailable, Refused, StoreUnavailable

STATUS = {
    "not_found": 404, "forbidden": 403, "too_large": 413, "not_cancelable": 409, "not_retryable": 409,
    "rate_limited": 429, "recipient_rate_limited": 429, "destination_rate_limited": 429, "budget_exhausted": 429,
    "lookup_unavailable": 503, "country_not_allowed": 422, "no_route": 422, "recipient_opted_out": 422,
    "line_type_not_supported": 422, "carrier_not_allowed": 422,
}  # fmt: skip


def problem_page(err: GatewayError | HTTPException) -> Response:
    status, title, detail = told(err)
    text = render_template("console/problem.html", title=title, detail=detail)
    response = Response(text, status, content_type="text/html; charset=utf-8")
    if status == 503:
        response.headers["Retry-After"] = "5"
    return response


def told(err: GatewayError | HTTPException) -> tuple[int, str, str]:
    """Status, title, sentence."""
    if isinstance(err, Refused):
        return STATUS.get(err.code, 400), err.code.replace("_", " ").capitalize(), err.detail
    if isinstance(err, StoreUnavailable):
        return 503, "The store is not available", "Redis does not answer, or takes no writes. Nothing was changed."
    if isinstance(err, LookupUnavailable):
        return 503, "Lookup is not available", f"Lookup cannot answer now ({err.cause})."
    if isinstance(err, HTTPException):
        return err.code or 500, err.name, "There is no such page." if err.code == 404 else err.name
    return 503, "It may or may not have happened", "The store did not confirm it. Look before you try again."
