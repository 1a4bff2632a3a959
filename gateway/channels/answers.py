"""Reads what a provider answers to a create call into an Outcome; what an error code means is not known here.

Source: Twilio's Messages and Call resources for the statuses; `num_segments` is "0" until a service chose its sender.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.model import AttemptStatus, FailureClass, Outcome

MESSAGE_STATUS: Mapping[str, AttemptStatus] = {
    "accepted": AttemptStatus.ACCEPTED,
    "scheduled": AttemptStatus.ACCEPTED,
    "queued": AttemptStatus.ACCEPTED,
    "sending": AttemptStatus.ACCEPTED,
    "sent": AttemptStatus.SENT,
    "delivered": AttemptStatus.DELIVERED,
    "read": AttemptStatus.DELIVERED,
    "failed": AttemptStatus.FAILED,
    "undelivered": AttemptStatus.FAILED,
    "canceled": AttemptStatus.CANCELED,
}

# A call that is over is not yet one that was heard: its callback says that, so `completed` is no more than sent here.
CALL_STATUS: Mapping[str, AttemptStatus] = {
    "queued": AttemptStatus.ACCEPTED,
    "initiated": AttemptStatus.ACCEPTED,
    "ringing": AttemptStatus.ACCEPTED,
    "in-progress": AttemptStatus.SENT,
    "completed": AttemptStatus.SENT,
    "busy": AttemptStatus.FAILED,
    "failed": AttemptStatus.FAILED,
    "no-answer": AttemptStatus.FAILED,
    "canceled": AttemptStatus.CANCELED,
}


def created(answer: Mapping[str, Any], statuses: Mapping[str, AttemptStatus]) -> Outcome:
    """A status that is not in the table is one we do not know yet: the provider has it, and says more later.

    A create call that answers with a failure leaves its class `unlisted`: `error_code` tells which it is.
    """
    status = statuses.get(str(answer.get("status") or ""), AttemptStatus.ACCEPTED)
    return Outcome(
        status,
        provider_sid=_text(answer.get("sid")),
        failure=FailureClass.UNLISTED if status is AttemptStatus.FAILED else None,
        error_code=_count(answer.get("error_code")),
        segments=_count(answer.get("num_segments")),
        price=_text(answer.get("price")),
        price_unit=_text(answer.get("price_unit")),
    )


def awaiting_code(answer: Mapping[str, Any]) -> Outcome:
    """Nothing is done until a person enters a code. How long it is good is a setting: no answer tells it."""
    return Outcome(AttemptStatus.ACCEPTED, provider_sid=_text(answer.get("sid")))


def _text(value: object) -> str | None:
    return None if value is None or value == "" else str(value)


def _count(value: object) -> int | None:
    """A positive whole number, also when it comes as digits; zero and everything else is not known."""
    digits = str(value)
    return int(digits) or None if digits.isascii() and digits.isdigit() else None
