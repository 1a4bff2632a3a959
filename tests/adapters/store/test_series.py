"""Samples over time, also when one of the clocks was wrong for a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.adapters.store.connection import Client
from gateway.adapters.store.series import SLOT, Series


def sampled(series: Series) -> list[float]:
    return [sample.figures["n"] for sample in series.since(datetime(2020, 1, 1, tzinfo=UTC))]


def test_a_sample_of_a_fast_clock_does_not_stop_the_others(client: Client) -> None:
    series, now = Series(client), datetime.now(UTC)
    assert series.note(now - 2 * SLOT, {"n": 1})
    assert series.note(now + timedelta(days=3650), {"n": 99})
    assert series.note(now - SLOT, {"n": 2})
    assert series.note(now, {"n": 3})
    assert sampled(series) == [1, 2, 3]


def test_a_slow_clock_takes_nothing_away(client: Client) -> None:
    series, now = Series(client), datetime.now(UTC)
    assert series.note(now, {"n": 1})
    assert series.note(now + SLOT, {"n": 2}), "a little fast is no matter"
    assert not series.note(now - timedelta(days=1), {"n": 3})
    assert sampled(series) == [1, 2]
