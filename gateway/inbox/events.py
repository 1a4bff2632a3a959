"""The events that may come through the door, and what it answers. All that comes from outside becomes one of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Subject(StrEnum):
    """What a status speaks of."""

    MESSAGE = "message"
    CALL = "call"
    EMAIL = "email"
    FLOW = "flow"
    VERIFICATION = "verification"


@dataclass(frozen=True, slots=True)
class StatusReported:
    """A provider's word on one message, call, e-mail, flow or verification.

    `status`: the provider's word in lower case (`delivered`, `no-answer`, `max_attempts_reached`, `spamreport`, …).
    `intent`, `attempt`: from the callback URL or custom arguments, None where the report names only the SID.
    `fields`: what else was told (AnsweredBy, SequenceNumber, EventType, reason, …), with no address and no body.
    `address`: e-mail address of an e-mail event, for suppression.
    """

    subject: Subject
    sid: str
    status: str
    intent: str | None = None
    attempt: int | None = None
    error_code: int | None = None
    error_detail: str | None = None
    address: str | None = None
    event_id: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Media:
    """What came with a text. Twilio keeps it under `url`; whoever fetches it may need the account's credentials."""

    url: str
    content_type: str


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A person's text. `sender` is theirs, `to` is ours, both E.164 without `whatsapp:`.

    `opt_out_type`: STOP, START or HELP when Twilio's Advanced Opt-Out has already answered.
    `media`: told by the incoming-message webhook alone; a text that was fetched later comes without.
    """

    sid: str
    channel: str
    sender: str
    to: str
    body: str
    opt_out_type: str | None = None
    messaging_service_sid: str | None = None
    account_sid: str | None = None
    received_at: datetime | None = None
    media: tuple[Media, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """A digit in a call, at our `<Gather>`. Empty `digits`: the person pressed nothing."""

    sid: str
    intent: str
    attempt: int
    digits: str


@dataclass(frozen=True, slots=True)
class FactorReported:
    """A Verify factor or challenge event: `factor.verified`, `factor.deleted`, `challenge.approved`, …"""

    kind: str
    identity: str
    factor_sid: str
    challenge_sid: str | None = None
    event_id: str | None = None


Event = StatusReported | MessageReceived | KeyPressed | FactorReported


@dataclass(frozen=True, slots=True)
class Reply:
    """What the door says back. `effect` is one of applied, duplicate, orphan, ignored.

    `say`: to be spoken (calls) or texted (messages) to the person; None: say nothing.
    `hang_up`: end the call after it.
    """

    effect: str
    say: str | None = None
    hang_up: bool = False


class Unavailable(Exception):
    """The effect could not be made durable: the webhook must be answered with 503."""
