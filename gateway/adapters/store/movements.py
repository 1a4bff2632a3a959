"""What one change of an intent adds to the counters, and the log lines it is worth. Decides and stores nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import structlog

from gateway.logs import correlation
from gateway.model import Attempt, AttemptStatus, IntentStatus, Progress

UNDECIDED = frozenset({AttemptStatus.STARTED, AttemptStatus.UNKNOWN})
ENDED = frozenset({AttemptStatus.DELIVERED, AttemptStatus.FAILED, AttemptStatus.CANCELED})
OPEN = frozenset(
    {
        IntentStatus.PENDING_LOOKUP,
        IntentStatus.QUEUED,
        IntentStatus.SENDING,
        IntentStatus.SENT,
        IntentStatus.AWAITING_VERIFICATION,
    }
)
HANDED_BOUNDS_MS = (50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 1_800_000)
"""Upper bounds of the histogram of the time from accept to handed over; beyond the last: `more`."""
HANDED = "handed"

log = structlog.get_logger("gateway.intents")


def counters(before: Progress, after: Progress, now: datetime) -> list[str]:
    """`intents:<status>`, `attempts:<status>:<channel>:<class>`, `handed:<bound>` and `handed:ms=<amount>`.

    For the console: `ended:<status>:<channel>:<line type>`, `codes:<channel>:<code>`.
    """
    found = [] if before.status is after.status else [f"intents:{after.status}", *_ended(after)]
    for old, attempt in _moved(before, after):
        found.append(f"attempts:{attempt.status}:{attempt.step.channel}:{attempt.failure or ''}")
        if attempt.error_code is not None:
            found.append(f"codes:{attempt.step.channel}:{attempt.error_code}")
        if attempt.number == 1 and _left_us(old, attempt):
            found.extend(_handed(after, now))
    return found


def _ended(progress: Progress) -> list[str]:
    """By what it ended: the channel tried last, and the line type that was known."""
    if progress.status in OPEN:
        return []
    channel = progress.attempts[-1].step.channel if progress.attempts else "none"
    line_type = progress.lookup.line_type if progress.lookup is not None else "unknown"
    return [f"ended:{progress.status}:{channel}:{line_type}"]


def tell(before: Progress, after: Progress, now: datetime, digest: str) -> None:
    """One line for each attempt that got its answer or its end, one for the intent's end. `digest`: the recipient's."""
    intent = after.intent
    for old, attempt in _moved(before, after):
        if _left_us(old, attempt) or attempt.status in ENDED:
            log.info(
                "attempt",
                intent=intent.id,
                attempt=attempt.number,
                app=intent.app,
                purpose=intent.purpose,
                channel=str(attempt.step),
                outcome=attempt.status.value,
                failure=attempt.failure.value if attempt.failure else None,
                error=attempt.error_code,
                ms=_ms(attempt.started_at, now),
            )
    if after.final and not before.final:
        log.info(
            "intent_ended",
            intent=intent.id,
            app=intent.app,
            purpose=intent.purpose,
            recipient=correlation(digest),
            outcome=after.status.value,
            failure=after.failure.code if after.failure else None,
            attempts=len(after.attempts),
            ms=_ms(intent.created_at, now),
        )


def _moved(before: Progress, after: Progress) -> Iterator[tuple[Attempt | None, Attempt]]:
    """The attempts whose status changed, with what they were."""
    for number, attempt in enumerate(after.attempts):
        old = before.attempts[number] if number < len(before.attempts) else None
        if old is None or old.status is not attempt.status:
            yield old, attempt


def _left_us(old: Attempt | None, attempt: Attempt) -> bool:
    return attempt.status not in UNDECIDED and (old is None or old.status in UNDECIDED)


def _handed(progress: Progress, now: datetime) -> list[str]:
    intent = progress.intent
    waited = max(0, _ms(max(intent.created_at, intent.send_at or intent.created_at), now))
    bound = next((str(bound) for bound in HANDED_BOUNDS_MS if waited <= bound), "more")
    return [f"{HANDED}:{bound}", f"{HANDED}:ms={waited}"]


def _ms(since: datetime, now: datetime) -> int:
    return round((now - since).total_seconds() * 1000)
