"""What the endpoints answer, as models for the OpenAPI document. The answers themselves are made elsewhere.

The document leaves objects open, so that a field added later breaks no client; a test holds real answers against them
with nothing left over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from gateway.model import AttemptStatus, Channel, FailureClass, IntentStatus, LineType, LookupSource

Ulid = Annotated[str, Field(pattern=r"^[0-9A-HJKMNP-TV-Z]{26}$", examples=["01JD4Y7Q2N8ZK3V5W6X7Y8Z9A0"])]


class Shown(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class Reason(Shown):
    code: str
    """Which gate or rule spoke."""
    detail: str


class LookupShown(Shown):
    source: LookupSource
    age_seconds: int | None


class Links(Shown):
    self: str = Field(examples=["/intents/01JD4Y7Q2N8ZK3V5W6X7Y8Z9A0"])


class Decision(Shown):
    """What `/route` would do: an intent's answer without the links, since nothing is stored."""

    id: Ulid
    status: IntentStatus
    final: bool
    purpose: str
    to: str = Field(examples=["+1415555****"])
    """Masked."""
    country: str | None
    line_type: LineType | None
    carrier: str | None
    proof: list[str]
    """Steps that prove the number's holder first."""
    route: list[str]
    """Delivery steps, in turn."""
    channel: Channel | None
    """Of the step under way or next."""
    reasons: list[Reason]
    flags: list[str]
    lookup: LookupShown
    test: bool = False
    """True: made with a test key, sent to the sandbox alone."""
    retry_of: Ulid | None = None


class Intent(Decision):
    """An intent as it was accepted."""

    links: Links


class Attempt(Shown):
    number: int
    channel: Channel
    step: str
    status: AttemptStatus
    provider_sid: str | None
    error_code: int | None
    error_class: FailureClass | None
    error_detail: str | None
    segments: int | None
    price: str | None
    price_unit: str | None
    started_at: AwareDatetime
    ended_at: AwareDatetime | None


class TimelineEntry(Shown):
    at: AwareDatetime
    event: str
    detail: str


class Verification(Shown):
    step: str
    expires_at: AwareDatetime


class SnapshotShown(LookupShown):
    """What Lookup said when it was decided; only `source` and `age_seconds` until it was asked."""

    valid: bool | None = None
    line_type: LineType | None = None
    carrier: str | None = None
    mobile_country_code: str | None = None
    mobile_network_code: str | None = None
    looked_up_at: AwareDatetime | None = None
    errors: dict[str, int] = {}


class IntentWhole(Intent):
    """An intent and all that has become of it."""

    version: int
    """Grows by one per change."""
    created_at: AwareDatetime
    updated_at: AwareDatetime | None
    attempts: list[Attempt]
    timeline: list[TimelineEntry]
    lookup: SnapshotShown
    metadata: dict[str, str]
    late: bool = False
    """True: delivered after the next step had begun."""
    verification: Verification | None = None
    failure: Reason | None = None


class IntentPage(Shown):
    intents: list[Intent]
    next_cursor: str | None


class Lookup(Shown):
    """The one answer that holds a full number: whoever asks has it already."""

    phone_number: str = Field(examples=["+14155550100"])
    valid: bool | None
    validation_errors: list[str]
    country: str | None
    national_format: str | None
    line_type: LineType | None
    carrier: str | None
    mobile_country_code: str | None
    mobile_network_code: str | None
    caller_name: Any = None
    sim_swap: Any = None
    flags: list[str]
    source: LookupSource
    looked_up_at: AwareDatetime | None
    lookup_version: str
    errors: dict[str, int | str]
    """Field to the provider's code for it."""


class Factor(Shown):
    factor_sid: str = Field(examples=["YF00000000000000000000000000000000"])
    uri: str
    """For an authenticator app; shown once."""
    qr_svg: str


class FactorVerified(Shown):
    factor_sid: str
    status: str


class SuppressionEntry(Shown):
    scope: str
    source: str
    at: AwareDatetime


class Suppressions(Shown):
    suppressed: bool
    entries: list[SuppressionEntry]


class SuppressionsRemoved(Suppressions):
    removed: list[SuppressionEntry]
    provider_block: Literal["may remain"] | None
    """`may remain`: Twilio keeps a block of its own, which only the person can lift."""


class SuppressionNoted(SuppressionEntry):
    who: str
    why: str


class SuppressedAddress(Shown):
    to: str = Field(examples=["+1415555****"])
    entries: list[SuppressionNoted]


class SuppressionPage(Shown):
    suppressions: list[SuppressedAddress]
    next_cursor: str | None


class Problem(Shown):
    """RFC 9457."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["/problems/invalid_request"])
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldProblem] = []


class FieldProblem(Shown):
    field: str
    message: str


class Health(Shown):
    status: Literal["up"]


class Readiness(Shown):
    status: Literal["ready", "not_ready"]
    checks: dict[str, dict[str, Any]]


class Event(Shown):
    """The body of an event out, signed as Standard Webhooks says."""

    type: str = Field(examples=["intent.delivered"])
    timestamp: AwareDatetime
    data: dict[str, Any]


class Told(Shown):
    """Of a person, to the application: the full number, since it is theirs to answer."""

    sender: str = Field(alias="from", examples=["+14155550100"])
    """The person's number."""
    to: str = Field(examples=["+14155550199"])
    """Our number, or short code."""
    provider_sid: str
    """Twilio's message, or call."""
    channel: str = Field(examples=["sms", "whatsapp", "voice"])


class Media(Shown):
    url: str
    """Where Twilio keeps it."""
    content_type: str = Field(examples=["image/jpeg"])


class MessageReceived(Told):
    body: str
    media: list[Media] = []
    """Only where the message brought some."""


class OptOutChanged(Told):
    keyword: Literal["STOP", "START", "9"]
    """`9`: the key pressed in a call."""


Problem.model_rebuild()

SCHEMAS: Mapping[str, type[BaseModel]] = {
    model.__name__: model
    for model in (
        Decision, Intent, IntentWhole, IntentPage, Lookup, Factor, FactorVerified, Suppressions,
        SuppressionsRemoved, SuppressionPage, Problem, Health,
        Readiness, Event, MessageReceived, OptOutChanged,
    )
}  # fmt: skip
"""The names that an endpoint's `gives` may use."""
