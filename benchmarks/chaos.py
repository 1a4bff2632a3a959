"""Does anything get lost or come twice when processes are killed and Twilio loses answers? A long run, and its books.

    python -m benchmarks.chaos [--intents 2000] [--kills 20] [--seed N] [--real-times] [--json FILE]

It starts a Redis, two workers, two web processes and the sandbox on loopback, kills all but the sandbox at random, and
compares at the end what was accepted with what the sandbox was asked to send. Ends with status 1 if anything was lost,
came twice, did not end or was booked wrongly, or if after a kill due work lay still for more than a minute.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from tests.chaos.campaign import Plan, run
from tests.chaos.harness import REAL_TIMES, SHORT_TIMES, processes
from tests.chaos.telling import table_of

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
    Console(width=100).print(table_of(plan.seed, summary))
    print(json.dumps(document))
    if asked.json:
        asked.json.write_text(json.dumps(document, indent=1) + "\n")
    if not summary.clean:
        print(why, file=sys.stderr)
    return 0 if summary.clean else 1


if __name__ == "__main__":
    sys.exit(main())
