"""Does every intent end as the provider says, with reports duplicated, reordered, delayed, dropped, and calls failing?

    python -m benchmarks.disorder [--intents 1000] [--minutes 8]

It runs the whole gateway against the sandbox with all its faults on, over an embedded Redis of its own.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from pathlib import Path

import structlog
from rich.console import Console
from rich.table import Table

from gateway.adapters.embedded import EmbeddedRedis
from tests.disorder import Found, disorderly, play


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--intents", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=8.0)
    given = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedRedis.start(Path(folder), maxmemory="1gb") as store,
        disorderly(store.url, Path(folder), concurrency=32) as stack,
    ):
        found = play(stack, given.intents, given.minutes * 60)
    show(found, given.intents)
    return 1 if found.lost or found.extra or found.differing else 0


def show(found: Found, intents: int) -> None:
    table = Table(title=f"{intents} intents in disorder, {found.seconds} s", show_header=False)
    for status, count in sorted(found.statuses.items()):
        table.add_row(f"ended as {status}", str(count))
    table.add_row("attempts", str(found.attempts))
    for name in ("lost", "extra", "differing"):
        table.add_row(name, str(len(getattr(found, name))))
    console = Console(width=100)
    console.print(table)
    for line in (*found.lost, *found.extra, *found.differing)[:20]:
        console.print(line, markup=False)


if __name__ == "__main__":
    raise SystemExit(main())
