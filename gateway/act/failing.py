"""What follows from an attempt that failed: the same step again, the next one, or the end. Pure.

Every failed attempt moves the route by exactly one step; the attempt's `settled` remembers that it did.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile

from gateway.act.moves import ended, expires_at, queued_again, stepped
from gateway.act.pace import ACCOUNT_PAUSE, Pace, pause
from gateway.codes import CodeRow, defer_until
from gateway.model import Attempt, Channel, FailureClass, IntentStatus, Outcome, Progress, Reason

TRY_AGAIN = frozenset(
    {FailureClass.RETRY, FailureClass.UNREACHABLE, FailureClass.UNLISTED, FailureClass.UNKNOWN_OUTCOME}
)
ENDS = frozenset({FailureClass.FRAUD, FailureClass.BUG})
MOST_REFUSALS = 30
"""With ever longer pauses these are hours: a provider that is busy so long is no way to this person."""


def settled(
    progress: Progress, attempt: Attempt, row: CodeRow | None, outcome: Outcome, now: datetime, pace: Pace
) -> Progress:
    """The route moves because of this failure, once."""
    attempts = tuple(replace(a, settled=True) if a.number == attempt.number else a for a in progress.attempts)
    progress = replace(progress, attempts=attempts)
    failure = outcome.failure or FailureClass.UNLISTED
    why = Reason(
        failure.value, f"{attempt.step} failed" + (f" with {attempt.error_code}" if attempt.error_code else "")
    )
    if failure in ENDS:
        return ended(progress, IntentStatus.FAILED, now, why)
    if failure is FailureClass.INVALID:
        return _undeliverable(progress, now, why)
    again = _again_at(progress, failure, row, outcome, now, pace)
    if again is not None and again < expires_at(progress):
        if failure is FailureClass.ACCOUNT or _too_busy(row):
            progress = replace(progress, tries=max(0, progress.tries - 1))
        return queued_again(progress, again, now, f"{why.detail}, again on the same step")
    return stepped(progress, now, why, suppressed=failure is FailureClass.OPTED_OUT)


def _undeliverable(progress: Progress, now: datetime, why: Reason) -> Progress:
    """The number is invalid: only steps that need no number may follow (email)."""
    for position in range(progress.position + 1, len(progress.decision.steps)):
        if progress.decision.steps[position].channel is Channel.EMAIL and (
            progress.proved or not progress.decision.proof
        ):
            return queued_again(replace(progress, position=position, tries=0), now, now, f"{why.code}: next is email")
    return ended(progress, IntentStatus.FAILED, now, why)


def _again_at(
    progress: Progress,
    failure: FailureClass,
    row: CodeRow | None,
    outcome: Outcome,
    now: datetime,
    pace: Pace,
) -> datetime | None:
    """When the same step may be tried again, None when it may not."""
    if failure is FailureClass.ACCOUNT:
        return now + max(ACCOUNT_PAUSE, pause(progress, pace, _tries_in_a_row(progress)))
    if failure is FailureClass.DEFER and row is not None:
        return max(defer_until(row, now, pace.zones), now + (outcome.retry_after or timedelta(0)))
    if failure not in TRY_AGAIN:
        return None
    least = max(outcome.retry_after or timedelta(0), (row.retry_after if row else None) or timedelta(0))
    if _too_busy(row):
        refused = _tries_in_a_row(progress)
        return now + max(least, pause(progress, pace, refused)) if refused <= MOST_REFUSALS else None
    allowed = pace.tries_per_step - 1 if row is None or row.retries is None else row.retries
    if progress.tries > allowed:
        return None
    return now + max(least, pause(progress, pace, progress.tries))


def _too_busy(row: CodeRow | None) -> bool:
    """The provider took nothing because of the rush. What waits for its turn has not used up a try."""
    return row is not None and row.slows is not None


def _tries_in_a_row(progress: Progress) -> int:
    """How often the step was begun since another one was."""
    step = progress.attempts[-1].step
    return sum(1 for _ in takewhile(lambda attempt: attempt.step == step, reversed(progress.attempts)))
