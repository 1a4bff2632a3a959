"""Refusals as problem documents (RFC 9457); they say no more than their code."""

from __future__ import annotations

import json
from uuid import uuid4

from flask import Response, g

# code → status, title, detail
_PROBLEMS: dict[str, tuple[int, str, str]] = {
    "bad_signature": (403, "Bad signature", "The request is not signed with a key of this gateway."),
    "too_large": (413, "Too large", "The body is larger than a webhook may be."),
    "invalid_request": (400, "Invalid request", "The body is not what this webhook takes."),
    "store_unavailable": (503, "Store unavailable", "The effect could not be made durable; please send it again."),
}


def request_id() -> str:
    """The application's, where it gave one to this request; else a fresh one, the same for log and answer."""
    return str(g.get("request_id") or g.setdefault("request_id", uuid4().hex))


def problem(code: str, detail: str | None = None, *, retry_after_seconds: int | None = None) -> Response:
    status, title, usual = _PROBLEMS[code]
    document = {
        "type": f"/problems/{code}",
        "title": title,
        "status": status,
        "detail": detail or usual,
        "code": code,
        "request_id": request_id(),
    }
    response = Response(json.dumps(document), status=status, mimetype="application/problem+json")
    if retry_after_seconds is not None:
        response.headers["Retry-After"] = str(retry_after_seconds)
    return response
