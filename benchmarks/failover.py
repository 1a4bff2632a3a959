"""Does a failover lose what was accepted? Traffic over a replicated Redis whose primary is killed with -9.

    python -m benchmarks.failover [--intents 600] [--failovers 3] [--seed N] [--json FILE]

It starts a primary, two replicas, three sentinels, two workers, two web processes and the sandbox on loopback. Each
killed primary comes back as a replica. Ends with status 1 unless all adds up and went on within a minute.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from tests.chaos.campaign import Plan
from tests.chaos.cluster import replicated
from tests.chaos.failover_campaign import run_failovers
from tests.chaos.telling import table_of


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.failover", description="Failovers under traffic, and the books.")
    parser.add_argument("--intents", type=int, default=600)
    parser.add_argument("--failovers", type=int, default=3)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--per-second", type=float, default=8.0, help="intents posted a second")
    parser.add_argument("--json", type=Path, help="write the summary to this file too")
    return parser.parse_args()


def main() -> int:
    asked = arguments()
    plan = Plan(asked.intents, asked.failovers, asked.seed, asked.per_second)
    with (
        tempfile.TemporaryDirectory(prefix="failover-") as home,
        replicated(Path(home), plan.seed) as (running, cluster),
    ):
        summary, why = run_failovers(running, cluster, plan)
    document = {"seed": plan.seed, **summary.document()}
    Console(width=100).print(table_of(plan.seed, summary))
    print(json.dumps(document))
    if asked.json:
        asked.json.write_text(json.dumps(document, indent=1) + "\n")
    if not summary.clean:
        print(why, file=sys.stderr)
    return 0 if summary.clean else 1


if __name__ == "__main__":
    sys.exit(main())
