"""Does a worker stay as fast when much waits, and when much is stored?

    python -m benchmarks.backlog [--waiting 100000] [--stored 1000000] [--rounds 4] [--latency-ms 50] [drain stored]

`drain`: so many intents are due at once; how fast is each tenth of them sent? `stored`: so many intents are kept beside
those that are sent; how fast, against a store with a thousand, and how much memory each takes. Both stores are measured
in turn, round by round, so that what else the machine does falls on both; each ratio is of two neighbours.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import signal
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.resources import files
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.bulk import accept_many
from benchmarks.dispatch import counts
from benchmarks.processes import fake_twilio, started
from benchmarks.seeding import environment
from gateway.adapters.embedded import EmbeddedRedis
from gateway.adapters.store.connection import Client, connect

WORKER = ("-m", "gateway", "worker")
TOMORROW = timedelta(days=1)
FEW, SECONDS, WARM_SECONDS, MOST_PER_SECOND = 1_000, 10.0, 3.0, 800
PATIENCE_SECONDS = 60.0
FLAT = 0.9
SLOW_MICROSECONDS = 10_000


def drain(waiting: int, latency_ms: int) -> None:
    table = Table("sent", "sends/s", "longest queue", title=f"{waiting:,} intents due at once, Twilio {latency_ms} ms")
    rates = []
    with _store(latency_ms, home="drained") as store:
        store.fill(waiting, timedelta(0))
        with started(WORKER, store.env, log=store.home / "worker.log"):
            for part in range(1, 11):
                rate, longest = _until(store, waiting * part // 10, of_first=part == 1)
                rates.append(rate)
                table.add_row(f"{waiting * part // 10:,}", f"{rate:.0f}", str(longest))
        slow = store.slow_commands()
    verdict = f"last tenth against the first: {rates[-1] / rates[0]:.2f} ({_flat(rates)}); commands: {slow}"
    Console(width=120).print(table, verdict)


def _until(store: Store, sent: int, *, of_first: bool) -> tuple[float, int]:
    """Sends per second until so many are sent, and the longest queue seen. The worker's own start is not counted."""
    if of_first:
        while store.sent() < sent // 10:
            time.sleep(0.05)
    began, before, longest = time.monotonic(), store.sent(), 0
    while (taken := store.sent()) < sent:
        longest = max(longest, store.client.llen("rq:queue:normal"))
        time.sleep(0.1)
    return (taken - before) / (time.monotonic() - began), longest


def _flat(rates: list[float]) -> str:
    return "flat" if rates[-1] >= FLAT * rates[0] else "not flat"


def stored(many: int, latency_ms: int, rounds: int) -> None:
    """`few` is emptied before each of its rounds: what the last one sent would be stored in it too."""
    with _store(latency_ms, home="few") as few, _store(latency_ms, home="many") as lots:
        lots.fill(many, TOMORROW)
        for turn in range(rounds):
            few.client.flushall()
            few.fill(FEW, TOMORROW)
            for store in (few, lots) if turn % 2 == 0 else (lots, few):
                store.rates.append(_rate(store))
        _print_stored(few, lots, many)


def _print_stored(few: Store, lots: Store, many: int) -> None:
    table = Table("stored", "sends/s by round", "median", "bytes each", "filled in", "slow commands")
    table.title = "Throughput beside what is stored"
    for store, count in ((few, FEW), (lots, many)):
        by_round = " ".join(f"{rate:.0f}" for rate in store.rates)
        median = f"{statistics.median(store.rates):.0f}"
        seconds = f"{store.fill_seconds:.0f} s"
        each = f"{store.bytes_each:.0f}" if store is lots else "too few to tell"
        table.add_row(f"{count:,}", by_round, median, each, seconds, store.slow_commands())
    ratios = [b / a for a, b in zip(few.rates, lots.rates, strict=True)]
    each = " ".join(f"{ratio:.2f}" for ratio in ratios)
    verdict = f"{many:,} against {FEW:,}, by round: {each}; median {statistics.median(ratios):.2f}"
    Console(width=120).print(table, verdict)


def _rate(store: Store) -> float:
    """Sends per second of a worker that is warm and has more to do than it can."""
    store.settle()
    accept_many(store.env, range(round(MOST_PER_SECOND * (SECONDS + WARM_SECONDS))))
    before = store.sent()
    with started(WORKER, store.env, log=store.home / "worker.log") as pid:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while store.sent() == before:
            if time.monotonic() > deadline:
                raise SystemExit(f"nothing is sent: {(store.home / 'worker.log').read_text()[-2000:]}")
            time.sleep(0.05)
        time.sleep(WARM_SECONDS)
        before, began = store.sent(), time.monotonic()
        time.sleep(SECONDS)
        rate = (store.sent() - before) / (time.monotonic() - began)
        os.killpg(pid, signal.SIGTERM)
        while counts(store.twilio)["open"]:
            time.sleep(0.05)
    return rate


@dataclass
class Store:
    """A Redis with what the gateway keeps in it, and a Twilio of its own."""

    env: dict[str, str]
    twilio: str
    home: Path
    client: Client
    rates: list[float] = field(default_factory=list)
    bytes_each: float = 0.0
    fill_seconds: float = 0.0

    def sent(self) -> int:
        return counts(self.twilio)["taken"]

    def fill(self, count: int, after: timedelta) -> None:
        """Two processes, because writing them down costs more here than storing them does there."""
        empty, began = self.client.info("memory")["used_memory"], time.monotonic()
        halves = (range(count // 2), range(count // 2, count))
        spawn = get_context("spawn")
        fillers = [spawn.Process(target=accept_many, args=(self.env, h), kwargs={"after": after}) for h in halves]
        for filler in fillers:
            filler.start()
        for filler in fillers:
            filler.join()
            if filler.exitcode:
                raise SystemExit("the store could not be filled")
        self.fill_seconds = time.monotonic() - began
        self.client.slowlog_reset()
        self.bytes_each = (self.client.info("memory")["used_memory"] - empty) / count

    def settle(self) -> None:
        """Until Redis rewrites its file no more, which would take a processor from what is measured."""
        self.client.config_set("auto-aof-rewrite-percentage", 0)
        while self.client.info("persistence")["aof_rewrite_in_progress"]:
            time.sleep(0.2)

    def slow_commands(self) -> str:
        """Redis' own log of commands that took long, without those that filled it."""
        found = self.client.slowlog_get(128)
        if not found:
            return f"none took {SLOW_MICROSECONDS // 1000} ms"
        worst = max(found, key=lambda entry: entry["duration"])
        named = _told(worst["command"])
        return f"{len(found)} took {SLOW_MICROSECONDS // 1000} ms, longest {worst['duration'] / 1000:.0f} ms: {named}"


def _told(command: bytes) -> str:
    """The name of a command, and of the script that it ran."""
    name, _, rest = command.decode("utf-8", "replace").partition(" ")
    for script in files("gateway.adapters.store").joinpath("lua").iterdir():
        if hashlib.sha1(script.read_bytes(), usedforsecurity=False).hexdigest() == rest[:40]:
            return script.name
    return name


@contextlib.contextmanager
def _store(latency_ms: int, home: str) -> Iterator[Store]:
    with (
        tempfile.TemporaryDirectory(prefix=f"gw-{home}-") as directory,
        EmbeddedRedis.start(Path(directory), maxmemory="16gb") as store,
        fake_twilio(latency_ms) as twilio,
    ):
        client = connect(store.url, timeout_seconds=60)
        client.config_set("slowlog-log-slower-than", SLOW_MICROSECONDS)
        yield Store(environment(store.url, twilio), twilio, Path(directory), client)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", metavar="PART", help="drain, stored; default both")
    parser.add_argument("--waiting", type=int, default=100_000)
    parser.add_argument("--stored", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--latency-ms", type=int, default=50)
    chosen = parser.parse_args()
    if not chosen.parts or "drain" in chosen.parts:
        drain(chosen.waiting, chosen.latency_ms)
    if not chosen.parts or "stored" in chosen.parts:
        stored(chosen.stored, chosen.latency_ms, chosen.rounds)
