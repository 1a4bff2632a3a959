"""SendGrid's Event Webhook: a JSON array, one element per thing that befell an e-mail.

Source: SendGrid's Event Webhook Reference. Custom arguments come back at the top level, where reserved names win.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.inbox import Event, StatusReported, Subject
from webhooks.delivery import Delivery, Malformed, attempt_in, intent_in, texts
from webhooks.privacy import scrubbed
from webhooks.sources.shape import Parsed, Signer, Source, no_content, parse_each

_KEPT = ("type", "reason", "response", "status", "bounce_classification", "asm_group_id", "sg_machine_open")
_KEPT_AS_IS = ("timestamp",)


def parse(delivery: Delivery) -> Parsed:
    document = delivery.json()
    if not isinstance(document, list):
        raise Malformed("body: not a JSON array")
    return parse_each(document, _read)


def _read(element: object) -> Event:
    if not isinstance(element, dict):
        raise Malformed("element: not an object")
    told = texts(element)
    name = told.get("event", "").lower()
    if not name:
        raise Malformed("event: missing")
    detail = told.get("reason") or told.get("response")
    return StatusReported(
        Subject.EMAIL,
        # The first part is what the send was answered with; an asynchronous bounce has none.
        told.get("sg_message_id", "").partition(".")[0],
        # A blocked message says nothing of the address: the next one may go through.
        "blocked" if name == "bounce" and told.get("type") == "blocked" else name,
        intent=intent_in(told),
        # Of a deferral, `attempt` is SendGrid's own count of tries and hides ours.
        attempt=None if name == "deferred" else attempt_in(told),
        error_detail=scrubbed(detail) if detail else None,
        address=told.get("email") or None,
        event_id=told.get("sg_event_id") or None,
        fields=_fields(told),
    )


def _fields(told: Mapping[str, str]) -> dict[str, str]:
    fields = {name: scrubbed(told[name]) for name in _KEPT if name in told}
    fields.update({name: told[name][:20] for name in _KEPT_AS_IS if name in told})
    return fields


SOURCE = Source("sendgrid", "/sendgrid", parse, no_content, signer=Signer.SENDGRID)
