"""The rate is kept exactly, however late threads wake up and however long Redis takes to answer."""

from __future__ import annotations

import itertools
import math
import random
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.adapters.lookups import Breaker
from gateway.adapters.lookups.asking import OURS
from gateway.adapters.store.connection import Client
from gateway.adapters.store.slots import Block, Slots
from gateway.batch.pace import LEAD_SECONDS, NOT_YET, TOLERANCE_SECONDS, WIRE_SECONDS, Offset, Pace, apart_seconds
from gateway.batch.sampling import SampledBreaker
from gateway.errors import LookupUnavailable

AHEAD = 1234.5
"""What the server's clock shows more than ours."""


class World:
    """Our clock, and a Redis that hands out moments as slots.lua does; every step takes as long as is said."""

    def __init__(self, per_second: float, delays: Iterator[float]) -> None:
        self.now = 1000.0
        self._next = 0.0
        self._apart = apart_seconds(per_second)
        self._delays = delays

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds + next(self._delays)

    def reserve(self, wanted: int) -> Block:
        self.now += next(self._delays)  # on its way there
        server = self.now + AHEAD
        first = max(server, self._next)
        self._next = first + wanted * self._apart
        self.now += next(self._delays)  # and back
        return Block(server, first, wanted)


def turn(pace: Pace, world: World) -> None:
    """As a buyer does it: a moment that is far is awaited outside of the call."""
    while True:
        try:
            return pace.begin()
        except LookupUnavailable:
            world.sleep(pace.until_near())


def busiest(moments: list[float]) -> int:
    return max(sum(1 for at in moments if start <= at < start + 1) for start in moments)


def delays_of(some: list[float], seed: int) -> Iterator[float]:
    """Those, and then short ones."""
    rng = random.Random(seed)
    yield from some
    while True:
        yield rng.choice((0.0001, 0.001, 0.004))


@given(
    st.floats(0.2, 300),
    st.lists(st.floats(0, 0.05), max_size=200),
    st.lists(st.floats(0, 2), max_size=20),
    st.integers(0, 9),
)
@settings(deadline=None, max_examples=60)
def test_no_second_holds_more_requests_than_the_rate(
    rate: float, delays: list[float], stalls: list[float], seed: int
) -> None:
    world = World(rate, delays_of(delays, seed))
    paces = [Pace(world.reserve, rate, monotonic=world.monotonic, sleep=world.sleep) for _ in range(2)]
    begun = []
    for n in range(400):
        world.now += stalls[n] if n < len(stalls) else 0.0
        turn(paces[n % 2], world)
        begun.append(world.now)
    assert busiest(begun) <= math.ceil(rate)


def test_ways_that_differ_by_less_than_said_bring_no_second_beyond_the_rate() -> None:
    rate, rng = 200.0, random.Random(7)
    world = World(rate, delays_of([], 7))
    pace = Pace(world.reserve, rate, monotonic=world.monotonic, sleep=world.sleep)
    arrived = []
    for _ in range(1500):
        pace.begin()
        arrived.append(world.now + 0.07 + rng.choice((0, WIRE_SECONDS)))
    assert busiest(sorted(arrived)) <= rate


@pytest.mark.parametrize("rate", [0.5, 1, 7, 50, 200, 500])
def test_a_rate_is_kept_up_to_a_twentieth(rate: float) -> None:
    world = World(rate, itertools.repeat(0.0002))
    pace = Pace(world.reserve, rate, monotonic=world.monotonic, sleep=world.sleep)
    calls = max(60, int(rate * 60))
    for _ in range(calls):
        turn(pace, world)
    assert (calls - 1) / (world.now - 1000.0) >= 0.95 * rate
    assert pace.missed == 0


def test_a_moment_that_was_slept_through_is_gone() -> None:
    world = World(10, iter([0, 0, 0, 0, TOLERANCE_SECONDS + 0.01, 0, 0, 0, 0]))
    pace = Pace(world.reserve, 10, monotonic=world.monotonic, sleep=world.sleep)
    pace.begin()
    pace.begin()  # sleeps too long for the second moment, and begins with the third
    assert pace.missed == 1
    assert world.now == pytest.approx(1000 + 2 * apart_seconds(10))


def test_no_call_waits_long_for_its_moment_which_is_kept_for_it() -> None:
    world = World(0.5, itertools.repeat(0.0))
    pace = Pace(world.reserve, 0.5, monotonic=world.monotonic, sleep=world.sleep)
    pace.begin()
    with pytest.raises(LookupUnavailable) as refused:
        pace.begin()
    assert (refused.value.cause, world.now) == (NOT_YET, 1000.0)
    assert NOT_YET.startswith(OURS), "so it is not billed, and no failure of Lookup"
    assert pace.until_near() == pytest.approx(apart_seconds(0.5) - LEAD_SECONDS)
    world.sleep(pace.until_near())
    pace.begin()
    assert world.now == pytest.approx(1000 + apart_seconds(0.5))


def test_one_fetches_for_all_that_wait() -> None:
    asked: list[int] = []
    together = threading.Barrier(9)

    def reserve(wanted: int) -> Block:
        while not asked and pace._wanting < 8:
            time.sleep(0.001)  # the others come meanwhile
        asked.append(wanted)
        return Block(0.0, 0.0, wanted)

    def begin() -> None:
        together.wait()
        pace.begin()

    pace = Pace(reserve, 1000.0, monotonic=lambda: 0.0, sleep=lambda seconds: None)
    crew = [threading.Thread(target=begin) for _ in range(8)]
    for thread in crew:
        thread.start()
    together.wait()
    for thread in crew:
        thread.join(10)
    assert len(asked) <= 3
    assert sum(asked) >= 8


def test_only_so_many_lookups_are_begun_before_their_first_request() -> None:
    pace = Pace(lambda wanted: Block(0.0, 0.0, wanted), 10.0, monotonic=lambda: 0.0, sleep=lambda seconds: None)
    for _ in range(2):
        pace.admit()
    assert not pace._admitted.acquire(blocking=False)
    with pace.lookup():
        pace.begin()
        assert pace._admitted.acquire(blocking=False)
        pace.begin()  # a retry of the same lookup gives nothing back
        assert not pace._admitted.acquire(blocking=False)
    with pace.lookup():
        pass  # it came from the cache
    assert pace._admitted.acquire(blocking=False)


@given(st.lists(st.tuples(st.floats(0, 0.3), st.floats(0, 0.3), st.floats(0, 1)), min_size=1, max_size=50))
def test_what_is_known_of_the_servers_clock_is_true(trips: list[tuple[float, float, float]]) -> None:
    offset, now = Offset(), 50.0
    for there, back, pause in trips:
        asked, server = now, now + there + AHEAD
        now += there + back
        offset.learn(asked, now, server)
        assert offset.least <= -AHEAD + 1e-9
        assert offset.most >= -AHEAD - 1e-9
        assert offset.most - offset.least <= there + back + 1e-9
        now += pause


def test_a_server_whose_clock_was_set_is_believed_from_then_on() -> None:
    offset = Offset()
    offset.learn(10.0, 10.001, 100.0)
    offset.learn(11.0, 11.001, 40.0)
    assert (offset.least, offset.most) == pytest.approx((-29.0, -28.999))


# ---- slots.lua


def test_all_who_buy_for_a_batch_get_moments_evenly_apart(client: Client) -> None:
    apart = 5.0  # seconds: all are asked for before the first of them is over
    one, other = Slots(client, "a", apart), Slots(client, "a", apart)
    blocks = [slots.reserve(wanted) for slots, wanted in ((one, 3), (other, 1), (one, 5), (other, 2))]
    moments = [block.first + n * apart for block in blocks for n in range(block.count)]
    assert len(moments) == 11
    assert [late - early for early, late in itertools.pairwise(moments)] == pytest.approx([apart] * 10, abs=3e-6)
    assert 0 <= blocks[0].first - blocks[0].now < 1e-5


def test_two_batches_are_together_no_faster_than_one(client: Client) -> None:
    one, other = Slots(client, "a", 0.01), Slots(client, "b", 0.01)
    moments = sorted(found for _ in range(10) for slots in (one, other) for found in _moments(slots, 0.01))
    assert min(late - early for early, late in itertools.pairwise(moments)) >= 0.01 - 3e-6


def test_a_slow_batch_holds_up_no_fast_one(client: Client) -> None:
    fast, slow = Slots(client, "fast", 0.001), Slots(client, "slow", 50.0)
    fast.reserve(1)
    assert slow.reserve(2).count == 1
    again = slow.reserve(1)
    assert again.count == 0
    assert again.first - again.now > 40
    assert all(fast.reserve(1).count == 1 for _ in range(20))
    last = fast.reserve(1)
    assert last.first - last.now < 0.05


def test_what_was_not_used_is_not_saved_up(client: Client) -> None:
    slots = Slots(client, "a", 0.001)
    slots.reserve(1)
    until_later = slots.reserve(1).now + 0.05
    while (block := slots.reserve(1)).now < until_later:
        pass
    burst = slots.reserve(50)
    assert block.count == 1
    assert burst.first >= burst.now


def _moments(slots: Slots, apart: float) -> list[float]:
    block = slots.reserve(2)
    return [block.first + n * apart for n in range(block.count)]


# ---- the breaker


class Told(Breaker):
    def __init__(self) -> None:
        self.admitted, self.noted = 0, [0, 0]

    def admit(self) -> bool:
        self.admitted += 1
        return False

    def note(self, *, failed: bool, probe: bool) -> None:
        self.noted[failed] += 1


@pytest.mark.parametrize(("rate", "noted"), [(500.0, 400), (20.0, 4000)])
def test_a_fast_batch_tells_the_breaker_the_true_share_of_failures(rate: float, noted: int) -> None:
    told = Told()
    breaker = SampledBreaker(told, rate, random.Random(1).random)
    for n in range(4000):
        breaker.note(failed=n % 4 != 0, probe=False)
    assert sum(told.noted) == pytest.approx(noted, rel=0.1)
    assert told.noted[True] / sum(told.noted) == pytest.approx(0.75, abs=0.05)


def test_a_probe_is_always_noted() -> None:
    told = Told()
    for _ in range(50):
        SampledBreaker(told, 1000.0, lambda: 0.99).note(failed=True, probe=True)
    assert told.noted == [0, 50]


def test_a_slow_batch_asks_the_breaker_each_time() -> None:
    told = Told()
    breaker = SampledBreaker(told, 20.0)
    for _ in range(5):
        breaker.admit()
    assert told.admitted == 5
