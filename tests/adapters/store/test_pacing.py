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
NOW = timedelta(0)


@pytest.fixture
def paces(client: Any) -> Pacing:
    return Pacing(client)


def until(true: Callable[[], bool], seconds: float = 5.0) -> float:
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, "it did not come about"
        time.sleep(0.005)
    return time.monotonic() - began


def taken(paces: Pacing, bucket: Paced, seconds: float) -> int:
    """How many an eager sender gets in so long."""
    began, found = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        found += paces.take([bucket], patient=False) == NOTHING
    return found


def went(paces: Pacing, many: int, bucket: Paced = FREE) -> None:
    """So many were sent, and of the last of them nearly as many refused as it takes to slow them down."""
    assert [paces.take([bucket]) for _ in range(many)] == [NOTHING] * many
    for _ in range(math.ceil(many * pacing.STRAY) - 1):
        assert paces.slow(bucket, NOW) is None


def scripts_run(client: Any) -> int:
    return int(client.info("commandstats").get("cmdstat_evalsha", {}).get("calls", 0))


def test_what_has_no_rate_is_not_held_back_and_asks_redis_once_a_second(paces: Pacing, client: Any) -> None:
    before = scripts_run(client)
    assert [paces.take([FREE]) for _ in range(300)] == [NOTHING] * 300
    assert scripts_run(client) - before <= 2


def test_a_rate_gives_a_second_s_worth_and_then_one_after_the_other(paces: Pacing) -> None:
    bucket = Paced("a", per_second=20)
    assert [paces.take([bucket], patient=False) for _ in range(20)] == [NOTHING] * 20
    assert NOTHING < paces.take([bucket], patient=False) <= timedelta(seconds=0.05)


def test_it_takes_from_all_or_from_none(paces: Pacing) -> None:
    wide, narrow = Paced("wide", per_second=2), Paced("narrow", per_second=1)
    assert paces.take([wide, narrow]) == NOTHING
    assert [paces.take([wide, narrow], patient=False) > NOTHING for _ in range(3)] == [True] * 3
    assert paces.take([wide]) == NOTHING


def test_those_who_wait_get_a_place_each_and_who_is_urgent_stands_in_no_queue(paces: Pacing) -> None:
    bucket = Paced("a", per_second=1)
    paces.take([bucket])
    waits = [paces.take([bucket]).total_seconds() for _ in range(4)]
    assert waits == pytest.approx([1, 2, 3, 4], abs=0.2)
    assert paces.take([bucket], patient=False) <= timedelta(seconds=1)


def test_who_comes_anew_goes_behind_those_who_have_a_place(paces: Pacing) -> None:
    bucket = Paced("a", per_second=10)
    assert [paces.take([bucket]) for _ in range(10)] == [NOTHING] * 10
    places = [paces.take([bucket]).total_seconds() for _ in range(5)]
    time.sleep(0.15)  # one token is there, and it is the first waiter's
    assert paces.take([bucket], fresh=True).total_seconds() > places[-1] - 0.15
    assert paces.take([bucket]) == NOTHING
    assert paces.take([bucket], patient=False, fresh=True) > NOTHING
    time.sleep(0.9)  # all places are past
    assert paces.take([bucket], fresh=True) == NOTHING


def test_nobody_is_sent_away_for_longer_than_patience(paces: Pacing) -> None:
    bucket = Paced("a", per_second=1)
    assert max(paces.take([bucket]) for _ in range(60)) <= pacing.PATIENCE


def test_slowed_down_it_goes_at_half_of_what_went(paces: Pacing) -> None:
    went(paces, 100)
    assert paces.slow(FREE, NOW) == pytest.approx(50, abs=3)
    assert taken(paces, FREE, 0.5) == pytest.approx(25, abs=6)


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


def test_many_refusals_at_once_are_one_sign(paces: Pacing) -> None:
    went(paces, 64)
    assert [paces.slow(FREE, NOW) is None for _ in range(20)] == [False] + [True] * 19
    assert paces.slowed([FREE])["account"] > 25


def test_refused_again_it_halves_again(paces: Pacing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "SETTLES_WITHIN", NOTHING)
    went(paces, 100)
    found = [paces.slow(FREE, NOW) for _ in range(10)]
    assert found[0] is not None
    assert found[1] == pytest.approx(found[0] / 2, rel=0.1)
    assert found[-1] is None
    assert paces.slowed([FREE])["account"] == pytest.approx(pacing.LEAST_PER_SECOND, abs=0.1)


def test_nothing_goes_before_the_provider_s_pause_is_over(paces: Pacing) -> None:
    paces.slow(FREE, timedelta(seconds=0.3))
    assert timedelta(seconds=0.2) < paces.take([FREE], patient=False) <= timedelta(seconds=0.3)
    assert 0.2 < until(lambda: paces.take([FREE], patient=False) == NOTHING) < 1.0


def test_a_later_refusal_makes_the_pause_longer_and_never_shorter(paces: Pacing) -> None:
    paces.slow(FREE, timedelta(seconds=5))
    paces.slow(FREE, timedelta(seconds=1))
    assert paces.take([FREE], patient=False) > timedelta(seconds=4)
    paces.slow(FREE, timedelta(days=2))
    assert paces.take([FREE], patient=False) <= pacing.LONGEST_PAUSE


def test_it_grows_back_by_equal_steps_and_is_free_again(paces: Pacing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "RECOVERS_WITHIN", timedelta(seconds=2))
    went(paces, 100)
    paces.slow(FREE, NOW)
    seen = [paces.slowed([FREE])["account"]]
    until(lambda: paces.slowed([FREE]).get("account", 100) > 70)
    seen.append(paces.slowed([FREE]).get("account", 100))
    assert seen[0] < 60 < seen[1]
    assert until(lambda: not paces.slowed([FREE])) < 1.5
    assert [paces.take([FREE]) for _ in range(300)] == [NOTHING] * 300


def test_what_has_a_rate_comes_back_to_it(paces: Pacing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "RECOVERS_WITHIN", timedelta(seconds=1))
    bucket = Paced("a", per_second=40)
    went(paces, 40, bucket)
    assert paces.slow(bucket, NOW) == pytest.approx(20, abs=1)
    until(lambda: not paces.slowed([bucket]))
    until(lambda: paces.take([bucket], patient=False) > NOTHING)
    assert taken(paces, bucket, 0.5) == pytest.approx(20, abs=6)


def test_a_slow_sender_is_never_made_faster(paces: Pacing) -> None:
    bucket = Paced("a", per_second=0.2)
    paces.take([bucket])
    slowed = paces.slow(bucket, NOW)
    assert slowed is not None
    assert slowed <= 0.1


def test_another_process_learns_of_it_within_a_second(paces: Pacing, client: Any) -> None:
    other = Pacing(client)
    other.take([FREE])
    paces.slow(FREE, timedelta(seconds=3))
    assert until(lambda: other.take([FREE], patient=False) > NOTHING) <= 1.2


def test_processes_keep_it_together(client: Any, at_once: Any) -> None:
    bucket, many = Paced("a", per_second=10), [Pacing(client) for _ in range(30)]
    waits = at_once(30, lambda n: many[n].take([bucket]))
    assert waits.count(NOTHING) == pytest.approx(10, abs=1)


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
