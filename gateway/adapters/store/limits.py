"""Limits that many processes keep together, on the server's clock: token buckets, caps and budgets.

Each call takes from all that it names or from none. What a full limit means is for the caller to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from gateway.adapters.store import names, scripts
from gateway.adapters.store.connection import Client, store_errors

BUDGET_TTL = timedelta(days=40)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A rate with a burst. A rate of 0 is no limit."""

    name: str
    per_second: float
    burst: int
    cost: int = 1

    def __post_init__(self) -> None:
        _check_name(self.name)
        if self.per_second > 0 and not 1 <= self.cost <= self.burst:
            raise ValueError(f"bucket {self.name}: a burst of {self.burst} never has {self.cost}")

    @property
    def interval_us(self) -> float:
        return 1_000_000 / self.per_second


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `limit` events in any time of the length `window`. A limit of 0 is no cap."""

    name: str
    limit: int
    window: timedelta

    def __post_init__(self) -> None:
        _check_name(self.name)


@dataclass(frozen=True, slots=True)
class CapReached:
    cap: Cap
    retry_after: timedelta


@dataclass(frozen=True, slots=True)
class Charge:
    """`amount` against a day's budget, in whole units of the caller's choice. `limit`: None to count only."""

    name: str
    day: date
    amount: int
    limit: int | None

    def __post_init__(self) -> None:
        _check_name(self.name)
        if self.amount < 0:
            raise ValueError(f"budget {self.name}: a charge of {self.amount}")


@dataclass(frozen=True, slots=True)
class Counts:
    """What is counted beside a charge, in the same step: fields of one hash, each grown `by` so much."""

    key: str
    by: Mapping[str, int]
    ttl: timedelta


class Limits:
    """All of it raises StoreUnavailable; whether that closes or opens the door is the caller's to decide."""

    def __init__(self, client: Client) -> None:
        self._client = client

    # ---- token buckets

    def take(self, buckets: Sequence[Bucket]) -> timedelta:
        """Zero: taken from every bucket. Else nothing was taken, and this is how long to wait."""
        limited = limiting(buckets)
        if not limited:
            return timedelta(0)
        return timedelta(microseconds=scripts.run(self._client, "take", *take_call(limited)))

    # ---- caps

    def count_up(self, caps: Sequence[Cap]) -> CapReached | None:
        """None: counted under every cap. Else nothing was counted, and this is the cap to wait longest for."""
        return self._caps(caps, only_look=False)

    def reached(self, caps: Sequence[Cap]) -> CapReached | None:
        """What `count_up` would answer; counts nothing."""
        return self._caps(caps, only_look=True)

    def give_back(self, caps: Sequence[Cap]) -> None:
        """Take one counted event back, where it did not happen after all."""
        with store_errors(), self._client.pipeline(transaction=True) as pipe:
            for cap in caps:
                if cap.limit > 0:
                    pipe.lpop(names.cap(cap.name))
            pipe.execute()

    def _caps(self, caps: Sequence[Cap], *, only_look: bool) -> CapReached | None:
        limited = capping(caps)
        if not limited:
            return None
        keys, *numbers = caps_call(limited, only_look=only_look)
        return caps_answer(limited, scripts.run(self._client, "caps", keys, *numbers))

    # ---- budgets

    def spend(self, charges: Sequence[Charge], counts: Counts | None = None) -> Charge | None:
        """None: all are charged, and counted. Else nothing is, and this is the first that has not enough left."""
        if not charges:
            return None
        numbers = [n for c in charges for n in (c.amount, -1 if c.limit is None else c.limit)]
        keys = [names.budget(c.name, c.day) for c in charges]
        counted: list[str | int] = []
        if counts is not None:
            keys.append(counts.key)
            counted = [_seconds(counts.ttl), *(part for pair in counts.by.items() for part in pair)]
        short = scripts.run(self._client, "spend", keys, _seconds(BUDGET_TTL), len(charges), *numbers, *counted)
        return charges[short - 1] if short else None

    def refund(self, name: str, day: date, amount: int) -> None:
        """Give back what was charged for something that cost nothing in the end."""
        self.refund_all((Charge(name, day, amount, None),))

    def refund_all(self, charges: Sequence[Charge], counts: Counts | None = None) -> None:
        """What `spend` took, back again, in one step."""
        with store_errors(), self._client.pipeline(transaction=True) as pipe:
            for charge in charges:
                pipe.decrby(names.budget(charge.name, charge.day), charge.amount)
            if counts is not None:
                for field, by in counts.by.items():
                    pipe.hincrby(counts.key, field, -by)
            pipe.execute()

    def spent(self, name: str, day: date) -> int:
        with store_errors():
            return int(self._client.get(names.budget(name, day)) or 0)


# ---- the same as parts of a larger round trip


def limiting(buckets: Sequence[Bucket]) -> list[Bucket]:
    return [bucket for bucket in buckets if bucket.per_second > 0]


def take_call(buckets: Sequence[Bucket]) -> tuple[Any, ...]:
    """Keys and arguments of take.lua for buckets that limit."""
    numbers = [number for b in buckets for number in (b.interval_us, b.burst, b.cost)]
    return [names.bucket_of_tokens(b.name) for b in buckets], *numbers


def capping(caps: Sequence[Cap]) -> list[Cap]:
    return [cap for cap in caps if cap.limit > 0]


def caps_call(caps: Sequence[Cap], *, only_look: bool = False) -> tuple[Any, ...]:
    """Keys and arguments of caps.lua for caps that limit."""
    numbers = [number for cap in caps for number in (cap.limit, _milliseconds(cap.window))]
    return [names.cap(cap.name) for cap in caps], int(only_look), *numbers


def caps_answer(caps: Sequence[Cap], answer: Sequence[int]) -> CapReached | None:
    reached, wait = answer
    return CapReached(caps[reached - 1], timedelta(milliseconds=wait)) if reached else None


def _seconds(span: timedelta) -> int:
    return round(span.total_seconds())


def _milliseconds(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)


def _check_name(name: str) -> None:
    """Names become key names: a number or an address must have been hashed."""
    if "+" in name or "@" in name:
        raise ValueError("the name of a limit holds a number or an address; hash it")
