"""Event Streams sink: a JSON array of CloudEvents, or a single one; each has the effect its own callback would have.

Source: Twilio's Event Streams webhook quickstart and CloudEvents envelope. `data` may be an object or JSON in a string.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from gateway.inbox import Event
from webhooks.delivery import Delivery, Malformed, as_text
from webhooks.sources import cloud_events
from webhooks.sources.cloud_events import Envelope
from webhooks.sources.shape import Parsed, Source, no_content, parse_each

# Start of a type → who reads it; the rest of the type is handed on as `Envelope.last`.
_READERS: Mapping[str, Callable[[Envelope], Event]] = {
    "com.twilio.messaging.message.": cloud_events.message,
    "com.twilio.messaging.inbound-message.received": cloud_events.inbound,
    "com.twilio.voice.status-callback.call.": cloud_events.call,
    "com.twilio.voice.webhook.status-callback.call.": cloud_events.call,
    "com.twilio.voice.status-callback.amd.detected": cloud_events.call,
    "com.twilio.accountsecurity.verify.verification.": cloud_events.verification,
    "com.twilio.accountsecurity.verify.message.": cloud_events.verification_message,
    "com.twilio.studio.flow.execution.": cloud_events.execution,
    "com.twilio.studio.flow.step.": cloud_events.step,
}


def parse(delivery: Delivery) -> Parsed:
    document = delivery.json()
    if isinstance(document, dict):
        document = [document]
    if not isinstance(document, list):
        raise Malformed("body: neither a CloudEvent nor an array of them")
    return parse_each(document, _read)


def _read(element: object) -> Event | None:
    """None for a type that is none of ours: subscribed by mistake, or the sink's own test."""
    if not isinstance(element, dict) or not isinstance(element.get("type"), str):
        raise Malformed("type: missing")
    kind: str = element["type"]
    start = next((start for start in _READERS if kind.startswith(start)), None)
    if start is None:
        return None
    data = _object(element.get("data"))
    envelope = Envelope(
        last=kind[len(start) :].lower(),
        event_id=as_text(element.get("id")) or None,
        time=as_text(element.get("time")),
        data=data,
    )
    return _READERS[start](envelope)


def _object(data: object) -> Mapping[str, object]:
    if isinstance(data, str):
        try:
            data = json.loads(data)
        except (ValueError, RecursionError) as err:
            raise Malformed("data: not JSON") from err
    if not isinstance(data, dict):
        raise Malformed("data: not an object")
    return data


SOURCE = Source("events", "/events", parse, no_content)
