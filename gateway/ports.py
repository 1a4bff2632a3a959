"""What the stages need from outside, on one page: Reads for enrich, Writes for act, and the parts they are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from gateway.model import Attempt, LineType, Lookup, Origin, Progress, SuppressionEntry, TimelineEntry

Change = Callable[[Progress], "Progress | None"]
"""What becomes of an intent: given what is stored, what it shall be; None leaves it alone."""


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware UTC."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the state knows of a recipient, read in one round trip and free of charge."""

    suppressions: tuple[SuppressionEntry, ...] = ()
    email_suppressions: tuple[SuppressionEntry, ...] = ()
    learned_line_type: tuple[str, datetime] | None = None
    proved_at: datetime | None = None
    factor_sid: str | None = None
    whatsapp_windows: Mapping[str, datetime] = field(default_factory=dict)
    """Until when each is open, by the keyed hash of the sender that the person wrote to."""
    whatsapp_window_until: datetime | None = None
    """That of the sender who would write now. Which one that is the store does not know."""
    held_channels: Mapping[str, datetime] | None = None
    origins: Mapping[str, Origin] = field(default_factory=dict)
    """Who taught what was learned, as in Facts."""


class Reads(Protocol):
    """The powers of enrich: it can look, and nothing else."""

    def known(self, app: str, number: str, email: str | None, identity: str | None) -> Known:
        """Suppression, proof, factor, window and learned facts. Raises StoreUnavailable."""

    def lookup(
        self, number: str, fields: Sequence[str], *, max_age: timedelta | None, allow_stale: bool, app: str
    ) -> Lookup:
        """From the cache, or paid. Raises LookupUnavailable when neither can answer in time."""

    def kept(self, number: str, fields: Sequence[str], *, max_age: timedelta | None, app: str) -> Lookup | None:
        """What the cache has of all these fields, free of charge and not booked."""

    def offline(self, number: str) -> Lookup:
        """What libphonenumber alone knows: country and sometimes the type; never `valid`. Free."""

    def note_free(self, app: str, lookup: Lookup, fields: Sequence[str]) -> None:
        """Book an answer that made a paid one needless: learned, kept, or from the digits alone. No I/O."""


@dataclass(frozen=True, slots=True)
class Begun:
    """The answer to an attempt's begin mark: `begun`, `stale` (somebody was faster), `suppressed`, `held` or `busy`.

    `held`: inbound messages that were missed are still being fetched; one of them may be an opt-out.
    `busy`: another attempt with the same recipient, channel and content is still without an outcome.
    """

    verdict: str


@dataclass(frozen=True, slots=True)
class Found:
    """A provider's resource that could be an attempt's: its SID and what it says."""

    sid: str
    answer: Mapping[str, Any]


class Intents(Protocol):
    """The record of every intent; the truth. Each write is one atomic step."""

    def accept(self, progress: Progress, claim: Claim | None, *, ring: bool) -> None:
        """Durable before it returns. Raises StoreUnavailable (certainly not there) or AcceptUnknown."""

    def load(self, intent_id: str) -> Progress | None: ...

    def commit(self, before: Progress, after: Progress) -> Progress | None:
        """Store `after` if `before` still stands; None when somebody was faster."""

    def update(self, intent_id: str, change: Change) -> Progress | None:
        """Apply `change` to what is stored, atomically (again when somebody else wrote in between)."""

    def begin(self, progress: Progress, scopes: frozenset[str], exempt: frozenset[str], writer: str = "") -> Begun:
        """Write the attempt down, unless an entry with one of `scopes` stands (sources in `exempt` aside).

        `writer`: the sender to which the recipient may reply; replies then find this intent's application.
        """

    def timeline(self, intent_id: str) -> tuple[TimelineEntry, ...]: ...


@dataclass(frozen=True, slots=True)
class Claim:
    """A held idempotency key: its store key, the token that holds it and the fingerprint of the body.

    `kept_for`: None for as long as answers are kept.
    """

    key: str
    token: str
    fingerprint: str
    answer: str = ""
    kept_for: timedelta | None = None


class Operation(StrEnum):
    """What is asked of a provider; an adapter knows how."""

    MESSAGE = "message"
    CALL = "call"
    VERIFICATION = "verification"
    EXECUTION = "execution"
    MAIL = "mail"


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """One call to a provider: SDK keyword arguments (Twilio) or the JSON document (SendGrid).

    `resource`: the SID in the path where there is one (Verify service, Studio flow).
    """

    operation: Operation
    params: Mapping[str, Any]
    resource: str = ""


class Calls(Protocol):
    """The providers. A refusal or silence is an Outcome here, never an exception."""

    def send(self, request: ProviderRequest, *, test: bool) -> Mapping[str, Any]:
        """The SDK's answer as a mapping. Raises ProviderRefused or ProviderSilent."""

    def search(self, attempt: Attempt, request: ProviderRequest, *, test: bool) -> Sequence[Found]:
        """Resources that could be this attempt, newest first. Raises ProviderError when it cannot be told."""

    def fetch(self, attempt: Attempt, *, test: bool) -> Mapping[str, Any] | None:
        """What the provider says of an attempt now; None where it cannot be asked."""


class Codes(Protocol):
    """Verify's and TOTP's side of a code. Every method raises ProviderRefused or ProviderSilent."""

    def check_verification(
        self, service_sid: str, *, code: str, to: str = "", sid: str = "", test: bool = False
    ) -> Mapping[str, Any]:
        """`status` is `approved` for the right code, `pending` for a wrong one."""

    def cancel_verification(self, service_sid: str, sid: str, *, test: bool = False) -> Mapping[str, Any]:
        """No code is right any more."""

    def read_verification(self, service_sid: str, sid: str, *, test: bool = False) -> Mapping[str, Any] | None:
        """What became of a verification; None: nothing is known of it."""

    def challenge(
        self, service_sid: str, identity: str, factor_sid: str, code: str, *, test: bool = False
    ) -> Mapping[str, Any]:
        """`status` is `approved` for the right code."""


@dataclass(frozen=True, slots=True)
class Check:
    """The right to check codes of one verification. `lost`: an earlier check of this intent has no outcome yet."""

    intent: str
    token: str
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Started:
    """A verification that is alive until `deadline`."""

    sid: str
    deadline: datetime


class Verifications(Protocol):
    """Which intents wait for a verification, whose check is under way there, what was started lately."""

    def expect(self, sid: str, intent_id: str) -> None:
        """Before the intent is stored as waiting, so that no event passes it by."""

    def waiting(self, sid: str) -> tuple[str, ...]:
        """Intents that wait for it, or once did."""

    def begin_check(self, sid: str, intent_id: str, patience: timedelta) -> Check | None:
        """One check of a verification at a time; None when another's does not end within `patience`."""

    def end_check(self, sid: str, check: Check) -> None: ...

    def lose_check(self, sid: str, check: Check) -> None:
        """Its outcome is not known: nobody else may check until it was settled. An empty token: this intent's any."""

    def checker(self, sid: str) -> Check | None: ...

    def note_started(self, start: str, started: Started, share_for: timedelta) -> None:
        """`start` names service, address, channel and account; only its hash is kept."""

    def started(self, start: str, now: datetime) -> Started | None: ...

    def forget_started(self, start: str) -> None: ...


class Writes(Protocol):
    """The powers of act."""

    @property
    def intents(self) -> Intents: ...

    @property
    def calls(self) -> Calls: ...

    @property
    def codes(self) -> Codes: ...

    @property
    def verifications(self) -> Verifications: ...

    def prove(self, app: str, number: str, at: datetime) -> None:
        """Remember that this number has proved itself to this application."""

    def identity_at_provider(self, app: str, identity: str) -> str:
        """What Twilio sees instead of the application's id of a person."""

    def drop_factor(self, factor_sid: str) -> None:
        """The provider does not know this TOTP factor any more."""

    def owner_of(self, sid: str) -> tuple[str, int] | None:
        """The intent and attempt a SID is bound to."""

    def suppress(self, address: str, entry: SuppressionEntry) -> None: ...

    def learn(
        self,
        number: str,
        channel: str,
        *,
        line_type: LineType | None,
        hold: timedelta | None,
        unreachable: bool,
        attempt: str,
        by: str,
        at: datetime,
    ) -> None:
        """Remember what an error teaches of a number: its line type, a hold, one more time unreachable.

        `attempt` names what failed, so that telling it twice counts once. `by`: the error's code.
        """

    def take_tokens(self, sender: str, channel: str, *, urgent: bool, fresh: bool) -> timedelta:
        """Zero when a send may go now (a token was taken), else how long to wait.

        `urgent`: not behind the others. `fresh`: it has not waited yet, and goes behind those who have.
        """

    def slow(self, sender: str, channel: str, *, account: bool, pause: timedelta) -> None:
        """The provider was too busy: sends go slower for a while, and not before `pause` is over.

        `account`: all of the account's, not only this sender's.
        """
