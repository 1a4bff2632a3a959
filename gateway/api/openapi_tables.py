"""What the OpenAPI document says of parameters, headers, tags and open paths: tables, no code that decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.api.problems import KINDS
from gateway.model import Channel, IntentStatus

DESCRIPTION = """\
Send an intent, and the gateway decides whether and how it may reach the person: by text, call, WhatsApp, e-mail or a
Studio flow, with the number's holder proved first where the policy asks for it. Errors are problem documents (RFC
9457) whose `code` is stable and whose `type` leads to a page that says what to do; numbers never stand in a URL, and
are shown masked."""

TAGS: Mapping[str, str] = {
    "sending": "An intent comes in, the verdict goes out.",
    "intents": "Reading and steering what was accepted.",
    "lookup": "What a number is, without sending.",
    "proof": "Codes, and authenticator apps.",
    "suppressions": "Who must not be written to.",
    "service": "Health, and this document.",
    "events": "What an application is told, where it listens.",
}

PATH_PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "id": {
        "description": "The intent.",
        "schema": {"type": "string", "pattern": "^[0-9A-HJKMNP-TV-Z]{26}$", "example": "01JD4Y7Q2N8ZK3V5W6X7Y8Z9A0"},
    },
    "sid": {
        "description": "The factor.",
        "schema": {"type": "string", "pattern": "^YF[0-9a-f]{32}$", "example": "YF00000000000000000000000000000000"},
    },
}

QUERY_PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "status": {"type": "string", "enum": [status.value for status in IntentStatus]},
    "channel": {"type": "string", "enum": [channel.value for channel in Channel]},
    "limit": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
    "/suppressions limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
    "cursor": {"type": "string", "minLength": 1, "maxLength": 128},
    "lookup": {"type": "string", "enum": ["live", "offline"], "default": "live"},
}

REQUEST_HEADERS: Mapping[str, Mapping[str, Any]] = {
    "Idempotency-Key": {
        "description": "1 to 255 printable characters, quoted or not; per API key, kept for 24 hours. A repeat with "
        "the same body is answered as the first was, and nothing is sent.",
        "schema": {"type": "string", "pattern": '^[!#-~]([ !#-~]{0,253}[!#-~])?$', "minLength": 1, "maxLength": 255},
        "example": "order-1001-shipped",
    },
    "Prefer": {
        "description": "`wait=N` (0 to 10 seconds): answer after the first attempt was handed over. RFC 7240; whatever "
        "else is preferred is ignored.",
        "schema": {"type": "string"},
        "example": "wait=2",
    },
}  # fmt: skip

RESPONSE_HEADERS: Mapping[str, Mapping[str, Any]] = {
    "X-Request-Id": {"description": "Logs carry it too.", "schema": {"type": "string"}},
    "Location": {"description": "Where the intent is read.", "schema": {"type": "string"}},
    "Retry-After": {
        "description": "Seconds until it is worth another try.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "Preference-Applied": {"description": "The preference that was honoured.", "schema": {"type": "string"}},
    "Idempotent-Replayed": {
        "description": "`true`: the first answer again, nothing was sent.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "WWW-Authenticate": {"description": "How to authenticate.", "schema": {"type": "string"}},
}

OF_STATUS: Mapping[int, tuple[str, ...]] = {
    202: ("Location",),
    401: ("WWW-Authenticate",),
    409: ("Retry-After",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
OF_REQUEST = {"Idempotency-Key": "Idempotent-Replayed", "Prefer": "Preference-Applied"}


def headers_of(status: int, request_headers: Sequence[str]) -> dict[str, Any]:
    """References to the headers that an answer of this status may carry."""
    answered = tuple(OF_REQUEST[name] for name in request_headers) if status < 400 else ()
    names = ("X-Request-Id", *OF_STATUS.get(status, ()), *answered)
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _open(summary: str, answers: Mapping[str, tuple[str, str, Any]], *parameters: Mapping[str, Any]) -> dict[str, Any]:
    responses = {
        status: {"description": text, "content": {kind: {"schema": schema}}}
        for status, (text, kind, schema) in answers.items()
    }
    operation: dict[str, Any] = {"summary": summary, "tags": ["service"], "security": [], "responses": responses}
    return {"get": {**operation, "parameters": list(parameters)} if parameters else operation}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


_TEXT = {"type": "string"}
OPEN_PATHS: Mapping[str, Any] = {
    "/healthz": _open("The process is up.", {"200": ("Up.", "application/json", _ref("Health"))}),
    "/readyz": _open(
        "What is posted now can be accepted.",
        {
            "200": ("Ready.", "application/json", _ref("Readiness")),
            "503": ("Not ready; the check that failed is named.", "application/json", _ref("Readiness")),
        },
    ),
    "/metrics": _open("Figures for Prometheus.", {"200": ("Figures.", "text/plain", _TEXT)}),
    "/openapi.json": _open("This document.", {"200": ("OpenAPI 3.1.", "application/json", {"type": "object"})}),
    "/docs": _open("This document as a page.", {"200": ("A page.", "text/html", _TEXT)}),
    "/problems": _open("All problems, as a page.", {"200": ("A page.", "text/html", _TEXT)}),
    "/problems/{code}": _open(
        "One problem, as a page: what it means and what to do.",
        {
            "200": ("A page.", "text/html", _TEXT),
            "404": ("There is no problem of this code.", "application/problem+json", _ref("Problem")),
        },
        {"name": "code", "in": "path", "required": True, "schema": {"type": "string", "enum": list(KINDS)}},
    ),
}
