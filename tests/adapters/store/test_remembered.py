from __future__ import annotations

from datetime import timedelta
from typing import Any

from gateway.adapters.store.remembered import Remembered


def test_what_is_remembered_is_forgotten_in_time(clock: Any) -> None:
    remembered: Remembered[str, int] = Remembered(clock, timedelta(seconds=5), 10)
    remembered.put("a", 1)
    remembered.put("short", 2, timedelta(seconds=1))
    clock.move(timedelta(seconds=4.9))
    assert (remembered.get("a"), remembered.get("short")) == (1, None)
    clock.move(timedelta(seconds=0.1))
    assert remembered.get("a") is None
    assert len(remembered) == 0


def test_a_clock_set_back_keeps_nothing_alive(clock: Any) -> None:
    remembered: Remembered[str, int] = Remembered(clock, timedelta(seconds=5), 10)
    remembered.put("a", 1)
    clock.move(timedelta(hours=-1))
    assert remembered.get("a") is None


def test_the_least_recently_used_goes_first(clock: Any) -> None:
    remembered: Remembered[str, int] = Remembered(clock, timedelta(seconds=5), 2)
    remembered.put("a", 1)
    remembered.put("b", 2)
    remembered.get("a")
    remembered.put("c", 3)
    assert [remembered.get(key) for key in "abc"] == [1, None, 3]


def test_many_threads_never_exceed_the_bound(clock: Any, at_once: Any) -> None:
    remembered: Remembered[int, int] = Remembered(clock, timedelta(seconds=5), 20)

    def use(number: int) -> None:
        for turn in range(200):
            remembered.put(number * 7 + turn, turn)
            remembered.get(turn)
            remembered.forget(turn - 1)
            assert len(remembered) <= 20

    at_once(8, use)
