"""Which status may follow which: providers' words to ours, attempts that only move forward, the intent's table.

It moves nothing itself and knows no time. Source: the status enums of Messages, Calls, Verify, Studio and SendGrid.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.model import AttemptStatus, IntentStatus

_A = AttemptStatus
_I = IntentStatus

# A word that is missing here moves nothing: it is new to us, or tells of something else (`read`, `open`, `deferred`).
_WORDS: Mapping[str, Mapping[str, AttemptStatus]] = {
    "message": {
        "accepted": _A.ACCEPTED,
        "scheduled": _A.ACCEPTED,
        "queued": _A.ACCEPTED,
        "sending": _A.ACCEPTED,
        "sent": _A.SENT,
        "delivered": _A.DELIVERED,
        "undelivered": _A.FAILED,
        "failed": _A.FAILED,
        "canceled": _A.CANCELED,
    },
    "call": {
        "queued": _A.ACCEPTED,
        "initiated": _A.ACCEPTED,
        "ringing": _A.ACCEPTED,
        "in-progress": _A.SENT,
        "answered": _A.SENT,
        "completed": _A.DELIVERED,
        "busy": _A.FAILED,
        "no-answer": _A.FAILED,
        "failed": _A.FAILED,
        "canceled": _A.CANCELED,
        "cancelled": _A.CANCELED,  # the documentation's prose spells it so once
    },
    # A code that arrived has proved nothing yet: only an approval counts as delivered.
    "verification": {
        "pending": _A.ACCEPTED,
        "sent": _A.SENT,
        "delivered": _A.SENT,
        "read": _A.SENT,
        "approved": _A.DELIVERED,
        "undelivered": _A.FAILED,
        "failed": _A.FAILED,
        "denied": _A.FAILED,
        "expired": _A.FAILED,
        "deleted": _A.FAILED,
        "max_attempts_reached": _A.FAILED,
        "max-attempts-reached": _A.FAILED,
        "canceled": _A.CANCELED,
        "message_sent": _A.SENT,  # the fate of the code's message, told apart from the verification's own
        "message_delivered": _A.SENT,
        "message_read": _A.SENT,
        "message_undelivered": _A.FAILED,
        "message_failed": _A.FAILED,
    },
    "email": {
        "processed": _A.SENT,
        "delivered": _A.DELIVERED,
        "bounce": _A.FAILED,
        "blocked": _A.FAILED,
        "dropped": _A.FAILED,
    },
    # `ended` says that the flow is over, not how: its outcome comes by the flow's own report.
    "flow": {"active": _A.SENT, "delivered": _A.DELIVERED, "failed": _A.FAILED},
}


def attempt_status(subject: str, word: str) -> AttemptStatus | None:
    """What a reported word makes of the attempt; None: nothing, keep it in the timeline."""
    return _WORDS.get(subject, {}).get(word)


def fetched_status(subject: str, word: str) -> AttemptStatus | None:
    """The same for a status that was asked for: there `read` stands in place of `delivered`, which it implies."""
    if subject == "message" and word == "read":
        return AttemptStatus.DELIVERED
    return attempt_status(subject, word)


# One chain, so the later of two reports is a maximum: order and repetition cannot change the end. DELIVERED stands
# above the failures because a person who has it has it, whatever else was said. UNKNOWN gives way to any report.
_RANK: Mapping[AttemptStatus, int] = {
    _A.STARTED: 0,
    _A.UNKNOWN: 1,
    _A.ACCEPTED: 2,
    _A.SENT: 3,
    _A.CANCELED: 4,
    _A.FAILED: 5,
    _A.DELIVERED: 6,
}
ENDED: frozenset[AttemptStatus] = frozenset({_A.CANCELED, _A.FAILED, _A.DELIVERED})


def forward(current: AttemptStatus, reported: AttemptStatus) -> AttemptStatus:
    """The status after a report: never back."""
    return max(current, reported, key=_RANK.__getitem__)


ALLOWED: Mapping[IntentStatus, frozenset[IntentStatus]] = {
    _I.PENDING_LOOKUP: frozenset({_I.QUEUED, _I.FAILED, _I.SUPPRESSED, _I.CANCELED, _I.EXPIRED}),
    _I.QUEUED: frozenset(
        {_I.SENDING, _I.AWAITING_VERIFICATION, _I.FAILED, _I.SUPPRESSED, _I.CANCELED, _I.EXPIRED},
    ),
    _I.SENDING: frozenset(
        {_I.SENT, _I.DELIVERED, _I.AWAITING_VERIFICATION, _I.QUEUED, _I.FAILED, _I.SUPPRESSED, _I.EXPIRED},
    ),
    _I.SENT: frozenset({_I.DELIVERED, _I.QUEUED, _I.FAILED}),
    _I.AWAITING_VERIFICATION: frozenset({_I.VERIFIED, _I.QUEUED, _I.FAILED, _I.CANCELED, _I.EXPIRED}),
    _I.DELIVERED: frozenset(),
    _I.VERIFIED: frozenset(),
    _I.FAILED: frozenset(),
    _I.SUPPRESSED: frozenset(),
    _I.CANCELED: frozenset(),
    _I.EXPIRED: frozenset(),
}

FINAL: frozenset[IntentStatus] = frozenset(status for status, following in ALLOWED.items() if not following)

# Where a `delivered` finds the intent when it comes late: it has moved on to a next step (QUEUED, SENDING), waits in
# silence (SENT, final or not), or has ended without one. There too it counts, because the reports of two attempts, or
# two of one, come in any order, and the order must not decide how the intent ends.
LATE_DELIVERY: frozenset[IntentStatus] = frozenset(
    {_I.QUEUED, _I.SENDING, _I.SENT, _I.FAILED, _I.SUPPRESSED, _I.CANCELED, _I.EXPIRED}
)


def may_follow(old: IntentStatus, new: IntentStatus, *, final: bool = False) -> bool:
    """Whether an intent may go from one status to another. `final`: it has ended, or been silent for 72 hours."""
    if final:
        return new is IntentStatus.DELIVERED and delivered_from(old)
    return new in ALLOWED[old]


def delivered_from(status: IntentStatus) -> bool:
    """Whether a `delivered` of any attempt, also of an earlier one, makes an intent in this status delivered."""
    return status in LATE_DELIVERY
