"""What the store says of the house at this moment, read in few round trips: the figures behind /metrics.

Nothing personal: counters, sizes and ages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gateway.adapters.store import names
from gateway.adapters.store.codec import from_ms, to_ms
from gateway.adapters.store.connection import store_errors
from gateway.adapters.store.lanes import ALL_LANES, LANES
from gateway.wiring.gateway import Gateway
from gateway.wiring.liveness import worker_seen_seconds

ACCEPTED = "intents:accepted:"
DAY = timedelta(days=1)
SHORTEST_PART = timedelta(hours=1)
"""Less of a day says nothing of the day."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One lane: intents not yet final, those whose time has come, how long the first of them waits, bells rung."""

    open: int = 0
    due: int = 0
    oldest_due_seconds: float = 0.0
    bells: int = 0


@dataclass(frozen=True, slots=True)
class Memory:
    """`limit` 0: the store has none. `days_of_room`: at yesterday's pace, not counting what retention gives back."""

    used: int
    limit: int
    intents: int
    bytes_per_intent: float | None
    days_of_room: float | None


@dataclass(frozen=True, slots=True)
class Readings:
    counts: Mapping[str, int]
    tally: Mapping[str, int]
    lanes: Mapping[str, Waiting]
    memory: Memory
    worker_seen_seconds: float | None
    events_waiting: int
    events_overdue_seconds: float
    paused: str | None
    inbound_held: bool
    breaker_open: bool
    lookups: Mapping[str, tuple[int, Any]] = field(default_factory=dict)


def read(gateway: Gateway) -> Readings:
    """Raises StoreUnavailable."""
    now = gateway.clock.now()
    open_names = gateway.intents.open_names()
    with store_errors(), gateway.client.pipeline(transaction=False) as pipe:
        for key in (names.COUNTS, names.TALLY, names.counts_of(now), names.counts_of(now - DAY)):
            pipe.hgetall(key)
        pipe.info("memory")
        pipe.zcard(names.ENDED)
        pipe.zcard(names.SUMMARIES)
        pipe.zcard(names.EVENTS_DUE)
        pipe.zrange(names.EVENTS_DUE, 0, 0, withscores=True)
        pipe.exists(names.INBOUND_HOLD)
        pipe.hget(names.breaker("lookup"), "open_until")
        for name in open_names:
            pipe.zcard(names.open_intents(name))
            pipe.zcount(names.open_intents(name), "-inf", to_ms(now))
            pipe.zrange(names.open_intents(name), 0, 0, withscores=True)
        told = pipe.execute()
    counts, tally, today, yesterday = (_numbers(stored) for stored in told[:4])
    info, ended, summaries, events, first_event, held, open_until = told[4:11]
    lanes = _lanes(gateway, open_names, told[11:], now)
    stored = ended + summaries + sum(lane.open for lane in lanes.values())
    pace = _accepted(yesterday) or _accepted(today) / max((now - _midnight(now)) / DAY, SHORTEST_PART / DAY)
    return Readings(
        counts=counts,
        tally=tally,
        lanes=lanes,
        memory=_memory(info, stored, pace, gateway.settings.store.close_admission_at),
        worker_seen_seconds=worker_seen_seconds(gateway),
        events_waiting=events,
        events_overdue_seconds=_overdue(first_event, now),
        paused=gateway.pausing.why(),
        inbound_held=bool(held),
        breaker_open=open_until is not None,
        lookups=gateway.ledger.totals(),
    )


def _numbers(stored: Mapping[bytes, bytes]) -> dict[str, int]:
    return {name.decode(): int(count) for name, count in stored.items()}


def _lanes(gateway: Gateway, open_names: list[str], rows: list[Any], now: datetime) -> dict[str, Waiting]:
    """Over all applications of a lane; the lane of events has no intents."""
    found = {}
    for lane in ALL_LANES:
        own = [at for at, name in enumerate(open_names) if name.startswith(f"{lane}|") and lane in LANES]
        found[lane] = Waiting(
            open=sum(rows[3 * at] for at in own),
            due=sum(rows[3 * at + 1] for at in own),
            oldest_due_seconds=max((_overdue(rows[3 * at + 2], now) for at in own), default=0.0),
            bells=gateway.doorbell.waiting(lane),
        )
    return found


def _overdue(first: list[tuple[bytes, float]], now: datetime) -> float:
    return max(0.0, round((now - from_ms(round(first[0][1]))).total_seconds(), 1)) if first else 0.0


def _accepted(counts: Mapping[str, int]) -> int:
    return sum(count for name, count in counts.items() if name.startswith(ACCEPTED))


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _memory(info: Mapping[str, Any], intents: int, per_day: float, close_at: float) -> Memory:
    used, limit = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    each = max(0, used - int(info.get("used_memory_startup", 0))) / intents if intents else None
    room = max(0.0, limit * close_at - used)
    days = room / (each * per_day) if limit and each and per_day else None
    return Memory(used, limit, intents, each, days)
