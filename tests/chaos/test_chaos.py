"""Processes killed at random under load, a Twilio that loses answers: nothing is lost and nothing comes twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from tests.chaos.caller import Accepted
from tests.chaos.campaign import Plan, run
from tests.chaos.faults import Kill
from tests.chaos.harness import processes
from tests.chaos.reckoning import Summary, idle_times
from tests.chaos.telling import table_of


@pytest.mark.timeout(210)
def test_kills_and_lost_answers_lose_nothing_and_double_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with processes(tmp_path, seed=10) as running:
        summary, why = run(running, Plan(intents=120, kills=4, seed=10, per_second=15, patience_seconds=60))
    with capsys.disabled():
        Console(width=100).print("", table_of(10, summary))
    assert summary.clean, f"{summary}\n{why}"
    assert summary.accepted == 120
    assert summary.kills == {"redis": 1, "web process": 1, "worker": 2}
    assert summary.unknown > 0, "no answer was lost: the run proves nothing"


def books(*creates: tuple[float, int]) -> list[tuple[float, int]]:
    return sorted(creates)


def taken(**at: float) -> dict[int, Accepted]:
    return {int(name[1:]): Accepted(int(name[1:]), name, moment, 1) for name, moment in at.items()}


def test_work_that_lies_still_after_a_kill_is_counted_from_the_kill() -> None:
    """One was due before the kill and went long after it, though the next was sent at once before."""
    kill = Kill("worker", 10.0)
    assert idle_times([kill], taken(n1=8.0, n2=9.5), books((9.0, 7), (25.0, 1), (26.0, 2))) == [15.0]


def test_time_without_due_work_is_not_counted() -> None:
    """After the kill nothing was due for long; what came then went out two seconds later."""
    kill = Kill("worker", 10.0)
    assert idle_times([kill], taken(n1=9.0, n2=50.0), books((11.0, 1), (52.0, 2))) == [2.0]


def test_a_retry_is_not_due_work_but_a_sign_of_life() -> None:
    assert idle_times([Kill("worker", 10.0)], taken(n1=9.0, n2=12.0), books((9.5, 1), (20.0, 1), (26.0, 2))) == [8.0]


def test_a_later_stall_counts_too_and_what_is_never_sent_counts_to_the_end() -> None:
    creates = books((11.0, 1), (80.0, 2))
    assert idle_times([Kill("redis", 10.0), Kill("redis", 30.0)], taken(n1=9.0, n2=12.0), creates) == [68.0, 50.0]
    assert idle_times([Kill("redis", 10.0)], taken(n1=9.0, n2=100.0, n3=20.0), books((11.0, 1), (90.0, 2))) == [70.0]


def test_a_run_that_lay_still_for_more_than_a_minute_is_not_clean() -> None:
    clean = Summary(1, 0, 0, {}, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 60.0, 1.0, 9.0)
    assert clean.clean
    assert not replace(clean, idle_seconds=60.1).clean
