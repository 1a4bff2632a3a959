"""Does a batch keep its rate without ever going beyond it, survive kills, pay once, and stay within its memory?

    python -m benchmarks.batch [--rows 100000] [--rate 500] [--cached 1000000]

ROWS distinct numbers, against a Lookup on this machine that takes 200 ms: bought by the command itself; the same with
the command killed three times (-9) and run again; the same by two workers (`--distributed`). Then 10,000 and CACHED
rows that the cache knows: rows per second and the command's peak memory. Ends with 1 if a bound is broken. The full
run takes about thirteen minutes.
"""

from __future__ import annotations

import argparse
import csv
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import phonenumbers
import requests
from rich.console import Console

from benchmarks.processes import HOME, started, until
from gateway import sandbox
from gateway.adapters.embedded import EmbeddedRedis
from gateway.adapters.store.connection import connect
from gateway.batch.pace import TOLERANCE_SECONDS, apart_seconds
from gateway.runner.tied import tied_program

COMMAND = [sys.executable, "-m", "gateway", "enrich"]
LATENCY_MS = 200
WORKERS, KILLS = 2, 3
KEPT_AT_LEAST, MOST_MIB = 0.95, 160
KNOWN = 5_000


def numbers() -> Iterator[str]:
    """Valid ones of the exchange 555, which has no subscribers: first those kept for fiction. They go to loopback."""
    areas = [area for area in range(201, 990) if _is_american(f"+1{area}5550100")]
    yield from (f"+1{area}5550{line}" for area in areas for line in range(100, 200))
    yield from (f"+1{area}555{line}" for area in areas for line in range(2000, 9000))


def _is_american(number: str) -> bool:
    parsed = phonenumbers.parse(number)
    asked = phonenumbers.number_type(parsed) != phonenumbers.PhoneNumberType.PREMIUM_RATE  # the digits tell that one
    return (
        asked and phonenumbers.is_valid_number(parsed) and phonenumbers.region_code_for_number(parsed) in ("US", "CA")
    )


@dataclass
class Bounds:
    """Prints what was found, and remembers what should not be so."""

    console: Console = field(default_factory=lambda: Console(width=120))
    broken: list[str] = field(default_factory=list)

    def said(self, text: str) -> None:
        self.console.print(text)

    def holds(self, true: bool, what: str) -> None:
        if not true:
            self.broken.append(what)
            self.console.print(f"  [red]broken:[/red] {what}")


@dataclass(frozen=True)
class Place:
    """A Redis and a Lookup of their own, and the environment that leads to them."""

    environment: Mapping[str, str]
    lookup: str
    rate: int

    def seen(self) -> dict[str, Any]:
        found: dict[str, Any] = requests.get(f"{self.lookup}/_seen?allowed={self.rate}", timeout=60).json()
        return found

    def paid(self) -> int:
        """How many numbers so far: asked for often, while arrivals are measured."""
        return int(requests.get(f"{self.lookup}/_paid", timeout=60).text)

    def enrich(self, source: Path, out: Path, *more: str) -> subprocess.Popen[bytes]:
        argv = [*COMMAND, str(source), "-o", str(out), "--rate", str(self.rate), *more]
        return subprocess.Popen(
            argv, cwd=HOME, env={**os.environ, **self.environment}, stderr=subprocess.DEVNULL, process_group=0
        )

    def enriched(self, source: Path, out: Path, *more: str) -> tuple[float, float]:
        """Seconds, and the peak resident memory in MiB of the process that reads and writes."""
        began = time.perf_counter()
        process = self.enrich(source, out, *more)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise SystemExit(f"the command ended with {process.returncode}")
        return time.perf_counter() - began, peak_mib(usage)


def peak_mib(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)


@contextmanager
def place(rate: int, latency_ms: int = LATENCY_MS) -> Iterator[Place]:
    argv = tied_program([sys.executable, "-m", "benchmarks.fake_lookup", "--latency-ms", str(latency_ms)])
    with (
        tempfile.TemporaryDirectory() as home,
        EmbeddedRedis.start(Path(home), maxmemory="2gb") as store,
        subprocess.Popen(argv, cwd=HOME, stdout=subprocess.PIPE, text=True, process_group=0) as lookup,
    ):
        assert lookup.stdout is not None
        url = lookup.stdout.readline().strip()
        environment = {
            "REDIS_URL": store.url,
            "PUBLIC_BASE_URL": "http://127.0.0.1:9",
            "TWILIO_API_BASE_URL": url,
            "TWILIO_ACCOUNT_SID": sandbox.SANDBOX_ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": sandbox.SANDBOX_AUTH_TOKEN,
            "GATEWAY_SECRET_KEY": "a secret key for benchmarks",
            "GATEWAY_HASH_KEY": "a hash key for benchmarks",
            "GATEWAY_DATA_KEY": "a data key for benchmarks",
        }
        try:
            yield Place(environment, url, rate)
        finally:
            lookup.terminate()


# ---- what is measured


def here(bounds: Bounds, rate: int, source: Path, out: Path) -> None:
    with place(rate) as at:
        seconds, peak = at.enriched(source, out)
        told(bounds, f"bought here, {seconds:.0f} s, peak {peak:.0f} MiB", at)


def by_workers(bounds: Bounds, rate: int, source: Path, whole: Path, out: Path) -> None:
    with place(rate) as at, ExitStack() as stack:
        for _ in range(WORKERS):
            stack.enter_context(started(["-m", "gateway", "worker"], at.environment))
        client, deadline = connect(at.environment["REDIS_URL"]), time.monotonic() + 60
        while not until(client.scard("rq:workers") == WORKERS, deadline, "the workers"):
            pass
        seconds, _ = at.enriched(source, out, "--distributed")
        told(bounds, f"bought by {WORKERS} workers, {seconds:.0f} s", at)
        bounds.holds(out.read_bytes() == whole.read_bytes(), "workers make the same file")


def told(bounds: Bounds, how: str, at: Place) -> None:
    seen = at.seen()
    share = seen["kept"] / at.rate
    bounds.said(
        f"{seen['requests']:,} requests, {how}: {seen['kept']:.1f}/s are {share:.1%} of the rate; busiest second "
        f"{seen['busiest_second']}, {seen['beyond']} beyond; paid twice {seen['paid_twice']} "
        f"(what measures was held up for {seen['held_up'] * 1000:.0f} ms at most)"
    )
    bounds.holds(share >= KEPT_AT_LEAST, f"at least {KEPT_AT_LEAST:.0%} of the rate")
    bounds.holds(seen["busiest_second"] <= allowed(seen, at.rate), "no second beyond the rate")
    bounds.holds(seen["paid_twice"] == 0, "nothing paid twice")


def allowed(seen: Mapping[str, Any], rate: int) -> int:
    """The rate itself, unless what measures was held up for longer than ways may differ: so late it notes arrivals."""
    return max(rate, math.ceil((1 + TOLERANCE_SECONDS + float(seen["held_up"])) / apart_seconds(rate)))


def killed(bounds: Bounds, rate: int, rows: int, source: Path, whole: Path, out: Path) -> None:
    with place(rate) as at:
        for kill in range(1, KILLS + 1):
            process = at.enrich(source, out)
            while at.paid() < rows * kill / (KILLS + 1):
                if process.poll() is not None:
                    raise SystemExit("it ended before it could be killed")
                time.sleep(0.2)
            process.kill()
            process.wait()
        at.enriched(source, out)
        seen, same = at.seen(), out.read_bytes() == whole.read_bytes()
        bounds.said(
            f"killed {KILLS} times (-9) and run again: {'the same file' if same else 'ANOTHER FILE'}; "
            f"{seen['paid']:,} paid, twice {seen['paid_twice']}; busiest second {seen['busiest_second']}"
        )
        bounds.holds(same, "the same file as without kills")
        bounds.holds(seen["paid_twice"] == 0 and seen["paid"] == rows, "each number is paid once")
        bounds.holds(seen["busiest_second"] <= allowed(seen, rate), "no second beyond the rate")


def cached(bounds: Bounds, many: int, home: Path) -> None:
    with place(1000, latency_ms=0) as at:
        known = list(islice(numbers(), KNOWN))
        at.enriched(write(home / "known.csv", known), home / "bought.csv")
        for rows in (10_000, many):
            source = write(home / "cached.csv", (known[n * 7919 % KNOWN] for n in range(rows)))
            seconds, peak = at.enriched(source, home / f"{rows}.csv")
            bounds.said(f"{rows:,} cached rows: {rows / seconds:,.0f} rows/s, peak {peak:.0f} MiB")
            bounds.holds(peak <= MOST_MIB, f"at most {MOST_MIB} MiB")


def write(path: Path, chosen: Any) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "phone"])
        writer.writerows(enumerate(chosen))
    return path


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--cached", type=int, default=1_000_000)
    chosen = parser.parse_args()
    bounds = Bounds()
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        source = write(home / "in.csv", islice(numbers(), chosen.rows))
        whole = home / "whole.csv"
        here(bounds, chosen.rate, source, whole)
        by_workers(bounds, chosen.rate, source, whole, home / "workers.csv")
        killed(bounds, chosen.rate, chosen.rows, source, whole, home / "killed.csv")
        cached(bounds, chosen.cached, home)
    bounds.said(f"{len(bounds.broken)} bounds broken")
    return 1 if bounds.broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
