"""How the data of each CloudEvent type becomes an event; which type goes where is said beside the sink.

Source: Twilio's Event Streams schemas. Messages and calls spell camelCase, Verify and Studio snake_case; statuses
come in upper case.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.inbox import MessageReceived, StatusReported, Subject
from webhooks.delivery import Malformed, attempt_in, intent_in, texts
from webhooks.privacy import kept, scrubbed
from webhooks.sources.messages_inbound import channel_and_address
from webhooks.sources.shape import whole_number
from webhooks.sources.voice_status import call_status

_ANSWERED = {"answered": "in-progress"}  # the type's word → the status that the callback would carry


@dataclass(frozen=True, slots=True)
class Envelope:
    """`last`: what follows the known part of the type, in lower case."""

    last: str
    event_id: str | None
    time: str | None
    data: Mapping[str, object]


def message(envelope: Envelope) -> StatusReported:
    told = _as_in_callbacks(envelope)
    detail = told.get("ErrorMessage") or told.get("ChannelStatusMessage")
    return StatusReported(
        Subject.MESSAGE,
        _required(told, "MessageSid"),
        (told.get("MessageStatus") or envelope.last).lower(),
        error_code=whole_number(told.get("ErrorCode")),
        error_detail=scrubbed(detail) if detail else None,
        event_id=envelope.event_id,
        fields=kept(told.items(), frozenset({"MessageSid", "MessageStatus", "ChannelStatusMessage"})),
    )


def inbound(envelope: Envelope) -> MessageReceived:
    told = _as_in_callbacks(envelope)
    channel, sender = channel_and_address(_required(told, "From"))
    return MessageReceived(
        sid=_required(told, "MessageSid"),
        channel=channel,
        sender=sender,
        to=channel_and_address(_required(told, "To"))[1],
        body=told.get("Body", ""),
        opt_out_type=told.get("OptOutType", "").upper() or None,
        messaging_service_sid=told.get("MessagingServiceSid") or None,
        account_sid=told.get("AccountSid") or None,
        received_at=_moment(told.get("Timestamp")) or _moment(envelope.time),
    )


def call(envelope: Envelope) -> StatusReported:
    told = _as_in_callbacks(envelope)
    status = told.get("CallStatus")
    if not status and envelope.last != "completed":  # which stands for every end of a call, good or bad
        status = _ANSWERED.get(envelope.last, envelope.last)
    detail = told.get("ErrorMessage")
    return StatusReported(
        Subject.CALL,
        _required(told, "CallSid"),
        call_status(status, told.get("AnsweredBy")),
        error_code=whole_number(told.get("ErrorCode")),
        error_detail=scrubbed(detail) if detail else None,
        event_id=envelope.event_id,
        fields=kept(told.items(), frozenset({"CallSid", "CallStatus"})),
    )


def verification(envelope: Envelope) -> StatusReported:
    told = texts(envelope.data)
    status = told.get("verification_status") or envelope.last
    return _of_verification(envelope, told, status.lower().replace("-", "_"))


def verification_message(envelope: Envelope) -> StatusReported:
    """The fate of the code's message: told apart from that of the verification itself."""
    return _of_verification(envelope, texts(envelope.data), f"message_{envelope.last}")


def execution(envelope: Envelope) -> StatusReported:
    return _of_flow(envelope, envelope.last)


def step(envelope: Envelope) -> StatusReported:
    return _of_flow(envelope, f"step_{envelope.last}")


def _of_verification(envelope: Envelope, told: Mapping[str, str], status: str) -> StatusReported:
    tags = _tags(envelope.data.get("tags"))
    detail = told.get("error_message")
    return StatusReported(
        Subject.VERIFICATION,
        _required(told, "verification_sid"),
        status,
        intent=intent_in(tags),
        attempt=attempt_in(tags),
        error_code=whole_number(told.get("error_code")),
        error_detail=scrubbed(detail) if detail else None,
        event_id=envelope.event_id,
        fields=kept(told.items(), frozenset({"verification_sid", "verification_status", "tags"})),
    )


def _of_flow(envelope: Envelope, status: str) -> StatusReported:
    told = texts(envelope.data)
    return StatusReported(
        Subject.FLOW,
        _required(told, "execution_sid"),
        status,
        event_id=envelope.event_id,
        fields=kept(told.items(), frozenset({"execution_sid"})),
    )


def _as_in_callbacks(envelope: Envelope) -> dict[str, str]:
    """camelCase as the form fields spell it, so that both report the same names."""
    return {name[:1].upper() + name[1:]: value for name, value in texts(envelope.data).items()}


def _tags(given: object) -> Mapping[str, str]:
    """The tags we gave the verification: an object, or one in a string. What is neither holds none of ours."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            return {}
    return texts(given) if isinstance(given, dict) else {}


def _required(told: Mapping[str, str], name: str) -> str:
    value = told.get(name)
    if not value:
        raise Malformed(f"data.{name}: missing")
    return value


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else None
