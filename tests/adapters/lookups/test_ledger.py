"""The ledger: what was paid is booked with the charge, what was spared once a second."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.adapters.lookups import Ledger, renewal
from gateway.adapters.store.connection import connect
from gateway.errors import StoreUnavailable
from tests.adapters.lookups.scene import NAME, PRICES, TYPE, Scene, Watch, until


def test_an_answer_from_the_cache_is_booked_without_a_round_trip(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal.Renewal, "_renew", lambda self: None)  # no command beside those that are counted
    scene = Scene(client)
    scene.ask()
    before = client.info("stats")["total_commands_processed"]
    for _ in range(10):
        scene.ask()
    assert client.info("stats")["total_commands_processed"] - before == 11  # ten reads and this look
    assert scene.booked()[("cache", TYPE)] == 10


def test_what_was_spared_is_written_by_itself(client: Any) -> None:
    ledger = Ledger(client, Watch(), PRICES)
    ledger.note("shop", "cache", (TYPE,))
    other = Ledger(client, Watch(), PRICES)
    until(lambda: bool(other.rows()))
    assert other.totals() == {"cache": (1, Decimal("0.008"))}


def test_what_could_not_be_written_is_kept(client: Any, tmp_path: Path) -> None:
    ledger = Ledger(connect(f"unix://{tmp_path}/none"), Watch(), PRICES)
    ledger.note("shop", "cache", (TYPE,))
    with pytest.raises(StoreUnavailable):
        ledger.flush()
    ledger._client = client
    assert [row.count for row in ledger.rows()] == [1]


def test_each_day_stands_alone_and_a_price_that_changed_changes_nothing_paid(client: Any) -> None:
    scene = Scene(client)
    scene.ask(fields=(TYPE, NAME))
    scene.clock.move(timedelta(days=1))
    scene.lookups.ledger._prices[TYPE] = Decimal("1")
    scene.ask("+14155550101")
    assert [(row.field, row.usd) for row in scene.lookups.ledger.rows()] == [(TYPE, Decimal(1))]
    whole = scene.lookups.ledger.rows(2)
    assert [(row.field, row.usd) for row in whole[1:]] == [(NAME, Decimal("0.01")), (TYPE, Decimal("0.008"))]


def test_an_application_is_shown_alone(client: Any) -> None:
    scene = Scene(client)
    scene.ask(app="shop")
    scene.ask("+14155550101", app="bank")
    assert [row.app for row in scene.lookups.ledger.rows(app="bank")] == ["bank"]
    assert scene.lookups.ledger.totals() == {"paid": (2, Decimal("0.016"))}
