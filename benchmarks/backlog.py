"""Does a worker stay as fast when much waits, and when much is stored?

    python -m benchmarks.backlog [--waiting 100000] [--stored 1000000] [--latency-ms 50] [drain stored]

`drain`: so many intents are due at once; how fast is each tenth of them sent? `stored`: so many intents are kept beside
those that are sent; how fast, against a store with a thousand, and how much memory each takes.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.bulk import accept_many
from benchmarks.dispatch import counts
from benchmarks.processes import fake_twilio, started
from benchmarks.seeding import environment
from gateway.adapters.embedded import EmbeddedRedis
from gateway.adapters.store.connection import connect

WORKER = ("-m", "gateway", "worker")
TOMORROW = timedelta(days=1)
FEW, SECONDS, WARM_SECONDS = 1_000, 10.0, 3.0


def drain(waiting: int, latency_ms: int) -> None:
    table = Table("sent", "sends/s", "longest queue", title=f"{waiting:,} intents due at once, Twilio {latency_ms} ms")
    with _running(latency_ms) as (env, home):
        twilio = env["TWILIO_API_BASE_URL"]
        _fill(env, waiting, timedelta(0))
        queue = connect(env["REDIS_URL"])
        with started(WORKER, env, log=home / "worker.log"):
            for part in range(1, 11):
                until, began, before = waiting * part // 10, time.monotonic(), counts(twilio)["taken"]
                longest = 0
                while (taken := counts(twilio)["taken"]) < until:
                    longest = max(longest, queue.llen("rq:queue:normal"))
                    time.sleep(0.1)
                rate = (taken - before) / (time.monotonic() - began)
                table.add_row(f"{taken:,}", f"{rate:.0f}", str(longest))
    Console(width=120).print(table)


def stored(many: int, latency_ms: int) -> None:
    table = Table("stored", "sends/s", "of the first", "bytes per intent", title="Throughput beside what is stored")
    first = 0.0
    for count in (FEW, many):
        rate, size = _beside(count, latency_ms)
        first = first or rate
        table.add_row(f"{count:,}", f"{rate:.0f}", f"{rate / first:.2f}", f"{size:.0f}")
    Console(width=120).print(table)


def _beside(count: int, latency_ms: int) -> tuple[float, float]:
    """Sends per second, and bytes of memory per stored intent."""
    with _running(latency_ms) as (env, home):
        twilio, client = env["TWILIO_API_BASE_URL"], connect(env["REDIS_URL"], timeout_seconds=60)
        empty = client.info("memory")["used_memory"]
        _fill(env, count, TOMORROW)
        size = (client.info("memory")["used_memory"] - empty) / count
        accept_many(env, range(round(64_000 / latency_ms * (SECONDS + WARM_SECONDS + 3))))
        with started(WORKER, env, log=home / "worker.log"):
            while not counts(twilio)["taken"]:
                time.sleep(0.05)
            time.sleep(WARM_SECONDS)
            before, began = counts(twilio)["taken"], time.monotonic()
            time.sleep(SECONDS)
            return (counts(twilio)["taken"] - before) / (time.monotonic() - began), size


@contextlib.contextmanager
def _running(latency_ms: int) -> Iterator[tuple[dict[str, str], Path]]:
    """A store and a Twilio: the worker's environment, and a directory."""
    with (
        tempfile.TemporaryDirectory(prefix="gw-") as home,
        EmbeddedRedis.start(Path(home), maxmemory="16gb") as store,
        fake_twilio(latency_ms) as twilio,
    ):
        yield environment(store.url, twilio), Path(home)


def _fill(env: dict[str, str], count: int, after: timedelta) -> None:
    """Two processes, because writing them down costs more here than storing them does there."""
    halves = (range(count // 2), range(count // 2, count))
    fillers = [get_context("spawn").Process(target=accept_many, args=(env, h), kwargs={"after": after}) for h in halves]
    for filler in fillers:
        filler.start()
    for filler in fillers:
        filler.join()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", metavar="PART", help="drain, stored; default both")
    parser.add_argument("--waiting", type=int, default=100_000)
    parser.add_argument("--stored", type=int, default=1_000_000)
    parser.add_argument("--latency-ms", type=int, default=50)
    chosen = parser.parse_args()
    if not chosen.parts or "drain" in chosen.parts:
        drain(chosen.waiting, chosen.latency_ms)
    if not chosen.parts or "stored" in chosen.parts:
        stored(chosen.stored, chosen.latency_ms)
