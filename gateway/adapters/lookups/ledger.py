"""The ledger of lookups: per day, application and field, how many were paid, spared or denied, and what was paid.

What is paid is booked by the charge itself. What cost nothing is gathered in the process and written once a second,
so that an answer from the cache costs no round trip; a killed process loses at most that second of it.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import weakref
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from gateway.adapters.store import names
from gateway.adapters.store.connection import Client, store_errors
from gateway.adapters.store.limits import Counts
from gateway.errors import StoreUnavailable
from gateway.ports import Clock

KEPT = timedelta(days=400)
FLUSH_SECONDS = 1.0
MICRO = 1_000_000
PAID, DENIED, COST = "paid", "denied", "usd"
NO_FIELD = "valid"
SPARED = ("cache", "shared", "learned", "offline", "stale")


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One line: `kind` is paid, denied, or the source that made paying needless. `usd`: paid, or spared by it."""

    day: date
    app: str
    kind: str
    field: str
    count: int
    usd: Decimal


class Ledger:
    """`prices`: US dollars per field, for what was spared; what was paid keeps the price it had then."""

    def __init__(self, client: Client, clock: Clock, prices: Mapping[str, Decimal]) -> None:
        self._client = client
        self._clock = clock
        self._prices = dict(prices)
        self._free: Counter[tuple[date, str]] = Counter()
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._waiting_pid = 0
        atexit.register(_flush_if_alive, weakref.ref(self))

    # ---- writing

    def paid(self, app: str, fields: Iterable[str], day: date) -> Counts:
        """What a charge has to count beside it."""
        by = Counter[str]()
        for field in fields:
            by[f"{app}|{PAID}|{field}"] += 1
            by[f"{app}|{COST}|{field}"] += round(self.price((field,)) * MICRO)
        return Counts(names.ledger(day), by, KEPT)

    def note(self, app: str, kind: str, fields: Sequence[str]) -> None:
        """One lookup that cost nothing. No I/O here."""
        today = self._clock.now().date()
        with self._lock:
            for field in fields or (NO_FIELD,):
                self._free[today, f"{app}|{kind}|{field}"] += 1
            starts = self._waiting_pid != os.getpid()
            self._waiting_pid = os.getpid()
        if starts:
            timer = threading.Timer(FLUSH_SECONDS, self._flush_in_time)
            timer.daemon = True
            timer.start()

    def flush(self) -> None:
        """All that was noted before is then written. Raises StoreUnavailable, and keeps what could not be."""
        with self._writing:  # another thread's flush counts as done when it is
            with self._lock:
                gathered, self._free, self._waiting_pid = self._free, Counter(), 0
            try:
                self._write(gathered)
            except StoreUnavailable:
                with self._lock:
                    self._free.update(gathered)
                raise

    def _write(self, gathered: Mapping[tuple[date, str], int]) -> None:
        if not gathered:
            return
        with store_errors(), self._client.pipeline(transaction=True) as pipe:
            for (day, name), count in gathered.items():
                pipe.hincrby(names.ledger(day), name, count)
            for day in {day for day, _ in gathered}:
                pipe.expire(names.ledger(day), KEPT)
            pipe.execute()

    def _flush_in_time(self) -> None:
        # What stays unwritten goes out with the next note, or at the end.
        with contextlib.suppress(StoreUnavailable):
            self.flush()

    # ---- reading

    def price(self, fields: Iterable[str]) -> Decimal:
        return sum((self._prices.get(field, Decimal(0)) for field in fields), Decimal(0))

    def rows(self, days: int = 1, app: str | None = None) -> list[LedgerRow]:
        """The last `days`, today first. Raises StoreUnavailable."""
        self.flush()
        today = self._clock.now().date()
        wanted = [today - timedelta(days=back) for back in range(days)]
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for day in wanted:
                pipe.hgetall(names.ledger(day))
            stored = pipe.execute()
        found = (row for day, hash_ in zip(wanted, stored, strict=True) for row in self._read(day, hash_))
        return [row for row in found if app is None or row.app == app]

    def totals(self, days: int = 1) -> dict[str, tuple[int, Decimal]]:
        """By kind, over all applications: how many, and the dollars paid or spared. For metrics and the console."""
        found: dict[str, tuple[int, Decimal]] = {}
        for row in self.rows(days):
            count, usd = found.get(row.kind, (0, Decimal(0)))
            found[row.kind] = count + row.count, usd + row.usd
        return found

    def _read(self, day: date, stored: Mapping[bytes, bytes]) -> list[LedgerRow]:
        counts = {tuple(name.decode().split("|")): int(count) for name, count in stored.items()}
        rows = []
        for (app, kind, field), count in sorted(counts.items()):
            if kind == COST or count == 0:
                continue
            usd = Decimal(counts.get((app, COST, field), 0)) / MICRO if kind == PAID else self.price((field,)) * count
            rows.append(LedgerRow(day, app, kind, field, count, usd if kind != DENIED else Decimal(0)))
        return rows


def _flush_if_alive(ledger: weakref.ref[Ledger]) -> None:
    found = ledger()
    if found is not None:
        with contextlib.suppress(StoreUnavailable):
            found.flush()
