from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from gateway.adapters.store import names
from gateway.adapters.store.limits import Bucket, Cap, Charge, Limits
from gateway.errors import StoreUnavailable

TODAY = date(2026, 11, 5)
HOUR = timedelta(hours=1)
NOTHING = timedelta(0)
SLOW = 0.01  # per second: nothing comes back while a test runs


@pytest.fixture
def limits(client: Any) -> Limits:
    return Limits(client)


def counted(client: Any, cap: Cap, *ago: timedelta) -> None:
    """As if the last events under the cap had been so long ago, the oldest first."""
    seconds, microseconds = client.time()
    now = seconds * 1000 + microseconds // 1000
    client.delete(names.cap(cap.name))
    client.lpush(names.cap(cap.name), *(now - each // timedelta(milliseconds=1) for each in ago))


def seconds_until(true: Callable[[], bool]) -> float:
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < 5, "it did not come about"
    return time.monotonic() - began


# ---- token buckets


def test_a_bucket_gives_its_burst_and_then_tells_how_long_to_wait(limits: Limits) -> None:
    bucket = Bucket("a", SLOW, burst=3)
    assert [limits.take([bucket]) for _ in range(3)] == [NOTHING] * 3
    assert timedelta(seconds=90) < limits.take([bucket]) <= timedelta(seconds=100)


def test_a_bucket_gives_at_its_rate(limits: Limits) -> None:
    bucket = Bucket("a", per_second=100, burst=1)
    assert limits.take([bucket]) == NOTHING
    taken = 0

    def ten_more() -> bool:
        nonlocal taken
        taken += limits.take([bucket]) == NOTHING
        return taken == 10

    assert 0.085 < seconds_until(ten_more) < 5


def test_a_wait_that_is_kept_is_rewarded(limits: Limits) -> None:
    bucket = Bucket("a", per_second=50, burst=1)
    while not (wait := limits.take([bucket])):
        pass
    assert wait <= timedelta(seconds=0.02)
    began = time.monotonic()
    seconds_until(lambda: time.monotonic() - began >= wait.total_seconds())
    assert limits.take([bucket]) == NOTHING


def test_with_one_empty_bucket_nothing_is_taken_from_the_others(limits: Limits) -> None:
    full, empty = Bucket("full", SLOW, burst=2), Bucket("empty", SLOW, burst=1)
    limits.take([empty])
    for _ in range(5):
        assert limits.take([full, empty]) > NOTHING
        assert limits.take([empty, full]) > NOTHING
    assert [limits.take([full]) for _ in range(2)] == [NOTHING] * 2
    assert limits.take([full]) > NOTHING


def test_the_longest_wait_is_told(limits: Limits) -> None:
    quick, slow = Bucket("quick", 1, burst=1), Bucket("slow", SLOW, burst=1)
    limits.take([quick, slow])
    assert limits.take([slow, quick]) > timedelta(seconds=90)


def test_a_dearer_event_takes_more(limits: Limits) -> None:
    assert limits.take([Bucket("a", SLOW, burst=5, cost=4)]) == NOTHING
    assert limits.take([Bucket("a", SLOW, burst=5, cost=2)]) > NOTHING
    assert limits.take([Bucket("a", SLOW, burst=5, cost=1)]) == NOTHING


def test_a_bucket_named_twice_gives_twice(limits: Limits) -> None:
    bucket = Bucket("a", SLOW, burst=3)
    assert limits.take([bucket, bucket]) == NOTHING
    assert limits.take([bucket, bucket]) > NOTHING
    assert limits.take([bucket]) == NOTHING


def test_a_rate_of_zero_limits_nothing(limits: Limits, client: Any) -> None:
    assert [limits.take([Bucket("a", 0, burst=0)]) for _ in range(50)] == [NOTHING] * 50
    assert limits.take([]) == NOTHING
    assert client.dbsize() == 0


def test_a_full_bucket_leaves_nothing_behind(limits: Limits, client: Any) -> None:
    limits.take([Bucket("slow", SLOW, burst=1)])
    assert 0 < client.pttl(names.bucket_of_tokens("slow")) <= 100_000
    client.flushall()
    limits.take([Bucket("quick", per_second=20, burst=1)])
    seconds_until(lambda: client.dbsize() == 0)


def test_fifty_at_once_take_exactly_the_burst(limits: Limits, at_once: Any) -> None:
    account, sender = Bucket("account", SLOW, burst=40), Bucket("sender", SLOW, burst=25)
    waits = at_once(50, lambda n: limits.take([account, sender]))
    assert waits.count(NOTHING) == 25
    rest = [limits.take([account]) for _ in range(20)]
    assert rest.count(NOTHING) == 15


@pytest.mark.parametrize(("burst", "cost"), [(0, 1), (1, 2), (5, 0)])
def test_a_bucket_that_could_never_give_is_refused(burst: int, cost: int) -> None:
    with pytest.raises(ValueError, match="burst"):
        Bucket("a", 1, burst, cost)


def test_a_clock_that_was_set_back_closes_no_bucket_for_longer_than_an_empty_one(limits: Limits, client: Any) -> None:
    bucket = Bucket("a", SLOW, burst=2)
    hours_ahead = client.time()[0] + 7200
    client.set(names.bucket_of_tokens("a"), f"{hours_ahead * 1_000_000}")
    assert NOTHING < limits.take([bucket]) <= timedelta(seconds=100)


# ---- caps


def test_a_cap_lets_so_many_through(limits: Limits) -> None:
    cap = Cap("a", 3, HOUR)
    assert [limits.count_up([cap]) for _ in range(3)] == [None] * 3
    reached = limits.count_up([cap])
    assert reached is not None
    assert reached.cap == cap
    assert timedelta(minutes=59) < reached.retry_after <= HOUR


def test_a_window_rolls(limits: Limits, client: Any) -> None:
    cap, minute = Cap("a", 2, HOUR), timedelta(minutes=1)
    counted(client, cap, 58 * minute, 10 * minute)
    reached = limits.count_up([cap])
    assert reached is not None
    assert minute < reached.retry_after <= 2 * minute
    counted(client, cap, 61 * minute, 13 * minute)  # three minutes later the first of them is forgotten
    assert limits.count_up([cap]) is None
    again = limits.count_up([cap])
    assert again is not None
    assert 46 * minute < again.retry_after <= 47 * minute


def test_under_a_cap_that_is_reached_nothing_is_counted_elsewhere(limits: Limits) -> None:
    same, any_body = Cap("same", 1, HOUR), Cap("any", 2, HOUR)
    assert limits.count_up([same, any_body]) is None
    for _ in range(5):
        assert limits.count_up([any_body, same]).cap == same  # type: ignore[union-attr]
    assert limits.count_up([any_body]) is None
    assert limits.count_up([any_body]) is not None


def test_the_cap_to_wait_longest_for_is_told(limits: Limits) -> None:
    short, long = Cap("short", 1, timedelta(minutes=1)), Cap("long", 1, HOUR)
    limits.count_up([short, long])
    for caps in ([short, long], [long, short]):
        assert limits.count_up(caps).cap == long  # type: ignore[union-attr]


def test_looking_counts_nothing(limits: Limits, client: Any) -> None:
    cap = Cap("a", 1, HOUR)
    assert [limits.reached([cap]) for _ in range(5)] == [None] * 5
    assert client.dbsize() == 0
    limits.count_up([cap])
    assert limits.reached([cap]) is not None


def test_what_did_not_happen_is_given_back(limits: Limits) -> None:
    caps = [Cap("a", 2, HOUR), Cap("none", 0, HOUR)]
    assert [limits.count_up(caps), limits.count_up(caps)] == [None, None]
    limits.give_back(caps)
    assert limits.count_up(caps) is None
    assert limits.count_up(caps) is not None


def test_a_limit_of_zero_is_no_cap(limits: Limits, client: Any) -> None:
    assert [limits.count_up([Cap("a", 0, HOUR)]) for _ in range(20)] == [None] * 20
    assert client.dbsize() == 0


def test_a_cap_lives_for_its_window_only(limits: Limits, client: Any) -> None:
    limits.count_up([Cap("a", 20, HOUR)])
    assert 3_500_000 < client.pttl(names.cap("a")) <= 3_600_000


def test_a_cap_in_constant_use_stays_small(limits: Limits, client: Any) -> None:
    cap = Cap("a", 5, timedelta(seconds=0.01))
    counted = 0

    def enough() -> bool:
        nonlocal counted
        counted += limits.count_up([cap]) is None
        return counted == 30

    seconds_until(enough)
    assert client.llen(names.cap("a")) <= 5


def test_fifty_at_once_are_counted_exactly(limits: Limits, at_once: Any) -> None:
    same, any_body = Cap("same", 20, HOUR), Cap("any", 100, HOUR)
    assert at_once(50, lambda n: limits.count_up([same, any_body])).count(None) == 20
    assert at_once(50, lambda n: limits.count_up([any_body])).count(None) == 50
    assert at_once(50, lambda n: limits.count_up([any_body])).count(None) == 30


# ---- budgets


def took(limits: Limits, charge: Charge) -> bool:
    return limits.spend([charge]) is None


def test_a_budget_is_spent_to_the_last_unit(limits: Limits) -> None:
    assert took(limits, Charge("lookups", TODAY, 7, 10))
    assert not took(limits, Charge("lookups", TODAY, 4, 10))
    assert took(limits, Charge("lookups", TODAY, 3, 10))
    assert not took(limits, Charge("lookups", TODAY, 1, 10))
    assert limits.spent("lookups", TODAY) == 10


def test_each_day_has_a_budget_of_its_own(limits: Limits) -> None:
    assert took(limits, Charge("lookups", TODAY, 10, 10))
    assert took(limits, Charge("lookups", TODAY + timedelta(days=1), 10, 10))
    assert limits.spent("lookups", TODAY + timedelta(days=2)) == 0


def test_without_a_limit_spending_is_only_counted(limits: Limits) -> None:
    assert took(limits, Charge("lookups", TODAY, 10**12, None))
    assert limits.spent("lookups", TODAY) == 10**12
    assert not took(limits, Charge("lookups", TODAY, 1, 0))


def test_all_budgets_are_charged_or_none(limits: Limits) -> None:
    mine, everybodys = Charge("app", TODAY, 5, 5), Charge("all", TODAY, 5, 8)
    assert limits.spend([mine, everybodys]) is None
    other = Charge("other", TODAY, 5, 5)
    assert limits.spend([other, everybodys]) == everybodys
    assert (limits.spent("other", TODAY), limits.spent("all", TODAY)) == (0, 5)
    assert limits.spend([]) is None


def test_one_budget_charged_twice_in_one_go_is_charged_twice(limits: Limits) -> None:
    charge = Charge("a", TODAY, 3, 5)
    assert limits.spend([charge, charge]) == charge
    assert limits.spent("a", TODAY) == 0


def test_what_cost_nothing_is_given_back(limits: Limits) -> None:
    took(limits, Charge("lookups", TODAY, 10, 10))
    limits.refund("lookups", TODAY, 4)
    assert took(limits, Charge("lookups", TODAY, 4, 10))
    assert not took(limits, Charge("lookups", TODAY, 1, 10))


def test_fifty_at_once_never_overspend(limits: Limits, at_once: Any) -> None:
    assert at_once(50, lambda n: took(limits, Charge("lookups", TODAY, 3, 100))).count(True) == 33
    assert limits.spent("lookups", TODAY) == 99


def test_a_charge_cannot_be_negative() -> None:
    with pytest.raises(ValueError, match="charge"):
        Charge("a", TODAY, -1, 5)


# ---- all


def test_a_name_that_holds_a_number_or_an_address_is_refused() -> None:
    for name in ("to:+14155550100", "ann@example.com"):
        makers: list[Callable[[str], object]] = [
            lambda n: Bucket(n, 1, 1),
            lambda n: Cap(n, 1, HOUR),
            lambda n: Charge(n, TODAY, 1, 1),
        ]
        for make in makers:
            with pytest.raises(ValueError, match="hash it"):
                make(name)


def test_without_the_store_nothing_is_granted(away: Any) -> None:
    limits = Limits(away)
    calls: list[Callable[[], object]] = [
        lambda: limits.take([Bucket("a", 1, 1)]),
        lambda: limits.count_up([Cap("a", 1, HOUR)]),
        lambda: took(limits, Charge("a", TODAY, 1, 1)),
    ]
    for call in calls:
        with pytest.raises(StoreUnavailable):
            call()
