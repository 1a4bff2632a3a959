"""One lookup: from the cache, or bought for what is missing, and what it costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.adapters.lookups import DailyBudget, Offline, renewal
from gateway.adapters.store.connection import connect
from gateway.errors import LookupUnavailable, StoreUnavailable
from gateway.model import LineType, LookupSource
from tests.adapters.lookups.scene import NAME, NUMBER, TTL, TYPE, UNLISTED, Scene, mobile


@pytest.fixture
def scene(client: Any) -> Scene:
    return Scene(client)


def test_a_number_is_bought_once_and_then_cached(scene: Scene) -> None:
    assert scene.ask().source is LookupSource.LIVE
    again = scene.ask()
    assert (again.source, again.line_type, again.carrier) == (LookupSource.CACHE, LineType.MOBILE, "T-Mobile USA, Inc.")
    assert again.national_format == "(415) 555-0100"
    assert scene.provider.asked == [(NUMBER, (TYPE,), True)]
    assert scene.booked() == {("paid", TYPE): 1, ("cache", TYPE): 1}


def test_only_the_missing_fields_are_bought_in_one_call(scene: Scene) -> None:
    scene.ask(fields=(TYPE,))
    found = scene.ask(fields=(TYPE, NAME, "sim_swap"))
    assert (found.line_type, found.caller_name) == (LineType.MOBILE, "ANN EXAMPLE")
    assert [fields for _, fields, _ in scene.provider.asked] == [(TYPE,), (NAME, "sim_swap")]
    assert scene.booked() == {("paid", TYPE): 1, ("paid", NAME): 1, ("paid", "sim_swap"): 1}


def test_an_answer_older_than_asked_for_is_bought_again(scene: Scene) -> None:
    scene.ask()
    scene.clock.move(timedelta(hours=2))
    assert scene.ask(max_age=timedelta(hours=3)).source is LookupSource.CACHE
    assert scene.ask(max_age=timedelta(hours=1)).source is LookupSource.LIVE
    scene.clock.move(timedelta(seconds=1))
    assert scene.ask(max_age=timedelta(0)).source is LookupSource.LIVE


def test_an_answer_that_is_no_longer_good_serves_as_a_stale_one_alone(scene: Scene) -> None:
    scene.ask()
    scene.clock.move(TTL + timedelta(hours=1))
    assert scene.ask(allow_stale=True).source is LookupSource.STALE
    assert scene.ask().source is LookupSource.LIVE
    assert scene.booked(30)[("stale", TYPE)] == 1


def test_without_any_answer_there_is_no_stale_one(scene: Scene) -> None:
    assert scene.cause(allow_stale=True) == "not_cached"
    assert scene.provider.asked == []


def test_an_invalid_number_is_remembered_and_costs_nothing(scene: Scene) -> None:
    scene.provider.answers[NUMBER] = replace(mobile(NUMBER), valid=False, validation_errors=("TOO_SHORT",))
    assert scene.ask().valid is False
    assert scene.ask(fields=(TYPE, NAME)).validation_errors == ("TOO_SHORT",)
    assert len(scene.provider.asked) == 1
    assert ("paid", TYPE) not in scene.booked()
    assert scene.lookups.spending.left("shop") == (None, None)


def test_a_range_libphonenumber_does_not_know_is_asked_for_free_first_unless_known_valid(scene: Scene) -> None:
    scene.ask(UNLISTED)
    scene.ask(UNLISTED, (TYPE, NAME))
    assert [valid for _, _, valid in scene.provider.asked] == [False, True]


def test_two_applications_share_the_cache_and_have_accounts_of_their_own(scene: Scene) -> None:
    scene.ask(app="shop")
    scene.ask(app="bank")
    rows = {(row.app, row.kind): row for row in scene.lookups.ledger.rows()}
    assert str(rows["shop", "paid"].usd) == str(rows["bank", "cache"].usd) == "0.008"


def test_with_the_cache_away_each_lookup_is_paid_and_none_fails(client: Any, tmp_path: Path) -> None:
    scene = Scene(client, cache_client=connect(f"unix://{tmp_path}/none"))
    assert [scene.ask().source for _ in range(2)] == [LookupSource.LIVE] * 2
    assert scene.booked() == {("paid", TYPE): 2}


def test_with_the_state_away_nothing_is_bought(tmp_path: Path) -> None:
    scene = Scene(connect(f"unix://{tmp_path}/none"), cached=False)
    with pytest.raises(StoreUnavailable):
        scene.ask()
    assert scene.provider.asked == []


def test_a_provider_that_costs_nothing_is_neither_cached_nor_charged(client: Any) -> None:
    scene = Scene(client, budget=DailyBudget(total=1))
    offline = replace(scene.lookups, provider=Offline())
    found = offline.lookup("+18005550100", (TYPE,), app="shop")
    assert (found.source, found.line_type, found.valid) == (LookupSource.OFFLINE, LineType.TOLL_FREE, None)
    assert scene.lookups.spending.left("shop")[0] == 1


def test_many_numbers_are_read_from_the_cache_in_one_round_trip(
    scene: Scene, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal.Renewal, "_renew", lambda self: None)  # no command beside those that are counted
    numbers = [f"+1415555010{n}" for n in range(5)]
    for number in numbers[:3]:
        scene.ask(number)
    before = client.info("stats")["total_commands_processed"]
    found = scene.lookups.cached(numbers, (TYPE,), max_age=None, app="shop")
    assert client.info("stats")["total_commands_processed"] - before == 2
    assert sorted(found) == numbers[:3]


def test_a_refused_question_is_given_back_and_an_unanswered_one_is_not(scene: Scene) -> None:
    for cause in ("refused_20001", "throttled", "account", "no_answer", "http_500"):
        scene.provider.answers[NUMBER] = LookupUnavailable(cause)
        assert scene.cause() == cause
    assert scene.booked() == {("paid", TYPE): 2}
