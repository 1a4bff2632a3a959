"""Where a batch buys: questions are asked, answers come back, and no more are under way than can be held.

Here by processes of this machine; by the workers of a running gateway in `workers.py`, in the same shape.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Protocol

from gateway.batch.checkpoint import read_journal
from gateway.batch.plan import Plan
from gateway.wiring.buying import Answer, Order, Till

SLOWEST_ANSWER_SECONDS = 0.5
MOST_IN_FLIGHT = 1000
PER_PROCESS = 260
"""Lookups a second that one process buys with ease; beyond that they wait for its interpreter."""
AHEAD = 2


def in_flight_for(rate: float) -> int:
    """Calls at once that keep the rate while an answer takes its time."""
    return min(MOST_IN_FLIGHT, math.ceil(rate * SLOWEST_ANSWER_SECONDS) + 8)


def processes_for(rate: float) -> int:
    return max(1, min(os.cpu_count() or 1, math.ceil(rate / PER_PROCESS)))


def order_of(plan: Plan, batch: str, *, processes: int = 1, journal: str = "") -> Order:
    in_flight = plan.in_flight or in_flight_for(plan.rate)
    return Order(
        batch=batch,
        fields=plan.fields,
        app=plan.app,
        per_second=plan.rate,
        in_flight=max(1, math.ceil(in_flight / processes)),
        max_age_seconds=None if plan.max_age is None else plan.max_age.total_seconds(),
        journal=journal,
    )


class Shop(Protocol):
    """Raises BuyerLost, StoreUnavailable; so do the answers."""

    @property
    def full(self) -> bool: ...

    def left(self, row: int) -> Future[Answer] | None:
        """What a run before this one asked for that row. Once."""

    def ask(self, row: int, number: str) -> Future[Answer]: ...

    def settled(self, rows: int) -> None:
        """So many rows are in the output and in the checkpoint."""

    def close(self) -> None:
        """What is under way comes home first."""

    def finished(self) -> None:
        """Nothing of the batch is needed any more."""


class OwnShop:
    """Tills of this machine, which hold the lock with us. Opened with the first question."""

    def __init__(self, plan: Plan, batch: str, first_row: int, lock: int) -> None:
        self._journal = dict(read_journal(plan.beside("journal"), first_row))
        count = processes_for(plan.rate)
        journal = str(plan.beside("journal").absolute())
        self._order = order_of(plan, batch, processes=count, journal=journal)
        self._count = count
        self._lock = lock
        self._tills: list[Till] = []

    @property
    def full(self) -> bool:
        held = sum(till.waiting for till in self._tills)
        return held >= AHEAD * self._count * self._order.in_flight

    def left(self, row: int) -> Future[Answer] | None:
        entry = self._journal.pop(row, None)
        return None if entry is None else answered(entry)

    def ask(self, row: int, number: str) -> Future[Answer]:
        if not self._tills:
            self._tills = [Till(self._order, [self._lock]) for _ in range(self._count)]
        return min(self._tills, key=lambda till: till.waiting).ask(row, number)

    def settled(self, rows: int) -> None: ...

    def close(self) -> None:
        for till in self._tills:
            till.close()

    def finished(self) -> None: ...


def answered(entry: Mapping[str, object]) -> Future[Answer]:
    future: Future[Answer] = Future()
    future.set_result(entry)
    return future
