"""Does anything get lost or come twice when processes are killed and Twilio loses answers? A long run, and its books.

    python -m benchmarks.chaos [--intents 2000] [--kills 20] [--seed N] [--real-times] [--json FILE]

It starts a Redis, two workers, two web processes and the sandbox on loopback, kills all but the sandbox at random, and
compares at the end what was accepted with what the sandbox was asked to send. Ends with status 1 unless all adds up.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.chaos.campaign import Plan, run
from tests.chaos.harness import REAL_TIMES, SHORT_TIMES, processes
from tests.chaos.reckoning import Summary

PER_SECOND = 20.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.chaos", description="Kills, lost answers, and the books.")
    parser.add_argument("--intents", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--per-second", type=float, default=PER_SECOND, help="intents posted a second")
    parser.add_argument("--real-times", action="store_true", help="searches after 30 and 120 s, a lease of 45 s")
    parser.add_argument("--json", type=Path, help="write the summary to this file too")
    return parser.parse_args()


def main() -> int:
    asked = arguments()
    plan = Plan(asked.intents, asked.kills, asked.seed, asked.per_second)
    times = REAL_TIMES if asked.real_times else SHORT_TIMES
    with tempfile.TemporaryDirectory(prefix="chaos-") as home, processes(Path(home), plan.seed, times=times) as running:
        summary, why = run(running, plan)
    document = {"seed": plan.seed, "real_times": asked.real_times, **summary.document()}
    Console(width=100).print(table_of(plan, summary))
    print(json.dumps(document))
    if asked.json:
        asked.json.write_text(json.dumps(document, indent=1) + "\n")
    if not summary.clean:
        print(why, file=sys.stderr)
    return 0 if summary.clean else 1


def table_of(plan: Plan, summary: Summary) -> Table:
    table = Table("what", "how many", title=f"Seed {plan.seed}")
    kills = ", ".join(f"{count} × {what}" for what, count in sorted(summary.kills.items()))
    rows = (
        ("accepted (202)", summary.accepted),
        ("requests repeated until then", summary.repeats),
        ("killed with -9", kills),
        ("create calls at the sandbox", summary.creates),
        ("intents that ended by a call", summary.by_call),
        ("attempts without an answer", summary.unknown),
        ("… found again", summary.found_by_search),
        ("… never created, and sent again", summary.never_created),
        ("searches", summary.searches),
        ("lost", summary.lost),
        ("doubled", summary.doubled),
        ("not in an end state", summary.unfinished),
        ("booked otherwise than it was", summary.misbooked),
        ("longest from a kill to the next send", f"{summary.resume_seconds} s"),
        ("longest from a 202 to its first send", f"{summary.wait_seconds} s"),
        ("whole run", f"{summary.seconds} s"),
    )
    for what, value in rows:
        table.add_row(what, str(value))
    return table


if __name__ == "__main__":
    sys.exit(main())
