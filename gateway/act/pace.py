"""How often and how soon an intent is looked at and tried again. Pure; it reads no clock and decides nothing."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import timedelta

from gateway.model import Progress

ACCOUNT_PAUSE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often and how soon: tries on one step, the first pause and the longest, how long to wait for a last word.

    `code_life`, `max_checks`: how long a code is good, and how many are taken. `check_lease`: after so long the answer
    to a check will not come any more. `resend_after`: until then a started verification is shared, not started again.
    `zones`: the time zones the recipient may be in, where a pause must end in their morning.
    """

    tries_per_step: int = 5
    first_pause: timedelta = timedelta(seconds=4)
    longest_pause: timedelta = timedelta(minutes=10)
    lease: timedelta = timedelta(seconds=45)
    poll_after: timedelta = timedelta(hours=1)
    silent_for: timedelta = timedelta(hours=72)
    bill_after: timedelta = timedelta(minutes=5)
    code_life: timedelta = timedelta(minutes=10)
    max_checks: int = 5
    check_lease: timedelta = timedelta(seconds=20)
    resend_after: timedelta = timedelta(seconds=30)
    zones: tuple[str, ...] = ()


def pause(progress: Progress, pace: Pace, tries: int) -> timedelta:
    """Doubling with the tries, and ±20 % that differ between intents but not between runs."""
    doubled = pace.first_pause * (2 ** min(30, max(0, tries - 1)))  # more is beyond any longest pause
    spread = zlib.crc32(f"{progress.intent.id}{tries}".encode()) % 4001 / 10_000 + 0.8
    jittered: timedelta = min(doubled, pace.longest_pause) * spread
    return jittered
