"""The batch's parts alone: pace, budget, checkpoint, and the comparison of two policies."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.adapters.lookups import Offline
from gateway.batch import Budget, Plan
from gateway.batch.checkpoint import Checkpoint, NotResumable, locked, read_journal
from gateway.batch.comparing import STEP_PRICES, compared, cost_of
from gateway.batch.shop import in_flight_for, processes_for
from gateway.errors import InvalidRequest
from gateway.settings import Settings
from tests.batch.lists import write_csv


@pytest.mark.parametrize(("rate", "in_flight", "processes"), [(0.1, 9, 1), (20, 18, 1), (500, 258, 2), (5000, 1000, 9)])
def test_processes_and_calls_at_once_are_enough_for_the_rate(
    rate: float, in_flight: int, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 9)
    assert (in_flight_for(rate), processes_for(rate)) == (in_flight, processes)


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("12.50", Budget(usd=Decimal("12.50"))),
        ("$3", Budget(usd=Decimal(3))),
        ("3 USD", Budget(usd=Decimal(3))),
        ("500lookups", Budget(lookups=500)),
        ("500x", Budget(lookups=500)),
    ],
)
def test_a_budget_is_dollars_or_lookups(text: str, budget: Budget) -> None:
    assert Budget.parse(text) == budget


@pytest.mark.parametrize("text", ["", "much", "-1", "1.5lookups", "1e3", "NaN"])
def test_a_budget_that_is_neither_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        Budget.parse(text)


def plan(tmp_path: Path, **more: str) -> Plan:
    source = tmp_path / "in.csv"
    if not source.exists():
        write_csv(source, [["phone"], ["+14155550100"]])
    return Plan(source, tmp_path / "out.csv", ("line_type_intelligence",), **more)


def test_a_checkpoint_is_read_as_it_was_written(tmp_path: Path) -> None:
    one = plan(tmp_path)
    checkpoint = Checkpoint(one.fingerprint, rows=3, length=99, planned_usd=Decimal("0.016"), planned_lookups=2)
    row = dict.fromkeys(("valid", "line_type", "route", "error"), "") | {"source": "live", "cost": "0.008"}
    checkpoint.tally.add(row, Decimal("0.008"))
    checkpoint.save(one.beside("checkpoint"))
    one.beside("part").write_bytes(b"x" * 100)
    assert Checkpoint.load(one) == checkpoint


@pytest.mark.parametrize("left", [None, 0, 98])
def test_a_checkpoint_whose_rows_are_gone_keeps_only_the_name_of_its_batch(tmp_path: Path, left: int | None) -> None:
    one = plan(tmp_path)
    Checkpoint(one.fingerprint, rows=3, length=99, planned_lookups=2, batch="b").save(one.beside("checkpoint"))
    if left is not None:
        one.beside("part").write_bytes(b"x" * left)
    assert Checkpoint.load(one) == Checkpoint(one.fingerprint, batch="b")


def test_a_checkpoint_of_another_question_or_input_is_refused(tmp_path: Path) -> None:
    Checkpoint(plan(tmp_path).fingerprint).save(plan(tmp_path).beside("checkpoint"))
    with pytest.raises(NotResumable):
        Checkpoint.load(plan(tmp_path, purpose="mfa"))
    write_csv(tmp_path / "in.csv", [["phone"], ["+14155550101"], ["+14155550102"]])
    with pytest.raises(NotResumable):
        Checkpoint.load(plan(tmp_path))


def test_a_run_may_go_on_faster_and_elsewhere(tmp_path: Path) -> None:
    one = plan(tmp_path)
    other = replace(one, rate=500.0, in_flight=300, distributed=True)
    assert other.fingerprint == one.fingerprint
    assert replace(one, country="US").fingerprint != one.fingerprint


def test_a_torn_last_line_of_the_journal_is_left_out(tmp_path: Path) -> None:
    journal = tmp_path / "j"
    journal.write_text('{"row":1,"lookup":{}}\n{"row":2,"lookup":{}}\n{"row":3,"loo')
    assert [row for row, _ in read_journal(journal, 2)] == [2]


def test_two_runs_do_not_write_beside_the_same_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gateway.batch import checkpoint

    monkeypatch.setattr(checkpoint, "PATIENCE_SECONDS", 0.1)
    locked(tmp_path / "lock")
    with pytest.raises(NotResumable):
        locked(tmp_path / "lock")


def test_a_changed_policy_is_told_by_its_moves_and_their_cost(tmp_path: Path) -> None:
    new = tmp_path / "new.toml"
    new.write_text('[purposes.notification]\nmobile = ["voice"]\n[policy]\nallow_countries = ["US", "CA", "GB"]\n')
    rows = [
        ["phone", "line_type", "valid"],
        *([f"+1415555010{n}", "mobile", "true"] for n in range(4)),
        ["+14155550110", "landline", "true"],
        ["+442079460100", "landline", "true"],
        ["nobody", "", ""],
    ]
    source = write_csv(tmp_path / "in.csv", rows)
    old_policy, new_policy = Settings.load(None, {}).policy, Settings.load(new, {}).policy
    digits = Offline()
    found = compared(
        old_policy,
        new_policy,
        Plan(source, source, ()),
        lambda number: digits.fetch(number, ()),
        datetime.now(UTC),
    )
    assert (found.rows, found.skipped, found.moved) == (7, 1, 5)
    assert found.moves == {("sms>voice", "voice"): 4, ("country_not_allowed", "voice"): 1}
    assert found.usd == 4 * (STEP_PRICES["voice"] - STEP_PRICES["sms"]) + STEP_PRICES["voice"]


def test_a_way_costs_its_first_proof_and_its_first_delivery() -> None:
    prices = {"sms": Decimal(1), "voice": Decimal(2), "verify": Decimal(10)}
    costs = [cost_of(way, prices) for way in ("sms>voice", "verify:call>voice", "verify", "no_route")]
    assert costs == [1, 12, 10, 0]
