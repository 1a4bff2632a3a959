"""The nouns of the gateway, frozen. Nothing here does I/O, reads a clock or decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any


class LineType(StrEnum):
    """Spelled as Lookup v2 spells it. Source: Lookup v2 line_type_intelligence.type."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    FIXED_VOIP = "fixedVoip"
    NON_FIXED_VOIP = "nonFixedVoip"
    TOLL_FREE = "tollFree"
    PREMIUM = "premium"
    SHARED_COST = "sharedCost"
    PERSONAL = "personal"
    UAN = "uan"
    VOICEMAIL = "voicemail"
    PAGER = "pager"
    UNKNOWN = "unknown"


class Channel(StrEnum):
    SMS = "sms"
    WHATSAPP = "whatsapp"
    VOICE = "voice"
    VERIFY = "verify"
    TOTP = "totp"
    STUDIO = "studio"
    EMAIL = "email"


TEST_REALM = "~test"
PROOF_CHANNELS = frozenset({Channel.VERIFY, Channel.TOTP})


@dataclass(frozen=True, slots=True)
class Step:
    """One way to act: a channel and its variant (`verify:call`, `studio:<flow>`). `verify` alone is `verify:sms`."""

    channel: Channel
    variant: str = ""

    @classmethod
    def parse(cls, text: str) -> Step:
        """Raises ValueError for a step that does not exist."""
        name, _, variant = text.partition(":")
        channel = Channel(name)
        if channel is Channel.VERIFY:
            variant = variant or "sms"
            if variant not in ("sms", "call", "email", "whatsapp"):
                raise ValueError(f"verify has no variant {variant!r}")
        elif channel is Channel.STUDIO:
            if not variant:
                raise ValueError("studio needs a flow: studio:<flow>")
        elif variant or ":" in text:
            raise ValueError(f"{name} takes no variant")
        return cls(channel, variant)

    def __str__(self) -> str:
        plain = not self.variant or (self.channel is Channel.VERIFY and self.variant == "sms")
        return self.channel.value if plain else f"{self.channel.value}:{self.variant}"

    @property
    def proves(self) -> bool:
        return self.channel in PROOF_CHANNELS


class IntentStatus(StrEnum):
    PENDING_LOOKUP = "pending_lookup"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    AWAITING_VERIFICATION = "awaiting_verification"
    DELIVERED = "delivered"
    VERIFIED = "verified"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    CANCELED = "canceled"
    EXPIRED = "expired"


class AttemptStatus(StrEnum):
    STARTED = "started"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELED = "canceled"


class FailureClass(StrEnum):
    """What a failure means to us: the classes of codes.py."""

    RETRY = "retry"
    UNKNOWN_OUTCOME = "unknown_outcome"
    DEFER = "defer"
    WRONG_CHANNEL = "wrong_channel"
    UNREACHABLE = "unreachable"
    OPTED_OUT = "opted_out"
    INVALID = "invalid"
    CONTENT = "content"
    FRAUD = "fraud"
    CONFIG = "config"
    ACCOUNT = "account"
    BUG = "bug"
    UNLISTED = "unlisted"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: `code` is the name of the gate or rule that spoke, `detail` a sentence without personal data."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom an intent is for. `number` is strict E.164, or a `sip:` URI for voice alone."""

    number: str
    country: str | None = None
    email: str | None = None

    @property
    def is_sip(self) -> bool:
        return self.number.startswith("sip:")


@dataclass(frozen=True, slots=True)
class Content:
    """What is said, per channel. `dial` is E.164."""

    body: str | None = None
    media_urls: tuple[str, ...] = ()
    say: str | None = None
    voice: str | None = None
    language: str | None = None
    dial: str | None = None
    content_sid: str | None = None
    content_variables: Mapping[str, str] = field(default_factory=dict)
    subject: str | None = None
    html: str | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """What an application wants: who, what, why. Never changes after acceptance."""

    id: str
    app: str
    purpose: str
    to: Recipient
    content: Content
    created_at: datetime
    identity: str | None = None
    channels: tuple[str, ...] = ()
    flow: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    send_at: datetime | None = None
    ttl: timedelta = timedelta(seconds=14400)
    max_lookup_age: timedelta | None = None
    callback_url: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    test: bool = False
    retry_of: str | None = None
    trace: str | None = None
    """The `traceparent` under which it was accepted, where traces are kept."""

    @property
    def realm(self) -> str:
        return realm(self.app, self.test)

    @property
    def has_body(self) -> bool:
        """True when there is something to deliver, not only to prove."""
        return self.content.body is not None or self.flow is not None


class LookupSource(StrEnum):
    CACHE = "cache"
    LIVE = "live"
    SHARED = "shared"
    LEARNED = "learned"
    OFFLINE = "offline"
    STALE = "stale"
    DEFERRED = "deferred"


@dataclass(frozen=True, slots=True)
class Lookup:
    """What is known of a number, and from where. `errors` maps a field to the provider's code for it."""

    number: str
    source: LookupSource
    looked_up_at: datetime | None
    valid: bool | None = None
    validation_errors: tuple[str, ...] = ()
    country: str | None = None
    national_format: str | None = None
    line_type: LineType = LineType.UNKNOWN
    carrier: str | None = None
    mobile_country_code: str | None = None
    mobile_network_code: str | None = None
    caller_name: str | None = None
    sim_swap: Mapping[str, Any] | None = None
    errors: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SuppressionEntry:
    """One reason not to write to an address. `scope` is `all` or a channel; `source` who said so."""

    scope: str
    source: str
    at: datetime
    who: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that decide may know besides the intent and the policy; `as_of` is the only time.

    `held_channels`: channels on which this number was repeatedly unreachable or blocked, with the time until which.
    """

    as_of: datetime
    lookup: Lookup
    suppressions: tuple[SuppressionEntry, ...] = ()
    email_suppressions: tuple[SuppressionEntry, ...] = ()
    factor_sid: str | None = None
    proved_at: datetime | None = None
    whatsapp_window_until: datetime | None = None
    held_channels: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VoiceRules:
    confirm: bool = False
    machine_detection: bool = False
    voicemail_counts: bool = True
    opt_out_key: bool = True


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The hours in which nothing goes out, by the recipient's clock. They may span midnight."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Purpose:
    """One purpose's rules: a step list per line type, and what happens around it."""

    name: str
    routes: Mapping[LineType, tuple[Step, ...]]
    default: tuple[Step, ...] = ()
    then: tuple[Step, ...] = ()
    undeliverable: tuple[Step, ...] = ()
    on_lookup_failure: str = "defer"
    max_lookup_age: timedelta | None = None
    fallback_after: timedelta = timedelta(0)
    senders: tuple[str, ...] = ("default",)
    allow_dial: bool = False
    exempt_from_keyword: bool = False
    deny_sim_swapped_within: timedelta | None = None
    lookup_fields: tuple[str, ...] = ()
    priority: str = "normal"
    quiet_hours: QuietHours | None = None
    voice: VoiceRules = field(default_factory=VoiceRules)

    def steps_for(self, line_type: LineType) -> tuple[Step, ...]:
        return self.routes.get(line_type, self.default)


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules as configured. An empty `allow_countries` allows all."""

    allow_countries: frozenset[str]
    deny_countries: frozenset[str]
    deny_line_types: frozenset[LineType]
    flag_line_types: frozenset[LineType]
    deny_carriers: tuple[str, ...]
    purposes: Mapping[str, Purpose]
    stop_scope: str = "all"
    sip_hosts: frozenset[str] = frozenset()
    flows: frozenset[str] = frozenset()
    whatsapp_senders: bool = False
    email_sender: bool = False
    proof_max_age: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict. With a `refusal`, `proof` and `route` are empty; else proof comes first, then the route."""

    proof: tuple[Step, ...] = ()
    route: tuple[Step, ...] = ()
    reasons: tuple[Reason, ...] = ()
    flags: tuple[str, ...] = ()
    refusal: Reason | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.proof + self.route


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one provider call. `failure` is set when it did not go through.

    `retry_after`: earliest moment the provider allows another try. `learned`: the line type that the error teaches.
    """

    status: AttemptStatus
    provider_sid: str | None = None
    failure: FailureClass | None = None
    error_code: int | None = None
    error_detail: str | None = None
    retry_after: timedelta | None = None
    segments: int | None = None
    price: str | None = None
    price_unit: str | None = None
    deadline: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try on one step. `number` counts from 1 within the intent."""

    number: int
    step: Step
    status: AttemptStatus
    started_at: datetime
    sender: str = "default"
    ended_at: datetime | None = None
    provider_sid: str | None = None
    error_code: int | None = None
    failure: FailureClass | None = None
    error_detail: str | None = None
    segments: int | None = None
    price: str | None = None
    price_unit: str | None = None
    searches: int = 0
    fingerprint: str = ""
    settled: bool = False
    """True once this attempt's end has moved the route (so that it does so exactly once)."""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    at: datetime
    event: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """What an intent in `awaiting_verification` waits for. `sid` is Verify's VE or the TOTP factor's YF.

    `checking_since`: when a check was begun whose outcome is not known yet.
    """

    step: Step
    sid: str
    expires_at: datetime
    checks: int = 0
    checking_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """An intent and all that has become of it. `version` grows by one per stored change.

    `position` counts into `decision.steps`: the step under way or next. `tries` counts attempts on that step.
    `wake_at`: when somebody must look at it again; None when final.
    `earliest`: when it could first go out, where quiet hours made that later than it was wanted.
    `added`: timeline entries not yet stored. `parked`: events wait for the SID that was just stored with it.
    """

    intent: Intent
    status: IntentStatus
    version: int
    decision: Decision
    lookup: Lookup | None
    position: int = 0
    tries: int = 0
    attempts: tuple[Attempt, ...] = ()
    proved: bool = False
    verification: Verification | None = None
    failure: Reason | None = None
    sent_at: datetime | None = None
    final: bool = False
    late: bool = False
    earliest: datetime | None = None
    updated_at: datetime | None = None
    wake_at: datetime | None = None
    ring: bool = False
    added: tuple[TimelineEntry, ...] = ()
    parked: bool = False

    @property
    def step(self) -> Step | None:
        steps = self.decision.steps
        return steps[self.position] if self.position < len(steps) else None

    @property
    def attempt(self) -> Attempt | None:
        return self.attempts[-1] if self.attempts else None


def realm(app: str, test: bool) -> str:
    """Under which name proofs and factors are kept: a test's never count for real, nor the other way."""
    return f"{app}{TEST_REALM}" if test else app


def is_test(of_realm: str) -> bool:
    return of_realm.endswith(TEST_REALM)


def masked(number: str) -> str:
    """`+14155550100` → `+1415555****`. Addresses and SIP URIs keep their kind only."""
    if "@" in number and not number.startswith("sip:"):
        name, _, host = number.partition("@")
        return f"{name[:1]}***@{host[:1]}***"
    if number.startswith("sip:"):
        return "sip:****"
    return number[:-4] + "****" if len(number) > 8 else "****"
