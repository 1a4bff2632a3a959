"""Is a number paid for once, and what does an answer from the cache cost? Requests in a crowd, then a long skewed run.

    python -m benchmarks.lookups [REQUESTS NUMBERS]

200 requests of 4 processes for 20 cold numbers; the same with one process killed; then REQUESTS (100,000) for NUMBERS
(20,000) by Zipf's law: hit rate, and the time of the decision with an answer from the cache and with a bought one. It
runs against an embedded server and a sandbox of its own, whose Lookup takes 100 ms.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from statistics import quantiles
from typing import Any

import phonenumbers
import requests
from rich.console import Console
from rich.table import Table

from gateway import pipeline, sandbox, wiring
from gateway.adapters.embedded import EmbeddedRedis
from gateway.adapters.store.connection import Client, connect
from gateway.errors import LookupUnavailable, Refused
from gateway.ids import ulid
from gateway.model import Content, Intent, Recipient
from gateway.settings import Settings

LATENCY_MS = 100
TYPE = "line_type_intelligence"
READY, GO = "bench:ready", "bench:go"
ODD = frozenset(range(30, 38))
"""Last digits at which the sandbox's Lookup fails, or has nothing to say."""


def numbers(count: int) -> list[str]:
    """Distinct numbers for fiction, in ranges that libphonenumber knows."""
    found = []
    for area in range(201, 990):
        if not phonenumbers.is_valid_number(phonenumbers.parse(f"+1{area}5550100")):
            continue
        found += [f"+1{area}55501{n:02d}" for n in range(100) if n not in ODD]
        if len(found) >= count:
            return found[:count]
    raise SystemExit(f"there are only {len(found)} numbers for fiction")


@contextmanager
def surroundings() -> Iterator[dict[str, str]]:
    """The environment of a gateway: Redis and the sandbox, each a process of its own."""
    argv = [sys.executable, "-m", "gateway.sandbox", "--port", "0", "--latency-ms", str(LATENCY_MS)]
    with (
        tempfile.TemporaryDirectory() as home,
        EmbeddedRedis.start(Path(home), maxmemory="2gb") as store,
        subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as twilio,
    ):
        assert twilio.stdout is not None
        url = twilio.stdout.readline().split()[-1].rstrip("/")
        try:
            yield {
                "REDIS_URL": store.url,
                "TWILIO_API_BASE_URL": url,
                "TWILIO_ACCOUNT_SID": sandbox.SANDBOX_ACCOUNT_SID,
                "TWILIO_AUTH_TOKEN": sandbox.SANDBOX_AUTH_TOKEN,
                "GATEWAY_SECRET_KEY": "a secret key for benchmarks",
                "GATEWAY_HASH_KEY": "a hash key for benchmarks",
                "GATEWAY_DATA_KEY": "a data key for benchmarks",
            }
        finally:
            twilio.terminate()


def paid(environment: Mapping[str, str]) -> int:
    counts = requests.get(f"{environment['TWILIO_API_BASE_URL']}/_sandbox/counts", timeout=30).json()
    return sum(sum(fields.values()) for fields in counts["paid_lookups"].values())


# ---- a crowd


def crowd(environment: Mapping[str, str], *, kill: bool) -> tuple[int, Counter[str]]:
    """What was paid, and how the requests were answered."""
    client = connect(environment["REDIS_URL"])
    client.flushall()
    before = paid(environment)
    argv = [sys.executable, "-m", "benchmarks.lookups", "--process"]
    processes = [
        subprocess.Popen(argv, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    until(lambda: int(client.get(READY) or 0) == 4)
    client.set(GO, 1)
    if kill:
        time.sleep(0.05)
        processes[0].kill()
    answers: Counter[str] = Counter()
    for process in processes:
        said = process.communicate(timeout=60)[0]
        answers.update(json.loads(said) if said.strip() else {})
    return paid(environment) - before, answers


def member() -> None:
    """One process of the crowd: 50 threads at once, each number in turn."""
    gateway = wiring.build(Settings.load())
    asked = numbers(20)
    client: Client = gateway.client
    barrier = threading.Barrier(51)

    def ask(place: int) -> str:
        barrier.wait()
        try:
            return gateway.lookups.lookup(asked[place % 20], (TYPE,), app="bench").source.value
        except LookupUnavailable as err:
            return err.cause

    with ThreadPoolExecutor(50) as pool:
        answers = [pool.submit(ask, place) for place in range(50)]
        client.incr(READY)
        until(lambda: bool(client.exists(GO)))
        barrier.wait()
        print(json.dumps(Counter(answer.result() for answer in answers)))


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        if time.monotonic() > deadline:
            raise SystemExit("it did not come about")
        time.sleep(0.002)


# ---- a long run


def skewed(environment: Mapping[str, str], count: int, distinct: int) -> dict[str, list[float]]:
    """Milliseconds of each decision, by where its answer came from."""
    connect(environment["REDIS_URL"]).flushall()
    gateway = wiring.build(Settings.load(None, environment))
    asked = numbers(distinct)
    weights = list(accumulate(1 / rank for rank in range(1, distinct + 1)))
    chosen = random.Random(1).choices(asked, cum_weights=weights, k=count)
    times: dict[str, list[float]] = {}
    lock = threading.Lock()

    def decide(number: str) -> None:
        began = time.perf_counter()
        source = judged(gateway, number)
        took = (time.perf_counter() - began) * 1000
        with lock:
            times.setdefault(source, []).append(took)

    with ThreadPoolExecutor(32) as pool:
        for _ in pool.map(decide, chosen, chunksize=64):
            pass
    return times


def judged(gateway: Any, number: str) -> str:
    intent = Intent(ulid(), "bench", "notification", Recipient(number, "US"), Content(body="x"), gateway.clock.now())
    known = gateway.reads.known(intent.app, number, None, None)
    try:
        progress = pipeline.judge(gateway.house, intent, known)
    except Refused as err:
        return err.code
    return progress.lookup.source.value if progress.lookup else "none"


def main(count: int, distinct: int) -> None:
    console = Console(width=120)
    with surroundings() as environment:
        for kill in (False, True):
            bought, answers = crowd(environment, kill=kill)
            name = "one process killed" if kill else "all alive"
            console.print(f"4 processes x 50 requests, 20 numbers, {name}: {bought} paid lookups; {dict(answers)}")
        before, began = paid(environment), time.perf_counter()
        times = skewed(environment, count, distinct)
        took, bought = time.perf_counter() - began, paid(environment) - before
    table = Table("answer", "requests", "share", "p50 ms", "p95 ms", "p99 ms", title=f"{count:,} requests, Zipf")
    for source, found in sorted(times.items()):
        marks = quantiles(found, n=100) if len(found) > 1 else [found[0]] * 99
        shown = (f"{marks[at - 1]:.2f}" for at in (50, 95, 99))
        table.add_row(source, f"{len(found):,}", f"{len(found) / count:.1%}", *shown)
    console.print(table)
    console.print(f"{bought:,} paid for {distinct:,} numbers at most, {count / took:,.0f} decisions/s")


if __name__ == "__main__":
    if sys.argv[1:] == ["--process"]:
        member()
    else:
        main(*([int(arg) for arg in sys.argv[1:]] or [100_000, 20_000]))
