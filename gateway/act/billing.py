"""What an ended intent cost: segments and price are fetched once the provider knows them. It moves no state."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from gateway.act import hearing
from gateway.act.acting import Acting
from gateway.act.reports import read_answer
from gateway.errors import ProviderError
from gateway.model import Attempt, Progress

GIVE_UP_AFTER = timedelta(hours=24)


def bill(acting: Acting, progress: Progress) -> Progress | None:
    """Ask again after ever longer pauses, for a day; then it stays unknown."""
    now = acting.clock.now()
    if progress.wake_at is not None and now < progress.wake_at:
        return progress
    attempts = {a.number: _priced(acting, progress, a) for a in hearing.unbilled(progress)}
    billed = replace(progress, attempts=tuple(attempts.get(a.number, a) for a in progress.attempts))
    wanted = replace(billed, wake_at=_again_at(acting, billed, now), ring=False)
    return acting.store(progress, wanted)


def _priced(acting: Acting, progress: Progress, attempt: Attempt) -> Attempt:
    try:
        answer = acting.writes.calls.fetch(attempt, test=progress.intent.test)
    except ProviderError:
        return attempt
    said = read_answer(attempt, answer) if answer is not None else None
    if said is None:
        return attempt
    outcome = said[0]
    return replace(
        attempt,
        segments=outcome.segments or attempt.segments,
        price=outcome.price,
        price_unit=outcome.price_unit,
        error_code=attempt.error_code or outcome.error_code,
        error_detail=attempt.error_detail or outcome.error_detail,
    )


def _again_at(acting: Acting, progress: Progress, now: datetime) -> datetime | None:
    left = hearing.unbilled(progress)
    if not left:
        return None
    age = now - max(a.ended_at or a.started_at for a in left)
    return None if age > GIVE_UP_AFTER else now + max(age, acting.pace.bill_after)
