"""What becomes of an intent that waits for a code: awaited, proved, or not. Pure.

The entering of a code is in checks.py.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from gateway.act.moves import ended, expires_at, note, queued_again, stepped
from gateway.act.pace import Pace
from gateway.model import (
    Attempt,
    AttemptStatus,
    FailureClass,
    IntentStatus,
    Outcome,
    Progress,
    Reason,
    Verification,
)

OVER = frozenset({AttemptStatus.FAILED, AttemptStatus.CANCELED})


def awaiting(progress: Progress, attempt: Attempt, outcome: Outcome, now: datetime, pace: Pace) -> Progress:
    deadline = min(outcome.deadline or attempt.started_at + pace.code_life, expires_at(progress))
    awaited = Verification(attempt.step, attempt.provider_sid or "", deadline)
    waiting = replace(
        progress,
        status=IntentStatus.AWAITING_VERIFICATION,
        verification=awaited,
        wake_at=deadline,
        ring=False,
    )
    return note(waiting, now, "awaiting_verification", str(attempt.step))


def awaiting_totp(progress: Progress, factor_sid: str, now: datetime, pace: Pace) -> Progress:
    """A TOTP step calls nothing: it waits for the code at once."""
    step = progress.decision.steps[progress.position]
    deadline = min(now + pace.code_life, expires_at(progress))
    waiting = replace(
        progress,
        status=IntentStatus.AWAITING_VERIFICATION,
        verification=Verification(step, factor_sid, deadline),
        wake_at=deadline,
        ring=False,
    )
    return note(waiting, now, "awaiting_verification", str(step))


def proved(progress: Progress, now: datetime) -> Progress:
    """The right code came: on to delivery, or done when there is nothing to deliver."""
    told = _proof_over(progress, AttemptStatus.DELIVERED, now)
    done = replace(told, proved=True, position=len(progress.decision.proof), tries=0, verification=None)
    done = note(done, now, "approved", str(progress.verification.step) if progress.verification else "")
    if not progress.decision.route:
        return ended(done, IntentStatus.VERIFIED, now)
    return queued_again(done, now, now, f"next is {progress.decision.route[0]}")


def unproved(progress: Progress, now: datetime, why: Reason) -> Progress:
    """This proof step came to nothing: the next one, or the end (`expired` when it was only time)."""
    over = _proof_over(progress, AttemptStatus.FAILED, now, why.detail)
    if progress.position + 1 < len(progress.decision.proof):
        return stepped(over, now, why)
    return ended(over, IntentStatus.EXPIRED if why.code == "expired" else IntentStatus.FAILED, now, why)


def used_elsewhere(progress: Progress, now: datetime) -> Progress:
    """The code was entered, but not here: an approval is never shared, and no other proof step makes up for it."""
    why = Reason("code_used_elsewhere", "the code was entered for another intent")
    return ended(_proof_over(progress, AttemptStatus.FAILED, now, why.detail), IntentStatus.EXPIRED, now, why)


def _proof_over(progress: Progress, status: AttemptStatus, now: datetime, detail: str | None = None) -> Progress:
    """The attempt whose code was awaited has come to its end, and later reports of it move the route no more."""
    sid = progress.verification.sid if progress.verification else None
    failure = None if status is AttemptStatus.DELIVERED else FailureClass.CONTENT
    attempts = tuple(
        replace(a, status=status, ended_at=now, settled=True, failure=failure, error_detail=detail)
        if sid and a.provider_sid == sid and a.status not in OVER
        else a
        for a in progress.attempts
    )
    return replace(progress, attempts=attempts)
