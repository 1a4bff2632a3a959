"""The rate of a batch on real clocks: what is written is exact, what arrives as exact as the way there is even."""

from __future__ import annotations

import json
import math
import os
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import requests

from gateway import sandbox
from gateway.adapters.store.slots import Slots
from gateway.adapters.twilio.connections import before_request
from gateway.batch.buyer import Buyer
from gateway.batch.pace import TOLERANCE_SECONDS, Pace, apart_seconds
from gateway.batch.shop import in_flight_for
from gateway.batch.tally import Tally
from gateway.wiring import Gateway
from gateway.wiring.buying import Order
from tests.batch.lists import numbers, write_csv

TYPE = "line_type_intelligence"
RATE, CALLS = 60.0, 180


class Stamped(Pace):
    """Notes when each request was let through: the next thing is its write, as long as the machine does not pause."""

    def __init__(self, gateway: Gateway, batch: str) -> None:
        reserve = Slots(gateway.client, batch, apart_seconds(RATE)).reserve
        super().__init__(reserve, RATE, monotonic=self._looked_at_the_clock)
        self.stamps: list[float] = []
        self._looked = threading.local()

    def begin(self) -> None:
        super().begin()
        self.stamps.append(self._looked.at)

    def _looked_at_the_clock(self) -> float:
        self._looked.at = time.time()
        return time.monotonic()


class Kept:
    """Keeps how many answers have come."""

    def __init__(self, enough: int) -> None:
        self.answers: dict[int, Any] = {}
        self.all = threading.Event()
        self._enough = enough

    def keep(self, row: int, answer: Any) -> None:
        self.answers[row] = answer
        if len(self.answers) == self._enough:
            self.all.set()

    def close(self) -> None: ...


def bought(gateway: Gateway, paces: list[Stamped]) -> None:
    """CALLS numbers, by as many buyers as there are paces, each on its own."""
    asked = list(numbers(CALLS))
    buyers, ends, kept = [], [], [Kept(CALLS // len(paces)) for _ in paces]
    for place, pace in enumerate(paces):
        read, write = os.pipe()
        with os.fdopen(write, "w") as questions:
            questions.writelines(
                json.dumps({"row": row, "number": number}) + "\n"
                for row, number in enumerate(asked[place :: len(paces)])
            )
            questions.flush()
            buyer = Buyer(gateway.lookups, pace, Order("b", (TYPE,), "batch", RATE, 30), kept[place])
            buyers.append(threading.Thread(target=_run, args=(buyer, read)))
            buyers[-1].start()
            ends.append(os.dup(write))
    for waiting in kept:
        assert waiting.all.wait(30)
    for end in ends:
        os.close(end)
    for thread in buyers:
        thread.join(10)


def _run(buyer: Buyer, read: int) -> None:
    with os.fdopen(read) as questions:
        buyer.run(questions)


def arrivals(twilio_url: str) -> list[float]:
    shown = requests.get(f"{twilio_url}/_sandbox/requests", params={"product": "lookup"}, timeout=10).json()
    return sorted(datetime.fromisoformat(entry["at"]).timestamp() for entry in shown["requests"])


def busiest(moments: list[float]) -> int:
    return max(sum(1 for at in moments if start <= at < start + 1) for start in moments)


def test_two_buyers_together_keep_the_rate_and_no_second_holds_more(
    gateway: Gateway, twilio: sandbox.RunningSandbox
) -> None:
    fault = {"kind": "latency", "latency_ms": 200, "product": "lookup"}
    requests.post(f"{twilio.url}/_sandbox/faults", json={"faults": [fault]}, timeout=10).raise_for_status()
    paces = [Stamped(gateway, "b") for _ in range(2)]
    bought(gateway, paces)
    written = sorted(stamp for pace in paces for stamp in pace.stamps)
    arrived = arrivals(twilio.url)
    assert len(written) == len(arrived) >= CALLS

    assert busiest(written) <= RATE  # as written: no tolerance

    # As seen by Lookup. Ways of equal length change nothing; by how much they differ at most is in the stamps, and as
    # long as it is within WIRE the bound is the rate itself. Stamps of the sandbox are cut to milliseconds.
    ways = [late - early for early, late in zip(written, arrived, strict=True)]
    spread = max(ways) - min(ways) + 0.002
    assert busiest(arrived) <= max(RATE, math.ceil((1 + TOLERANCE_SECONDS + spread) / apart_seconds(RATE)))

    # A moment is used, or was missed by a machine with other work, which may also stand still for a while.
    missed = sum(pace.missed for pace in paces)
    assert written[-1] - written[0] <= (len(written) + missed) * apart_seconds(RATE) + 10


def test_every_request_counts_also_the_free_ones_before_paid_ones(
    gateway: Gateway, twilio: sandbox.RunningSandbox
) -> None:
    """A number that libphonenumber does not know is asked about free of charge first."""
    pace = Stamped(gateway, "b")
    token = before_request.set(pace.begin)
    try:
        gateway.lookups.lookup("+14155550100", (TYPE,), app="batch")
        gateway.lookups.lookup("+15550000100", (TYPE,), app="batch")
    finally:
        before_request.reset(token)
    assert len(pace.stamps) == len(arrivals(twilio.url)) == 3


def test_a_whole_command_keeps_the_rate(
    enrich: Callable[..., Tally], twilio: sandbox.RunningSandbox, tmp_path: Path
) -> None:
    enrich(write_csv(tmp_path / "in.csv", [["phone"], *([number] for number in numbers(120))]), rate=40.0)
    # The buying process stamps by itself, so what differs on the way is not known here: all that are under way may come
    # at once, and the first of them two seconds late.
    arrived = arrivals(twilio.url)
    assert arrived[-1] - arrived[0] >= (len(arrived) - 1) * apart_seconds(40.0) - 2
    assert busiest(arrived) <= 40 + in_flight_for(40.0)
