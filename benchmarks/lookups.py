"""Is a number paid for once, and what does an answer from the cache cost? Crowds, a budget, a skewed run, `/send`.

    python -m benchmarks.lookups [REQUESTS NUMBERS]

200 requests of 4 processes for 20 cold numbers; the same, and the process that has bought one of them is killed in its
call; 50 threads on a budget of 100; REQUESTS (100,000) for NUMBERS (20,000) by Zipf's law; `/send` on a cached number
and on a cold one. It runs against an embedded server and a sandbox of its own, whose Lookup takes 100 ms, and ends
with status 1 when anything was paid that should not have been.
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
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from statistics import quantiles
from typing import Any

import phonenumbers
import requests
from rich.console import Console
from rich.table import Table

from benchmarks import load
from benchmarks.lookup_crowd import ANSWERED, GO, GO_FIRST, READY, THREADS, TYPE, ask_at_once, until
from benchmarks.processes import HOME, started
from gateway import pipeline, wiring
from gateway.adapters.embedded import EmbeddedRedis
from gateway.adapters.lookups.renewal import LEASE_SECONDS
from gateway.adapters.store.connection import connect
from gateway.errors import Refused
from gateway.ids import ulid
from gateway.model import Content, Intent, Recipient
from gateway.runner.tied import tied_program
from gateway.settings import Settings
from tests.stack import KEY, environment

LATENCY_MS = 100
SLOW_MS = 1500
"""How long the call takes in which its owner is killed."""
BUDGET = 100
PORT = 8719
INVALID = frozenset({30, 31, 39})
"""Last digits of numbers that the sandbox's Lookup calls invalid, which costs nothing."""
ODD = frozenset(range(32, 38))
"""Last digits at which it fails, or has nothing to say."""
CONFIG = """
[limits]
requests_per_second = 100000
recipient_per_hour = 100000
recipient_same_body_per_hour = 100000
prefix_per_hour = 0
"""


@dataclass
class Verdicts:
    """What was asked of the run, and whether it was so."""

    console: Console
    missed: list[str] = field(default_factory=list)

    def expect(self, what: str, found: object, *, holds: bool) -> None:
        self.console.print(f"{'ok    ' if holds else 'MISSED'} {what}: {found}", highlight=False)
        if not holds:
            self.missed.append(what)


def numbers(count: int) -> list[str]:
    """Distinct numbers for fiction, in areas that the shipped policy allows; some of them are invalid by Lookup."""
    found: list[str] = []
    for area in range(201, 990):
        if phonenumbers.region_code_for_number(phonenumbers.parse(f"+1{area}5550100")) not in ("US", "CA"):
            continue
        found += [f"+1{area}55501{n:02d}" for n in range(100) if n not in ODD]
        if len(found) >= count:
            return found[:count]
    raise SystemExit(f"there are only {len(found)} numbers for fiction")


def is_valid(number: str) -> bool:
    return int(number[-2:]) not in INVALID


def cold(count: int) -> list[str]:
    return [number for number in numbers(2 * count) if is_valid(number)][:count]


@contextmanager
def surroundings(folder: Path) -> Iterator[dict[str, str]]:
    """The environment of a gateway: Redis and the sandbox, each a process of its own."""
    (folder / "gateway.toml").write_text(CONFIG)
    argv = [sys.executable, "-m", "gateway.sandbox", "--port", "0", "--latency-ms", str(LATENCY_MS)]
    with (
        EmbeddedRedis.start(folder, maxmemory="2gb") as store,
        subprocess.Popen(tied_program(argv), stdout=subprocess.PIPE, text=True, process_group=0) as twilio,
    ):
        assert twilio.stdout is not None
        url = twilio.stdout.readline().split()[-1].rstrip("/")
        try:
            yield environment(store.url, url, f"http://127.0.0.1:{PORT}") | {
                "GATEWAY_CONFIG": str(folder / "gateway.toml")
            }
        finally:
            twilio.terminate()


def sandbox_says(variables: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = requests.get(f"{variables['TWILIO_API_BASE_URL']}/_sandbox/counts", timeout=30).json()
    return found


def paid(variables: Mapping[str, str]) -> int:
    return sum(sum(fields.values()) for fields in sandbox_says(variables)["paid_lookups"].values())


# ---- a crowd


@contextmanager
def crowd(variables: Mapping[str, str], *shares: tuple[str, list[str]]) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that are ready to ask; each with the key that it waits for, and its numbers."""
    client = connect(variables["REDIS_URL"])
    client.flushall()
    argv = [sys.executable, "-m", "benchmarks.lookup_crowd"]
    begun = [
        subprocess.Popen(
            tied_program([*argv, go, *asked]), cwd=HOME, env={**os.environ, **variables}, stdout=subprocess.PIPE,
            text=True, process_group=0,
        )
        for go, asked in shares
    ]  # fmt: skip
    try:
        until(lambda: int(client.get(READY) or 0) == len(begun))
        yield begun
    finally:
        for process in begun:
            process.kill()
            process.communicate()


def said(processes: list[subprocess.Popen[str]]) -> tuple[Counter[str], float]:
    """How all were answered, and the longest wait in seconds."""
    told = [json.loads(each.communicate(timeout=60)[0]) for each in processes]
    return sum((Counter(each["answers"]) for each in told), Counter()), max(each["seconds"] for each in told)


def all_alive(variables: Mapping[str, str], verdicts: Verdicts) -> None:
    asked, before = cold(20), paid(variables)
    with crowd(variables, *[(GO, asked)] * 4) as processes:
        connect(variables["REDIS_URL"]).set(GO, 1)
        answers, _ = said(processes)
    bought = paid(variables) - before
    verdicts.expect("4 processes x 50 requests for 20 numbers pay for 20", bought, holds=bought == 20)
    verdicts.expect("all 200 were answered", dict(answers), holds=set(answers) <= ANSWERED and answers.total() == 200)


def owner_killed(variables: Mapping[str, str], verdicts: Verdicts) -> None:
    """The first process asks for one number alone, whose call is slow; it dies while the others wait for it too."""
    asked, before = cold(20), paid(variables)
    client, twilio = connect(variables["REDIS_URL"]), variables["TWILIO_API_BASE_URL"]
    slow = {"kind": "latency", "latency_ms": SLOW_MS, "product": "lookup", "number": asked[0][1:], "count": 1}
    requests.post(f"{twilio}/_sandbox/faults", json={"faults": [slow]}, timeout=30).raise_for_status()
    with crowd(variables, (GO_FIRST, asked[:1]), *[(GO, asked)] * 3) as (owner, *others):
        client.set(GO_FIRST, 1)
        until(lambda: bool(sandbox_says(variables)["in_flight"]))
        client.set(GO, 1)
        until(lambda: paid(variables) - before >= 19)
        owner.kill()
        answers, waited = said(others)
    bought = paid(variables) - before
    verdicts.expect("the same with an owner killed in its call, 21 at most", bought, holds=bought <= 21)
    answered = set(answers) <= ANSWERED and answers.total() == 150
    verdicts.expect("all 150 of the living were answered", dict(answers), holds=answered)
    verdicts.expect("the last of them within 3 s", f"{waited:.1f} s", holds=waited < 3.0)


def budgeted(variables: Mapping[str, str], folder: Path, verdicts: Verdicts) -> None:
    connect(variables["REDIS_URL"]).flushall()
    file = folder / "budget.toml"
    file.write_text(f"[budget]\nlookups_per_day = {BUDGET}\n")
    gateway, before = wiring.build(Settings.load(file, variables)), paid(variables)
    answers = ask_at_once(gateway, cold(10 * THREADS), 10, lambda: None)
    bought = paid(variables) - before
    booked = gateway.ledger.totals()["paid"][0]
    what = f"{THREADS} threads, {10 * THREADS} numbers, a budget of {BUDGET}"
    verdicts.expect(what, f"{bought} paid, {booked} booked", holds=(bought, booked) == (BUDGET, BUDGET))
    refused = 10 * THREADS - BUDGET
    verdicts.expect("the others were refused", dict(answers), holds=answers == {"live": BUDGET, "budget": refused})


# ---- a long run


def skewed(variables: Mapping[str, str], count: int, distinct: int, verdicts: Verdicts) -> Table:
    """Milliseconds of each decision, by where its answer came from."""
    connect(variables["REDIS_URL"]).flushall()
    gateway = wiring.build(Settings.load(None, variables))
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

    before, began = paid(variables), time.perf_counter()
    one_after_another(decide, chosen)
    took, bought = time.perf_counter() - began, paid(variables) - before
    worth = len({number for number in chosen if is_valid(number)})
    what = f"{count:,} requests, {worth:,} distinct valid numbers among them"
    verdicts.expect(what, f"{bought:,} paid, {count / took:,.0f} decisions/s", holds=bought == worth)
    verdicts.console.print(f"hit rate {1 - bought / count:.1%}: not paid for, shared calls among them", highlight=False)
    booked = gateway.ledger.totals()["paid"][0]
    verdicts.expect("the ledger says the same", f"{booked:,}", holds=booked == worth)
    longest = max(times.get("shared", [0.0])) / 1000
    verdicts.expect("nobody who shared a call waited for a lease", f"{longest:.2f} s", holds=longest < LEASE_SECONDS)
    return by_source(f"{count:,} requests, Zipf", times)


def one_after_another(ask: Callable[[str], None], numbers: list[str]) -> None:
    """By 32 threads, each of which takes the next number when it has done with one.

    The pool's own `map` would make a task of each number first: the threads begin meanwhile, and what they do is
    measured while they wait for the interpreter, 1.5 s at 100,000 numbers.
    """
    left = iter(numbers)

    def work() -> None:
        for number in left:
            ask(number)

    with ThreadPoolExecutor(32) as pool:
        for ended in [pool.submit(work) for _ in range(32)]:
            ended.result()


def judged(gateway: wiring.Gateway, number: str) -> str:
    intent = Intent(ulid(), "bench", "notification", Recipient(number, "US"), Content(body="x"), gateway.clock.now())
    known = gateway.reads.known(intent.app, number, None, None)
    try:
        progress = pipeline.judge(gateway.house, intent, known)
    except Refused as err:
        return err.code
    return progress.lookup.source.value if progress.lookup else "none"


def by_source(title: str, times: Mapping[str, list[float]]) -> Table:
    count = sum(map(len, times.values()))
    table = Table("answer", "requests", "share", "p50 ms", "p95 ms", "p99 ms", "longest", title=title)
    for source, found in sorted(times.items()):
        marks = quantiles(found, n=100) if len(found) > 1 else [found[0]] * 99
        shown = (f"{marks[at - 1]:.2f}" for at in (50, 95, 99))
        table.add_row(source, f"{len(found):,}", f"{len(found) / count:.1%}", *shown, f"{max(found):.0f}")
    return table


# ---- /send


def sent(variables: Mapping[str, str], folder: Path, verdicts: Verdicts) -> Table:
    """On a gunicorn of its own, after a run that has filled the cache."""
    mobile = [number for number in numbers(15_000) if int(number[-2:]) < 10]
    hits, misses = mobile[:1000], mobile[1000:1300]
    connect(variables["REDIS_URL"]).flushall()
    gateway = wiring.build(Settings.load(None, variables))
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda number: gateway.lookups.lookup(number, (TYPE,), app="bench"), hits))
    argv = ["-m", "gunicorn", "-c", "python:gateway.webserver", "--log-level", "warning"]
    with started([*argv, "--bind", f"127.0.0.1:{PORT}", "gateway.app:create_app()"], variables, folder / "web.log"):
        until(lambda: answers(f"http://127.0.0.1:{PORT}/healthz"))
        loads = {"hit": send(hits, 2000, 100), "miss": send(misses, len(misses), 25)}
    for name, found in loads.items():
        verdicts.expect(f"/send on a {name}, all accepted", found.statuses, holds=set(found.statuses) == {202})
    times = {name: [seconds * 1000 for seconds in found.latencies] for name, found in loads.items()}
    return by_source("POST /send, a hit at 100/s and a miss at 25/s", times)


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False


def send(to: list[str], count: int, per_second: float) -> load.Load:
    """Few connections, so that no request finds all places for lookups taken."""
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}

    def request(n: int) -> bytes:
        body = json.dumps({"to": to[n % len(to)], "body": f"Order {n} has shipped."}).encode()
        return load.post(PORT, "/send", body, headers)

    return load.run(PORT, request, count=count, connections=8, per_second=per_second)


def main(count: int, distinct: int) -> int:
    console = Console(width=120)
    verdicts = Verdicts(console)
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as home, surroundings(Path(home)) as variables:
        all_alive(variables, verdicts)
        owner_killed(variables, verdicts)
        budgeted(variables, Path(home), verdicts)
        console.print(skewed(variables, count, distinct, verdicts))
        console.print(sent(variables, Path(home), verdicts))
    return 1 if verdicts.missed else 0


if __name__ == "__main__":
    raise SystemExit(main(*([int(arg) for arg in sys.argv[1:]] or [100_000, 20_000])))
