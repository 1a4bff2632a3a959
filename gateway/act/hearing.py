"""What a provider says of an attempt, and what the intent becomes by it. Pure.

The first `delivered` of any attempt ends the intent, whatever else is under way.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from gateway.act.failing import settled
from gateway.act.moves import UNDECIDED, ended, note
from gateway.act.pace import Pace
from gateway.act.proof import awaiting
from gateway.codes import CodeRow
from gateway.lifecycle import forward
from gateway.model import Attempt, AttemptStatus, Channel, IntentStatus, Outcome, Progress

ENDED_BADLY = frozenset({AttemptStatus.FAILED, AttemptStatus.CANCELED})
ENDED_WELL = frozenset({IntentStatus.DELIVERED, IntentStatus.VERIFIED})
"""Any other end gives way to the first `delivered`: whoever has it has it, whichever report came first."""
BILLED = frozenset({Channel.SMS, Channel.WHATSAPP, Channel.VOICE})


def heard(
    progress: Progress, number: int, outcome: Outcome, row: CodeRow | None, now: datetime, pace: Pace
) -> Progress:
    """What a provider says of attempt `number`, by answer, callback or poll. The same object back: nothing new."""
    if not 1 <= number <= len(progress.attempts):
        return progress
    before = progress.attempts[number - 1]
    after = _merged(before, outcome, now)
    if after == before:
        return progress
    attempts = tuple(after if a.number == number else a for a in progress.attempts)
    told = replace(progress, attempts=attempts)
    if after.status is not before.status:
        told = note(told, now, f"attempt_{after.status}", _detail(after))
    if progress.final and progress.status in ENDED_WELL:
        return _delivered_twice(told, before, after)
    if after.status is AttemptStatus.DELIVERED and not after.step.proves:
        return billed_later(_delivered(told, after, now), now, pace)
    if number != len(progress.attempts) or progress.final or before.settled:
        return told
    if after.status in ENDED_BADLY:
        return billed_later(settled(told, after, row, outcome, now, pace), now, pace)
    return _under_way(told, before, after, outcome, now, pace)


def unbilled(progress: Progress) -> tuple[Attempt, ...]:
    """Attempts that cost something and whose price is not known yet: a provider tells it some time after the end."""
    return tuple(a for a in progress.attempts if a.step.channel in BILLED and a.provider_sid and a.price is None)


def billed_later(progress: Progress, now: datetime, pace: Pace) -> Progress:
    """An intent that has ended is looked at once more for its segments and its price."""
    if not progress.final or not pace.bill_after or not unbilled(progress):
        return progress
    return replace(progress, wake_at=now + pace.bill_after)


def _merged(before: Attempt, outcome: Outcome, now: datetime) -> Attempt:
    status = forward(before.status, outcome.status)
    known = {
        name: getattr(outcome, name)
        for name in ("error_code", "error_detail", "segments", "price", "price_unit")
        if getattr(outcome, name) is not None
    }
    if outcome.status is not status:
        known.pop("error_code", None)
        known.pop("error_detail", None)
    if status is AttemptStatus.DELIVERED:
        known |= {"error_code": None, "error_detail": None}  # what was said of it before was wrong
    failure = outcome.failure if outcome.status is status else before.failure
    ends = status in ENDED_BADLY or status is AttemptStatus.DELIVERED
    return replace(
        before,
        status=status,
        provider_sid=before.provider_sid or outcome.provider_sid,
        failure=failure if status is not AttemptStatus.DELIVERED else None,
        ended_at=before.ended_at or (now if ends else None),
        **known,
    )


def _detail(attempt: Attempt) -> str:
    code = f" {attempt.error_code}" if attempt.error_code else ""
    return f"{attempt.number}: {attempt.step}{code}"


def _delivered(progress: Progress, attempt: Attempt, now: datetime) -> Progress:
    late = attempt.number != len(progress.attempts) or progress.status is IntentStatus.QUEUED
    done = replace(progress, late=progress.late or late, failure=None)
    return ended(done, IntentStatus.DELIVERED, now)


def _delivered_twice(progress: Progress, before: Attempt, after: Attempt) -> Progress:
    """A second attempt reached the person although the intent had ended with another: nobody may count both."""
    twice = after.status is AttemptStatus.DELIVERED and before.status is not AttemptStatus.DELIVERED
    late = twice and not after.step.proves and progress.status is IntentStatus.DELIVERED
    return replace(progress, late=True) if late else progress


def _under_way(
    progress: Progress, before: Attempt, after: Attempt, outcome: Outcome, now: datetime, pace: Pace
) -> Progress:
    if after.status in UNDECIDED:
        return replace(progress, wake_at=now) if after.status is not before.status else progress
    if after.step.proves:
        return awaiting(progress, after, outcome, now, pace) if before.status in UNDECIDED else progress
    if after.status is AttemptStatus.SENT and progress.status is not IntentStatus.SENT:
        progress = note(replace(progress, status=IntentStatus.SENT, sent_at=now), now, "sent")
    return replace(progress, wake_at=after.started_at + pace.poll_after, ring=False)
