"""Does the opt-out list stay flat? Memory per address and time per look-up at 1,000 and at 1,000,000 addresses.

    python -m benchmarks.suppressions [SIZE …]

It runs against an embedded server of its own, in a temporary directory, with the settings of a real one.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

from rich.console import Console
from rich.table import Table

from gateway.adapters.embedded import EmbeddedRedis
from gateway.adapters.store.codec import Sealer
from gateway.adapters.store.connection import Client, connect
from gateway.adapters.store.known import read_known
from gateway.adapters.store.names import Hasher
from gateway.adapters.store.suppressions import Suppressions
from gateway.model import SuppressionEntry

SIZES = (1_000, 1_000_000)
CALLS = 5_000
COLUMNS = (
    "addresses", "added/s", "bytes each", "found, p50 µs", "found, p99 µs", "not found, p50 µs", "known, p50 µs",
    "page of 100, ms", "count, µs",
)  # fmt: skip


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def main(sizes: tuple[int, ...]) -> None:
    table = Table(*COLUMNS, title="Opt-out list")
    with tempfile.TemporaryDirectory() as directory, EmbeddedRedis.start(Path(directory), maxmemory="4gb") as server:
        client = connect(server.url, timeout_seconds=60)
        for size in sizes:
            client.flushall()
            table.add_row(*measured(client, size))
    Console(width=120).print(table)


def measured(client: Client, size: int) -> Iterator[str]:
    hasher = Hasher(os.urandom(32))
    listed = Suppressions(client, Sealer(os.urandom(32)), hasher, WallClock())
    entry = SuppressionEntry("all", "import", datetime.now(UTC), who="operator")
    empty = client.info("memory")["used_memory"]
    began = time.perf_counter()
    added = listed.import_many((number(n), entry) for n in range(size))
    took = time.perf_counter() - began
    if added != size or listed.count() != size:
        raise SystemExit(f"{size} addresses were to be added, {added} were")
    yield f"{size:,}"
    yield f"{size / took:,.0f}"
    yield f"{(client.info('memory')['used_memory'] - empty) / size:.0f}"
    found = timed(lambda n: listed.entries(number(n % size)))
    yield from (f"{quantiles(found, n=100)[at - 1]:.0f}" for at in (50, 99))
    yield median(timed(lambda n: listed.entries(number(size + n))))
    now = entry.at
    yield median(
        timed(lambda n: read_known(client, hasher, now, app="a", number=number(n % size), email=None, identity=None))
    )
    yield f"{middle(timed(lambda n: listed.page(f'{n % 65_536:04x}' + '0' * 28, 100), calls=100)) / 1000:.1f}"
    yield median(timed(lambda n: listed.count()))


def number(n: int) -> str:
    return f"+1415{n:07d}"


def timed(call: Callable[[int], object], calls: int = CALLS) -> list[float]:
    """Microseconds of each call, in random places of the list."""
    places = [random.randrange(1_000_000) for _ in range(calls)]
    found = []
    for place in places:
        began = time.perf_counter()
        call(place)
        found.append((time.perf_counter() - began) * 1_000_000)
    return found


def middle(times: list[float]) -> float:
    return quantiles(times, n=100)[49]


def median(times: list[float]) -> str:
    return f"{middle(times):.0f}"


if __name__ == "__main__":
    main(tuple(int(size) for size in sys.argv[1:]) or SIZES)
