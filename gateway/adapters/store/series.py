"""Figures over time: a small sample every ten minutes, kept for a week. What is sampled is decided elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from redis.exceptions import ResponseError

from gateway.adapters.store import names
from gateway.adapters.store.codec import dumps, from_ms, to_ms
from gateway.adapters.store.connection import Client, store_errors

SERIES = f"{names.PREFIX}:series"
SLOT = timedelta(minutes=10)
KEPT_FOR = timedelta(days=7)
BOUND = KEPT_FOR // SLOT
SLOT_MS = SLOT // timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Sample:
    """`figures`: counters as totals since ever, gauges as they were."""

    at: datetime
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Series:
    client: Client

    def note(self, at: datetime, figures: Mapping[str, float]) -> bool:
        """False when this slot has its sample already: the slot is the entry's id, so any number may try."""
        slot = to_ms(at) // SLOT_MS * SLOT_MS
        row = {"f": dumps(figures)}
        with store_errors():
            return self._add(slot, row) or (self._forget_the_future() and self._add(slot, row))

    def _add(self, slot: int, row: Mapping[Any, Any]) -> bool:
        try:
            self.client.xadd(SERIES, row, id=f"{slot}-1", maxlen=BOUND, approximate=True)
        except ResponseError as err:
            if "equal or smaller" not in str(err):
                raise
            return False
        return True

    def _forget_the_future(self) -> bool:
        """What a clock that ran fast has noted would keep all others silent until its date. Redis' own clock judges.

        Nothing but beginning the stream anew lets it take a smaller id again.
        """
        last = self.client.time()[0] * 1000 + SLOT_MS
        if not self.client.xrevrange(SERIES, "+", f"{last}-2", count=1):
            return False
        kept = self.client.xrange(SERIES, "-", f"{last}-1")
        with self.client.pipeline(transaction=True) as pipe:
            pipe.delete(SERIES)
            for row_id, row in kept:
                pipe.xadd(SERIES, row, id=row_id)
            pipe.execute()
        return True

    def since(self, at: datetime) -> list[Sample]:
        """Oldest first."""
        with store_errors():
            rows = self.client.xrange(SERIES, f"{to_ms(at)}-0", "+")
        return [Sample(from_ms(int(row_id.partition(b"-")[0])), json.loads(row[b"f"])) for row_id, row in rows]
