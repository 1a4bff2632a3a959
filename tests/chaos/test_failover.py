"""The primary is killed under traffic: what a 202 was given for is on the replica that takes over."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.campaign import Plan
from tests.chaos.cluster import replicated
from tests.chaos.failover_campaign import run_failovers
from tests.chaos.harness import until


@pytest.mark.timeout(300)
def test_a_killed_primary_loses_no_accepted_intent_and_doubles_none(tmp_path: Path) -> None:
    with replicated(tmp_path, seed=3) as (running, cluster):
        first = cluster.primary()
        summary, why = run_failovers(running, cluster, Plan(100, 1, seed=3, per_second=12, patience_seconds=60))
        until(lambda: cluster.primary() not in (first, None), 30, lambda: "the sentinels name none, or the killed one")
    assert summary.clean, f"{summary}\n{why}"
    assert summary.accepted == 100
