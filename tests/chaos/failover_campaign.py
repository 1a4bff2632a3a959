"""One run over a replicated store: traffic, and primaries that are killed under it."""

from __future__ import annotations

import threading
import time

from tests.chaos.caller import Caller
from tests.chaos.campaign import Plan, until_final
from tests.chaos.cluster import Cluster
from tests.chaos.faults import Kill, set_faults, standing_faults
from tests.chaos.harness import Processes, until
from tests.chaos.reckoning import Summary, books_of, explained, reckon


def run_failovers(processes: Processes, cluster: Cluster, plan: Plan) -> tuple[Summary, str]:
    """`plan.kills` primaries are killed, evenly spread; each comes back as a replica before the next."""
    began = time.monotonic()
    set_faults(processes.sandbox_url, standing_faults(), plan.seed)
    caller, kills, errors = Caller(processes.url, plan.seed), [], []
    span = plan.intents / plan.per_second

    def killing() -> None:
        try:
            for n in range(plan.kills):
                time.sleep(max(0.0, began + span * (n + 0.4) / plan.kills - time.monotonic()))
                kills.append(Kill("primary", time.time()))
                _one(cluster)
        except BaseException as err:
            errors.append(err)
            raise

    thread = threading.Thread(target=killing, name="killer")
    thread.start()
    try:
        caller.post_all(plan.intents, plan.per_second)
    finally:
        thread.join()
    assert not errors, errors
    intents = until_final(processes, caller, plan.patience_seconds)
    books = books_of(processes.sandbox_url)
    summary = reckon(books, caller.accepted, intents, kills, len(caller.refused), time.monotonic() - began)
    why = "" if summary.clean else f"{explained(books, caller.accepted, intents)}\n{list(caller.refused.items())[:5]}"
    return summary, why


def _one(cluster: Cluster) -> None:
    killed = cluster.fail_over()
    cluster.nodes[killed].start()
    until(lambda: cluster.confirming(cluster.primary() or 0) == 2, 60, lambda: f"{killed} does not follow again")
