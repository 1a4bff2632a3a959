"""What the OpenAPI document says of the events that go out: one webhook for each type, as it is posted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.inbox.inbound import OPTED_IN, OPTED_OUT, RECEIVED
from gateway.model import IntentStatus

DESCRIPTION = """\
To the intent's `callback_url`, else to the application's. Signed as Standard Webhooks says, and repeated for 24 hours
with growing pauses under the same `webhook-id` until it is answered with 2xx; 410 ends it at once. Events may come
twice and in any order: `webhook-id` tells a repeat, `data.version` which of two about one intent is newer."""

HEADERS: Mapping[str, Mapping[str, Any]] = {
    "webhook-id": {
        "description": "The event's own id, the same on every repeat.",
        "schema": {"type": "string", "pattern": "^evt_[0-9A-Za-z]+$"},
        "example": "evt_01JD4Y7Q2N8ZK3V5W6X7Y8Z9A0",
    },
    "webhook-timestamp": {
        "description": "When this try was made, in seconds since 1970. Refuse one that is more than five minutes off.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
        "example": "1764000000",
    },
    "webhook-signature": {
        "description": "`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`. More than one, with spaces "
        "between, while a secret is being rotated: one that fits is enough.",
        "schema": {"type": "string", "pattern": "^v1,\\S+( v1,\\S+)*$"},
        "example": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    },
}  # fmt: skip


def _event(kind: str, summary: str, data: str) -> dict[str, Any]:
    told = {"type": {"const": kind}, "data": {"$ref": f"#/components/schemas/{data}"}}
    schema = {"allOf": [{"$ref": "#/components/schemas/Event"}, {"type": "object", "properties": told}]}
    return {
        "post": {
            "summary": summary,
            "description": DESCRIPTION,
            "tags": ["events"],
            "security": [],
            "parameters": [{"name": name, "in": "header", "required": True, **told} for name, told in HEADERS.items()],
            "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
            "responses": {
                "2XX": {"description": "Taken."},
                "410": {"description": "Never send this one again."},
                "default": {"description": "It is sent again later."},
            },
        }
    }


WEBHOOKS: Mapping[str, Any] = {
    **{
        f"intent.{status}": _event(f"intent.{status}", f"An intent is {status.replace('_', ' ')}.", "IntentWhole")
        for status in IntentStatus
    },
    RECEIVED: _event(RECEIVED, "A person has written.", "MessageReceived"),
    OPTED_OUT: _event(OPTED_OUT, "A person has opted out.", "OptOutChanged"),
    OPTED_IN: _event(OPTED_IN, "A person has opted in again.", "OptOutChanged"),
}
