"""How fast senders and the account may go, kept by all processes together, and slower when the provider is too busy.

A bucket without a rate costs no round trip but one a second, in which a process learns whether it was slowed down and
tells how much it has sent. Slowed down it goes at half of its rate, or of what was seen, and grows back by equal steps.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from gateway.adapters.store import names, scripts
from gateway.adapters.store.connection import Client, store_errors

RECOVERS_WITHIN = timedelta(seconds=30)
"""From standing still to the full rate; from the half it takes half as long."""
SETTLES_WITHIN = timedelta(seconds=2)
"""A second refusal so soon after the first is a sign of the same rush."""
LONGEST_PAUSE = timedelta(minutes=5)
"""No provider's wish to be left alone is kept longer."""
PATIENCE = timedelta(seconds=15)
LEAST_PER_SECOND = 10.0
USUAL_PER_SECOND = 20.0
"""What a bucket without a rate is taken to have gone at, when it was refused before more was seen of it."""
STRAY = 0.2
"""So small a part of what goes may be refused before anything goes slower: others call the same account too."""
REMEMBERED_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Paced:
    """`per_second`: as configured. 0: no limit, until the provider asks for one."""

    name: str
    per_second: float = 0.0


@dataclass(slots=True)
class _Seen:
    """What this process remembers of a bucket: what it has sent since it looked, and what it saw then."""

    looked_at: float = float("-inf")
    slowed: bool = False
    sent: int = 0


class Pacing:
    """All of it raises StoreUnavailable."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._seen: dict[str, _Seen] = {}
        self._lock = threading.Lock()

    def take(self, buckets: Sequence[Paced], *, patient: bool = True, fresh: bool = False) -> timedelta:
        """Zero: one was taken from every bucket. Else none was, and this is how long to wait.

        `patient`: waits for a place behind the others; else it may try again as soon as anything is free.
        `fresh`: has not waited yet, so who is patient takes nothing before those who have a place.
        """
        with self._lock:
            if all(self._is_free(bucket) for bucket in buckets):
                for bucket in buckets:
                    self._seen[bucket.name].sent += 1
                return timedelta(0)
            told = [n for bucket in buckets for n in (bucket.per_second, self._unreported(bucket.name))]
        keys = [names.pace(bucket.name) for bucket in buckets]
        patience = _microseconds(PATIENCE) if patient else 0
        wait, slowed = scripts.run(
            self._client, "pace", keys, "take", _seconds(RECOVERS_WITHIN), patience, int(fresh), *told
        )
        self._remember([bucket.name for bucket in buckets], slowed=bool(slowed))
        return timedelta(microseconds=wait)

    def slow(self, bucket: Paced, pause: timedelta) -> float | None:
        """Nothing goes before `pause` is over, and at half of what went then; gives how fast that is.

        None: as before, because it was slowed a moment ago, goes as slowly as it may, or this was one refusal among
        many sends.
        """
        with self._lock:
            sent = self._unreported(bucket.name)
        answer = scripts.run(
            self._client,
            "pace",
            [names.pace(bucket.name), names.TALLY],
            "slow",
            _seconds(RECOVERS_WITHIN),
            _microseconds(min(pause, LONGEST_PAUSE)),
            _microseconds(SETTLES_WITHIN),
            LEAST_PER_SECOND,
            USUAL_PER_SECOND,
            STRAY,
            f"slowed|{bucket.name}",
            bucket.per_second,
            sent,
        )
        self._remember([bucket.name], slowed=True)
        per_thousand_seconds, fresh = answer
        return per_thousand_seconds / 1000 if fresh else None

    def slowed(self, buckets: Sequence[Paced]) -> Mapping[str, float]:
        """The sends per second of those that are slowed down now."""
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            pipe.time()
            for bucket in buckets:
                pipe.hmget(names.pace(bucket.name), "rate", "top", "cut")
            (seconds, microseconds), *rows = pipe.execute()
        now = seconds + microseconds / 1_000_000
        found = {}
        for bucket, row in zip(buckets, rows, strict=True):
            rate, top, cut = (float(field or 0) for field in row)
            grown = rate + top * (now - cut / 1_000_000) / _seconds(RECOVERS_WITHIN)
            if rate > 0 and grown < top:
                found[bucket.name] = grown
        return found

    def _is_free(self, bucket: Paced) -> bool:
        seen = self._seen.setdefault(bucket.name, _Seen())
        fresh = time.monotonic() - seen.looked_at < REMEMBERED_SECONDS
        return bucket.per_second == 0 and fresh and not seen.slowed

    def _unreported(self, name: str) -> int:
        seen = self._seen.setdefault(name, _Seen())
        sent, seen.sent = seen.sent, 0
        return sent

    def _remember(self, found: Sequence[str], *, slowed: bool) -> None:
        with self._lock:
            for name in found:
                seen = self._seen[name]
                seen.looked_at, seen.slowed = time.monotonic(), slowed


def _seconds(span: timedelta) -> float:
    return span.total_seconds()


def _microseconds(span: timedelta) -> int:
    return round(span.total_seconds() * 1_000_000)
