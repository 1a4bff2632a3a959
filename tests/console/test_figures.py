"""Counters become tables and lines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.adapters.store.connection import Client
from gateway.adapters.store.series import SLOT, Sample, Series
from gateway.console import figures, shown

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_counters_are_arranged_by_channel_line_type_and_cause() -> None:
    today = figures.today(
        {
            "intents:accepted:notification": 5,
            "intents:accepted:mfa": 2,
            "ended:delivered:sms:mobile": 3,
            "ended:failed:sms:mobile": 1,
            "attempts:started:sms:": 4,
            "attempts:failed:sms:content": 1,
            "codes:sms:30007": 1,
            "handed:ms": 12,
        }
    )
    assert (today.accepted, today.ended, today.good_share) == (7, 4, 0.75)
    assert today.channels["sms"] == {"started": 4, "failed": 1}
    assert today.lines["mobile"] == {"delivered": 3, "failed": 1}
    assert list(today.classes) == [("sms", "content", 1)] and list(today.codes) == [("sms", "30007", 1)]


def test_a_flow_is_what_was_added_and_a_counter_that_fell_began_anew() -> None:
    samples = [Sample(NOON + n * SLOT, {"status:failed": value}) for n, value in enumerate((10, 14, 3, 4))]
    flow = figures.flows(samples, "status:", ("failed", "expired"))
    assert flow["lines"] == [{"name": "failed", "values": [4, 0, 1]}]
    assert len(flow["at"]) == 3


def test_one_sample_per_slot_however_many_try(client: Client) -> None:
    series = Series(client)
    assert series.note(NOON, {"a": 1})
    assert not series.note(NOON + timedelta(seconds=30), {"a": 2})
    assert series.note(NOON + SLOT, {"a": 3})
    assert [sample.figures["a"] for sample in series.since(NOON - SLOT)] == [1, 3]


def test_spans_are_short() -> None:
    assert [shown.span(s) for s in (0, 5, 65, 3600, 93_784)] == ["0 s", "5 s", "1 min 5 s", "1 h", "1 d 2 h"]
