"""Every error as a problem document (RFC 9457). The one place where a code becomes an HTTP status."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from gateway.errors import AcceptUnknown, FieldError, LookupUnavailable, Refused, StoreUnavailable
from gateway.ids import ulid

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: its status, its title, and what the OpenAPI document says of it."""

    status: int
    title: str
    when: str


KINDS: Mapping[str, Kind] = {
    "invalid_request": Kind(400, "The request is wrong", "not JSON, wrong type, unknown or missing field, bad header"),
    "invalid_number": Kind(400, "Not a phone number", "cannot be a phone number, or Lookup says it is not valid"),
    "ambiguous_number": Kind(400, "The country is missing", "a national form without `country`"),
    "short_code": Kind(400, "A short code or emergency number", "short codes and emergency numbers are never called"),
    "unauthenticated": Kind(401, "No valid API key", "no key, or one that is unknown, expired or revoked"),
    "forbidden": Kind(403, "Not allowed for this key", "the key lacks the scope or the purpose, or is a test key"),
    "bad_signature": Kind(403, "The signature does not fit", "a webhook without a valid signature"),
    "not_found": Kind(404, "Not found", "there is nothing here, or it belongs to another application"),
    "method_not_allowed": Kind(405, "Method not allowed", "the path exists, the method does not"),
    "idempotency_in_progress": Kind(409, "The first request is still running", "same key, still running"),
    "not_cancelable": Kind(409, "It cannot be canceled any more", "sending has begun, or it has ended"),
    "not_retryable": Kind(409, "It cannot be retried", "only an intent that ended badly can"),
    "not_awaiting_verification": Kind(409, "No code is awaited", "the intent waits for no code"),
    "verification_expired": Kind(410, "The code has expired", "the code's life is over"),
    "too_large": Kind(413, "The body is too large", "more than 256 KiB"),
    "unsupported_media_type": Kind(415, "JSON is expected", "the content type is not application/json"),
    "idempotency_mismatch": Kind(422, "Another request used this key", "same key, other body"),
    "country_not_allowed": Kind(422, "The country is not allowed", "the policy does not allow this country"),
    "line_type_not_supported": Kind(422, "The line type is not supported", "the policy refuses this line type"),
    "carrier_not_allowed": Kind(422, "The carrier is not allowed", "the policy refuses this carrier"),
    "no_route": Kind(422, "There is no way to reach this recipient", "no step of the route can be taken"),
    "recipient_opted_out": Kind(422, "The recipient opted out", "suppressed for every step of the route"),
    "wrong_code": Kind(422, "The code is wrong", "the code is not the one that was sent"),
    "rate_limited": Kind(429, "Too many requests", "this key's limit is used up"),
    "recipient_rate_limited": Kind(429, "Too many messages to this recipient", "the recipient's cap is reached"),
    "destination_rate_limited": Kind(429, "Too many messages to this range", "the number range's cap is reached"),
    "budget_exhausted": Kind(429, "The lookup budget is used up", "today's budget of paid lookups is used up"),
    "too_many_attempts": Kind(429, "Too many wrong codes", "no more codes are taken for this intent"),
    "internal_error": Kind(500, "An error of ours", "a defect; it is logged under the request id"),
    "store_unavailable": Kind(503, "The store is not available", "Redis is away, unsafe or nearly full"),
    "verify_unavailable": Kind(503, "Verify did not answer", "nobody knows whether the code was right; enter it again"),
    "lookup_unavailable": Kind(503, "Lookup is not available", "Lookup is away and the purpose says reject"),
}


def request_id() -> str:
    """The id of the request being answered; logs and problems carry it."""
    found = g.get("request_id")
    return str(found) if found else ulid()


def problem(
    code: str,
    detail: str,
    *,
    errors: tuple[FieldError, ...] = (),
    retry_after_seconds: int | None = None,
    extra: Mapping[str, object] | None = None,
) -> Response:
    kind = KINDS[code]
    document: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "code": code,
        "request_id": request_id(),
    }
    if errors:
        document["errors"] = [{"field": e.field, "message": e.message} for e in errors]
    document.update(extra or {})
    response = Response(json.dumps(document), kind.status, content_type=CONTENT_TYPE)
    if retry_after_seconds is not None:
        response.headers["Retry-After"] = str(retry_after_seconds)
    if kind.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="gateway"'
    return response


def from_refused(err: Refused) -> Response:
    return problem(
        err.code, err.detail, errors=err.errors, retry_after_seconds=err.retry_after_seconds, extra=err.extra
    )


def register(app: Flask) -> None:
    """Every error that leaves a view becomes a problem document, Flask's own among them."""
    app.register_error_handler(Refused, from_refused)
    app.register_error_handler(StoreUnavailable, _store_unavailable)
    app.register_error_handler(AcceptUnknown, _accept_unknown)
    app.register_error_handler(LookupUnavailable, _lookup_unavailable)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _defect)


def _store_unavailable(err: StoreUnavailable) -> Response:
    return problem("store_unavailable", "The store is not available; nothing was accepted.", retry_after_seconds=5)


def _accept_unknown(err: AcceptUnknown) -> Response:
    extra = {"intent_id": err.intent_id, "maybe_accepted": True}
    detail = "The store did not confirm; the intent may have been accepted. Repeating under the same key is safe."
    return problem("store_unavailable", detail, retry_after_seconds=5, extra=extra)


def _lookup_unavailable(err: LookupUnavailable) -> Response:
    wait = err.retry_after_seconds
    if err.cause == "budget":
        return problem("budget_exhausted", "Today's budget of paid lookups is used up.", retry_after_seconds=wait)
    return problem("lookup_unavailable", f"Lookup is unavailable: {err.cause}", retry_after_seconds=wait)


BY_STATUS = {400: "invalid_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}


def _http(err: HTTPException) -> Response:
    """Flask's and Werkzeug's own refusals."""
    status = err.code or 500
    if status == 415:
        return problem("unsupported_media_type", "Send JSON with content type application/json.")
    code = BY_STATUS.get(status, "invalid_request" if status < 500 else "internal_error")
    response = problem(code, KINDS[code].when)
    if isinstance(err, MethodNotAllowed) and err.valid_methods:
        response.headers["Allow"] = ", ".join(err.valid_methods)
    return response


def _defect(err: Exception) -> Response:
    import structlog

    structlog.get_logger("gateway.api").error("defect", error=type(err).__name__, exc_info=err)
    return problem("internal_error", "An unexpected error; it is logged under this request id.")
