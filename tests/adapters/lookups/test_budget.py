"""Budgets hold exactly, however many ask at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.adapters.lookups import DailyBudget
from gateway.errors import LookupUnavailable
from tests.adapters.lookups.scene import NAME, TYPE, Scene, at_once


def number(n: int) -> str:
    return f"+1415555{n:04d}"


@pytest.mark.parametrize("budget", [DailyBudget(total=100), DailyBudget(per_app=100)], ids=["all", "per application"])
def test_fifty_threads_buy_exactly_what_the_budget_allows(client: Any, budget: DailyBudget) -> None:
    scene = Scene(client, budget=budget)

    def ten(place: int) -> list[str]:
        return [scene.cause(number(place * 10 + n)) for n in range(10)]

    said = [cause for causes in at_once(50, ten) for cause in causes]
    assert (said.count("answered: live"), said.count("budget")) == (100, 400)
    assert len(scene.provider.asked) == 100
    assert scene.booked() == {("paid", TYPE): 100, ("denied", TYPE): 400}


def test_an_applications_budget_leaves_the_others_theirs(client: Any) -> None:
    scene = Scene(client, budget=DailyBudget(total=3, per_app=2))
    assert [scene.cause(number(n)) for n in range(3)] == ["answered: live"] * 2 + ["budget"]
    assert [scene.cause(number(n), app="bank") for n in range(3, 5)] == ["answered: live", "budget"]


def test_each_field_is_one_lookup_and_both_or_none_are_bought(client: Any) -> None:
    scene = Scene(client, budget=DailyBudget(total=3))
    assert scene.cause(number(1), fields=(TYPE, NAME)) == "answered: live"
    assert scene.cause(number(2), fields=(TYPE, NAME)) == "budget"
    assert scene.cause(number(2), fields=(TYPE,)) == "answered: live"


def test_a_new_day_has_a_new_budget_and_until_then_the_wait_is_told(client: Any) -> None:
    scene = Scene(client, budget=DailyBudget(total=1))
    scene.ask(number(1))
    with pytest.raises(LookupUnavailable) as caught:
        scene.ask(number(2))
    now = scene.clock.now()
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    assert abs(caught.value.retry_after_seconds - (midnight - now).total_seconds()) <= 2
    scene.clock.move(midnight - now + timedelta(seconds=1))
    assert scene.cause(number(2)) == "answered: live"


def test_what_is_cached_needs_no_budget(client: Any) -> None:
    scene = Scene(client, budget=DailyBudget(total=1))
    assert [scene.cause(number(1)) for _ in range(3)] == ["answered: live", "answered: cache", "answered: cache"]
