"""The parts a scenario is made of: one plan for each product that a number can be used with."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mishap:
    """Something that befalls a request, whoever ordered it: a scenario or a fault.

    Kinds: latency, 429, 5xx_before, 5xx_after, reset_before, reset_after, timeout_before, timeout_after, early.
    """

    kind: str
    status: int = 500
    milliseconds: float = 0.0
    times: int | None = None


@dataclass(frozen=True, slots=True)
class LookupPlan:
    line_type: str | None = None
    """None: what the kind of the number says."""
    carrier: str | None = None
    mobile_codes: tuple[str, str] | None = None
    not_valid: str | None = None
    missing: bool = False
    package_code: int | None = None
    package_absent: bool = False
    swapped_lately: bool = False


@dataclass(frozen=True, slots=True)
class MessagePlan:
    """`ends` is the last status; `refusal` refuses at creation, `with_sender_refusal` only when no service is named."""

    ends: str = "delivered"
    code: int | None = None
    refusal: int | None = None
    with_sender_refusal: int | None = None
    only_first: bool = False
    """The first message to the number ends so, later ones are delivered."""
    last_pause: float = 1.0
    callbacks: str | None = None
    """A callback fault that befalls every callback: duplicate, reorder, drop, early."""


@dataclass(frozen=True, slots=True)
class CallPlan:
    ends: str = "completed"
    answered_by: str = "human"
    presses: str = ""
    refusal: int | None = None
    only_first: bool = False


@dataclass(frozen=True, slots=True)
class VerifyPlan:
    refusal: int | None = None
    sms_refusal: int | None = None
    ends: str = "delivered"
    code: int | None = None


@dataclass(frozen=True, slots=True)
class StudioPlan:
    """`ends`: delivered, failed, or active for one that never ends."""

    ends: str = "delivered"
    pauses: float = 2.0
    busy_at_first: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    digits: str
    title: str
    happens: str
    lookup: LookupPlan = LookupPlan()
    message: MessagePlan = MessagePlan()
    whatsapp: MessagePlan = MessagePlan()
    call: CallPlan = CallPlan()
    verify: VerifyPlan = VerifyPlan()
    studio: StudioPlan = StudioPlan()
    on_lookup: Mishap | None = None
    on_create: Mishap | None = None
