"""A flow's HTTP Request widget tells the outcome of its attempt; a signature or the token in the URL admits it.

Source: Twilio's Make HTTP Request widget page. Whether the widget signs is not said there, hence the token.
"""

from __future__ import annotations

from gateway.inbox import StatusReported, Subject
from webhooks.delivery import Delivery, Malformed
from webhooks.privacy import kept, scrubbed
from webhooks.sources.shape import Parsed, Source, no_content

_TAKEN = frozenset({"outcome", "detail", "execution_sid", "ExecutionSid", "sid"})


def parse(delivery: Delivery) -> Parsed:
    fields = delivery.fields()
    outcome = fields.get("outcome", "").strip().lower()
    if not outcome:
        raise Malformed("outcome: missing")
    detail = fields.get("detail")
    event = StatusReported(
        Subject.FLOW,
        fields.get("execution_sid") or fields.get("ExecutionSid") or fields.get("sid") or "",
        outcome,
        intent=delivery.intent(),
        attempt=delivery.attempt(),
        error_detail=scrubbed(detail) if detail else None,
        fields=kept(fields.items(), _TAKEN),
    )
    return Parsed((event,))


SOURCE = Source("studio", "/studio", parse, no_content, token_admits=True)
