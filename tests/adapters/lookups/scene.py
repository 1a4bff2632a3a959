"""Lookups over a real Redis and a provider that follows a script; many threads may ask at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from gateway.adapters.lookups import (
    Breaker,
    BreakerRules,
    DailyBudget,
    Flights,
    Ledger,
    Lookups,
    Room,
    Spending,
)
from gateway.adapters.store.codec import Sealer
from gateway.adapters.store.connection import Client
from gateway.adapters.store.limits import Limits
from gateway.adapters.store.lookup_cache import CacheBase, LookupCache
from gateway.adapters.store.names import Hasher
from gateway.errors import LookupUnavailable
from gateway.model import LineType, Lookup, LookupSource

TYPE, NAME = "line_type_intelligence", "caller_name"
NUMBER = "+14155550100"
UNLISTED = "+447700900123"  # for fiction: libphonenumber does not know the range
PRICES = {TYPE: Decimal("0.008"), NAME: Decimal("0.01"), "sim_swap": Decimal("0.015")}
TTL, NEGATIVE = timedelta(days=7), timedelta(hours=1)


class Watch:
    """A clock that stands at noon until it is moved: no day ends while a test counts what it brought."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def move(self, by: timedelta) -> None:
        self.moment += by


class Until:
    """A gate that opens when something has come about; where it does not, the one it keeps fails."""

    def __init__(self, true: Callable[[], bool]) -> None:
        self._true = true

    def wait(self, seconds: float) -> None:
        until(self._true, seconds)


@dataclass
class Scripted:
    """A provider: a mobile in the US, unless `answers` says otherwise for a number."""

    clock: Watch
    seconds: float = 0.0
    answers: dict[str, Lookup | Exception] = field(default_factory=dict)
    asked: list[tuple[str, tuple[str, ...], bool]] = field(default_factory=list)
    gate: threading.Event | Until | None = None
    entered: threading.Event = field(default_factory=threading.Event)
    paid: bool = True

    def fetch(
        self,
        number: str,
        fields: Sequence[str],
        country: str | None = None,
        *,
        surely_valid: bool = True,
        within_seconds: float | None = None,
    ) -> Lookup:
        self.asked.append((number, tuple(fields), surely_valid))
        self.entered.set()
        if self.gate is not None:
            self.gate.wait(20)
        time.sleep(self.seconds)
        answer = self.answers.get(number, mobile(number))
        if isinstance(answer, Exception):
            raise answer
        return replace(answer, looked_up_at=self.clock.now())


def mobile(number: str) -> Lookup:
    return Lookup(
        number,
        LookupSource.LIVE,
        None,
        valid=True,
        country="US",
        national_format="(415) 555-0100",
        line_type=LineType.MOBILE,
        carrier="T-Mobile USA, Inc.",
        caller_name="ANN EXAMPLE",
    )


@dataclass
class Scene:
    """`process` gives another process' view: the same Redis, nothing else shared but the provider."""

    client: Client
    clock: Watch = field(default_factory=Watch)
    budget: DailyBudget = field(default_factory=DailyBudget)
    rules: BreakerRules = field(default_factory=BreakerRules)
    cached: bool = True
    cache_client: Client | None = None
    max_in_flight: int = 50
    request_places: threading.Semaphore | None = None
    budget_seconds: float = 30.0
    changes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.provider = Scripted(self.clock)
        self.lookups = self.process()

    def process(self) -> Lookups:
        hasher, sealer = Hasher(b"h" * 32), Sealer(b"d" * 32)
        ledger = Ledger(self.client, self.clock, PRICES)
        cache: CacheBase | None = None
        if self.cached:
            cache = LookupCache(self.cache_client or self.client, hasher, sealer, self.clock, TTL, NEGATIVE)
        return Lookups(
            cache=cache,
            provider=self.provider,
            flights=Flights(self.client, hasher, sealer),
            room=Room(self.max_in_flight, self.request_places),
            spending=Spending(Limits(self.client), ledger, self.budget, self.clock),
            breaker=Breaker(self.client, "lookup", self.rules, on_change=self.changes.append),
            ledger=ledger,
            budget_seconds=self.budget_seconds,
        )

    def ask(self, number: str = NUMBER, fields: Sequence[str] = (TYPE,), **more: Any) -> Lookup:
        return self.lookups.lookup(number, fields, **({"app": "shop"} | more))

    def cause(self, number: str = NUMBER, **more: Any) -> str:
        try:
            found = self.ask(number, **more)
        except LookupUnavailable as err:
            return err.cause
        return f"answered: {found.source}"

    def booked(self, days: int = 1) -> dict[tuple[str, str], int]:
        return {(row.kind, row.field): row.count for row in self.lookups.ledger.rows(days)}


def at_once(count: int, call: Callable[[int], Any]) -> list[Any]:
    """From so many threads at the same moment."""
    barrier = threading.Barrier(count)

    def begin(place: int) -> Any:
        barrier.wait(10)
        return call(place)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


def until(true: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)
