"""The pace of sends on a real Redis: kept together, halved when the provider is too busy, grown back by equal steps."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from gateway.adapters.store import names, pacing
from gateway.adapters.store.pacing import Paced, Pacing
from gateway.errors import StoreUnavailable

NOTHING = timedelta(0)
FREE = Paced("account")
SLOT = 5_000_000
"""Microseconds for which pace.lua counts together what goes."""
NOW = timedelta(0)
MICROSECOND, MINUTE, HOUR = timedelta(microseconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def paces(client: Any) -> Pacing:
    return Pacing(client)


def until(true: Callable[[], bool], seconds: float = 5.0) -> None:
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, "it did not come about"
        time.sleep(0.005)


def taken(paces: Pacing, bucket: Paced) -> tuple[int, timedelta]:
    """How many an eager sender gets before one is refused, and how long that one has to wait."""
    found = 0
    while not (wait := paces.take([bucket], patient=False)):
        found += 1
    return found, wait


def went(paces: Pacing, many: int, bucket: Paced = FREE) -> None:
    """So many were sent in a second, and of the last nearly as many refused as it takes to slow them down."""
    assert [paces.take([bucket]) for _ in range(many)] == [NOTHING] * many
    for _ in range(math.ceil(many * pacing.STRAY) - 1):
        assert paces.slow(bucket, NOW) is None
    ahead = now_of(paces._client) + MINUTE // MICROSECOND  # what is in no slot for long counts for one second
    as_one = {"sent": many, "since": ahead, "sent_before": 0, "since_before": ahead}
    paces._client.hset(names.pace(bucket.name), mapping=as_one)


def now_of(client: Any) -> int:
    """In microseconds, on the server's clock."""
    seconds, microseconds = client.time()
    return int(seconds * 1_000_000 + microseconds)


def let_pass(client: Any, bucket: Paced, span: timedelta) -> None:
    """As if so much more time had gone by since all that the bucket remembers of its pace."""
    key, fields = names.pace(bucket.name), ("full", "cut", "pause", "queue")
    moments = zip(fields, client.hmget(key, fields), strict=True)
    client.hset(key, mapping={field: f"{float(at) - span / MICROSECOND:.4f}" for field, at in moments})


def scripts_run(client: Any) -> int:
    return int(client.info("commandstats").get("cmdstat_evalsha", {}).get("calls", 0))


def test_what_has_no_rate_is_not_held_back_and_asks_redis_once_a_second(paces: Pacing, client: Any) -> None:
    before, began = scripts_run(client), time.monotonic()
    assert [paces.take([FREE]) for _ in range(300)] == [NOTHING] * 300
    assert scripts_run(client) - before <= 2 + time.monotonic() - began


def test_a_rate_gives_a_second_s_worth_and_then_one_after_the_other(paces: Pacing) -> None:
    began = time.monotonic()
    found, wait = taken(paces, Paced("a", per_second=20))
    assert 20 <= found <= 21 + 20 * (time.monotonic() - began)
    assert wait <= timedelta(seconds=0.05)


def test_it_takes_from_all_or_from_none(paces: Pacing) -> None:
    wide, narrow = Paced("wide", per_second=2), Paced("narrow", per_second=0.01)
    assert paces.take([wide, narrow]) == NOTHING
    assert [paces.take([wide, narrow], patient=False) > NOTHING for _ in range(3)] == [True] * 3
    assert paces.take([wide]) == NOTHING


def test_those_who_wait_get_a_place_each_and_who_is_urgent_stands_in_no_queue(
    paces: Pacing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "PATIENCE", HOUR)
    bucket = Paced("a", per_second=0.01)
    paces.take([bucket])
    waits = [paces.take([bucket]).total_seconds() for _ in range(4)]
    assert waits == pytest.approx([100, 200, 300, 400], abs=20)
    assert paces.take([bucket], patient=False) <= timedelta(seconds=100)


def test_who_comes_anew_goes_behind_those_who_have_a_place(
    paces: Pacing, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "PATIENCE", HOUR)
    bucket = Paced("a", per_second=0.01)
    assert paces.take([bucket]) == NOTHING
    assert [paces.take([bucket]) > NOTHING for _ in range(5)] == [True] * 5  # the last in 500 seconds
    let_pass(client, bucket, timedelta(seconds=150))  # one token is there, and it is the first waiter's
    assert paces.take([bucket], fresh=True).total_seconds() == pytest.approx(450, abs=20)
    assert paces.take([bucket]) == NOTHING
    assert paces.take([bucket], patient=False, fresh=True) > NOTHING
    let_pass(client, bucket, timedelta(seconds=900))  # all places are past
    assert paces.take([bucket], fresh=True) == NOTHING


def test_nobody_is_sent_away_for_longer_than_patience(paces: Pacing) -> None:
    bucket = Paced("a", per_second=1)
    assert max(paces.take([bucket]) for _ in range(60)) <= pacing.PATIENCE


def test_slowed_down_it_goes_at_half_of_what_went(paces: Pacing) -> None:
    went(paces, 100)
    began = time.monotonic()
    assert paces.slow(FREE, NOW) == pytest.approx(50, abs=3)
    found = 0

    def as_many_as_in_half_a_second() -> bool:
        nonlocal found
        found += paces.take([FREE], patient=False) == NOTHING
        return found == 25

    until(as_many_as_in_half_a_second, 10)
    assert 0.4 < time.monotonic() - began < 10


@pytest.mark.parametrize(("lasted", "slowed"), [(0.1, 50), (4, 12.5)], ids=["a moment", "nearly all of it"])
def test_what_went_in_the_slot_of_time_before_is_measured_by_how_long_that_lasted(
    paces: Pacing, client: Any, lasted: float, slowed: float
) -> None:
    while now_of(client) % SLOT > 3_000_000:  # else the next slot might begin below
        time.sleep(0.01)
    slot = now_of(client) // SLOT
    before = {"slot": slot - 1, "since": slot * SLOT - int(lasted * 1_000_000), "sent": 100, "refused": 19}
    client.hset(names.pace(FREE.name), mapping=before)
    assert paces.slow(FREE, NOW) == pytest.approx(slowed, abs=1)


def test_one_refusal_among_many_sends_slows_nothing(paces: Pacing) -> None:
    for _ in range(200):
        paces.take([FREE])
    few = math.ceil(200 * pacing.STRAY) - 1
    assert [paces.slow(FREE, timedelta(seconds=5)) for _ in range(few)] == [None] * few
    assert paces.slowed([FREE]) == {}
    assert paces.take([FREE]) == NOTHING
    paces.slow(FREE, timedelta(seconds=5))
    assert paces.slow(FREE, timedelta(seconds=5)) is not None


def test_one_refused_before_anything_went_leaves_a_usual_pace(paces: Pacing) -> None:
    assert paces.slow(FREE, NOW) == pacing.USUAL_PER_SECOND / 2


def test_many_refusals_at_once_are_one_sign(paces: Pacing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "SETTLES_WITHIN", MINUTE)
    went(paces, 64)
    assert [paces.slow(FREE, NOW) is None for _ in range(20)] == [False] + [True] * 19
    assert paces.slowed([FREE])["account"] > 25


def test_refused_again_it_halves_again(paces: Pacing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "SETTLES_WITHIN", NOTHING)
    monkeypatch.setattr(pacing, "RECOVERS_WITHIN", HOUR)
    went(paces, 100)
    found = [paces.slow(FREE, NOW) for _ in range(10)]
    assert found[0] is not None
    assert found[1] == pytest.approx(found[0] / 2, rel=0.1)
    assert found[-1] is None
    assert paces.slowed([FREE])["account"] == pytest.approx(pacing.LEAST_PER_SECOND, abs=0.1)


def test_nothing_goes_before_the_provider_s_pause_is_over(paces: Pacing, client: Any) -> None:
    paces.slow(FREE, timedelta(seconds=60))
    assert timedelta(seconds=40) < paces.take([FREE], patient=False) <= timedelta(seconds=60)
    let_pass(client, FREE, timedelta(seconds=40))
    assert NOTHING < paces.take([FREE], patient=False) <= timedelta(seconds=20)
    let_pass(client, FREE, timedelta(seconds=20))
    assert paces.take([FREE], patient=False) == NOTHING


def test_a_pause_that_is_kept_is_rewarded(paces: Pacing) -> None:
    began = time.monotonic()
    paces.slow(FREE, timedelta(seconds=0.3))
    until(lambda: paces.take([FREE], patient=False) == NOTHING)
    assert time.monotonic() - began > 0.29


def test_a_later_refusal_makes_the_pause_longer_and_never_shorter(paces: Pacing) -> None:
    paces.slow(FREE, timedelta(seconds=60))
    paces.slow(FREE, timedelta(seconds=10))
    assert paces.take([FREE], patient=False) > timedelta(seconds=50)
    paces.slow(FREE, timedelta(days=2))
    assert paces.take([FREE], patient=False) <= pacing.LONGEST_PAUSE


def test_it_grows_back_by_equal_steps_and_is_free_again(
    paces: Pacing, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "RECOVERS_WITHIN", HOUR)
    went(paces, 100)
    seen = [paces.slow(FREE, NOW)]
    for _ in range(3):
        let_pass(client, FREE, HOUR / 8)
        seen.append(paces.slowed([FREE])["account"])
    assert seen == pytest.approx([50, 62.5, 75, 87.5], abs=1)
    let_pass(client, FREE, HOUR / 8)
    assert paces.slowed([FREE]) == {}
    assert [paces.take([FREE]) for _ in range(300)] == [NOTHING] * 300


def test_what_has_a_rate_comes_back_to_it(paces: Pacing, client: Any) -> None:
    bucket = Paced("a", per_second=40)
    went(paces, 40, bucket)
    assert paces.slow(bucket, NOW) == pytest.approx(20, abs=1)
    let_pass(client, bucket, MINUTE)
    assert paces.slowed([bucket]) == {}
    began = time.monotonic()
    found, wait = taken(paces, bucket)
    assert 40 <= found <= 41 + 40 * (time.monotonic() - began)
    assert wait <= timedelta(seconds=1 / 40)


def test_a_slow_sender_is_never_made_faster(paces: Pacing) -> None:
    bucket = Paced("a", per_second=0.2)
    paces.take([bucket])
    slowed = paces.slow(bucket, NOW)
    assert slowed is not None
    assert slowed <= 0.1


def test_another_process_learns_of_it_within_a_second(paces: Pacing, client: Any) -> None:
    other = Pacing(client)
    other.take([FREE])
    paces.slow(FREE, timedelta(seconds=60))
    until(lambda: other.take([FREE], patient=False) > NOTHING, 10)  # long before that pause is over


def test_processes_keep_it_together(client: Any, at_once: Any) -> None:
    bucket, many = Paced("a", per_second=10), [Pacing(client) for _ in range(30)]
    began = time.monotonic()
    waits = at_once(30, lambda n: many[n].take([bucket]))
    assert 10 <= waits.count(NOTHING) <= 11 + 10 * (time.monotonic() - began)


def test_how_often_is_counted_and_nothing_else_is_left_for_good(paces: Pacing, client: Any) -> None:
    paces.slow(FREE, NOW)
    paces.slow(FREE, NOW)
    assert client.hget(names.TALLY, "slowed|account") == b"1"
    assert 0 < client.ttl(names.pace("account")) <= 700


def test_without_the_store_nothing_is_taken(away: Any) -> None:
    with pytest.raises(StoreUnavailable):
        Pacing(away).take([FREE])
    with pytest.raises(StoreUnavailable):
        Pacing(away).slow(FREE, NOW)
