"""Messaging status callback, SMS and WhatsApp: one message moved on.

Source: Twilio's Outbound Message Status in Status Callbacks. New fields come without notice and are kept.
"""

from __future__ import annotations

from gateway.inbox import StatusReported, Subject
from webhooks.delivery import Delivery
from webhooks.privacy import kept, scrubbed
from webhooks.sources.shape import Parsed, Source, no_content, whole_number

_TAKEN = frozenset({"MessageSid", "MessageStatus", "ChannelStatusMessage"})


def parse(delivery: Delivery) -> Parsed:
    sid = delivery.required("MessageSid", "SmsSid")
    status = delivery.required("MessageStatus", "SmsStatus").lower()
    form = delivery.form or {}
    if form.get("EventType") == "READ":
        status = "read"  # a channel's word after delivery; the status beside it may still be the older one
    detail = form.get("ErrorMessage") or form.get("ChannelStatusMessage")
    event = StatusReported(
        Subject.MESSAGE,
        sid,
        status,
        intent=delivery.intent(),
        attempt=delivery.attempt(),
        error_code=whole_number(form.get("ErrorCode")),
        error_detail=scrubbed(detail) if detail else None,
        fields=kept(delivery.pairs, _TAKEN),
    )
    return Parsed((event,))


SOURCE = Source("messages_status", "/messages/status", parse, no_content)
