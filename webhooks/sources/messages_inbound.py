"""An incoming message; the answer is TwiML that texts back what the door says, or nothing.

Source: Twilio's request to your incoming message Webhook URL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Response

from gateway.inbox import Media, MessageReceived, Reply
from webhooks import twiml
from webhooks.delivery import Delivery
from webhooks.sources.shape import Parsed, Source, whole_number

MOST_MEDIA = 10
UNTYPED = "application/octet-stream"


def parse(delivery: Delivery) -> Parsed:
    form = delivery.form or {}
    channel, sender = channel_and_address(delivery.required("From"))
    event = MessageReceived(
        sid=delivery.required("MessageSid", "SmsSid", "SmsMessageSid"),
        channel=channel,
        sender=sender,
        to=channel_and_address(delivery.required("To"))[1],
        body=form.get("Body") or form.get("ButtonText") or "",
        opt_out_type=(form.get("OptOutType") or "").upper() or None,
        messaging_service_sid=form.get("MessagingServiceSid") or None,
        account_sid=form.get("AccountSid") or None,
        media=_media(form),
    )
    return Parsed((event,))


def _media(form: Mapping[str, str]) -> tuple[Media, ...]:
    """What is numbered without an address is left out."""
    count = min(whole_number(form.get("NumMedia")) or 0, MOST_MEDIA)
    found = ((form.get(f"MediaUrl{n}"), form.get(f"MediaContentType{n}")) for n in range(count))
    return tuple(Media(url, kind or UNTYPED) for url, kind in found if url)


def channel_and_address(given: str) -> tuple[str, str]:
    """`whatsapp:+E164` is ("whatsapp", "+E164"); without a prefix it is a text message."""
    prefix, colon, address = given.partition(":")
    return (prefix.lower(), address) if colon else ("sms", given)


def answer(replies: Sequence[Reply]) -> Response:
    said = next((reply.say for reply in replies if reply.say), None)
    return Response(twiml.message(said), mimetype=twiml.MIMETYPE)


SOURCE = Source("messages_inbound", "/messages/inbound", parse, answer)
