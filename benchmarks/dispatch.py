"""How many messages one worker process hands to Twilio in a second, beside other task queues on the same machine.

    python -m benchmarks.dispatch [--seconds 12] [--in-flight 64] [--latency-ms 200] [gateway rq celery dramatiq huey]

Everything runs here and now: a Redis with `appendfsync always`, a Twilio that answers after the latency, and one
worker at a time. The gateway keeps all its laws; the others do only the POST, through the same SDK client.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import requests
from rich.console import Console
from rich.table import Table

from benchmarks.processes import HOME, cpu_seconds, fake_twilio, pss_mib, started, until
from benchmarks.seeding import environment, seed
from gateway.adapters.embedded import EmbeddedRedis

WARM_SECONDS = 3.0
PATIENCE_SECONDS = 30.0
COLUMNS = ("worker", "sends/s", "of the bound", "CPU per send, ms", "memory (PSS), MiB", "most at once")


@dataclass(frozen=True, slots=True)
class Leg:
    """`fill` puts so many jobs into the queue; `argv` runs the worker with so many in flight."""

    title: str
    fill: Callable[[int, Mapping[str, str]], None]
    argv: Callable[[int], Sequence[str]]
    threads: bool = True


@dataclass(frozen=True, slots=True)
class Measured:
    rate: float
    cpu_ms: float
    memory: float
    most_open: int


def _rival(name: str) -> Callable[[int, Mapping[str, str]], None]:
    def fill(count: int, env: Mapping[str, str]) -> None:
        code = f"import benchmarks.rivals.{name} as rival; rival.enqueue({count})"
        subprocess.run([sys.executable, "-c", code], cwd=HOME, env={**os.environ, **env}, check=True)

    return fill


LEGS: Mapping[str, Leg] = {
    "gateway": Leg("gateway worker", seed, lambda n: ("-m", "gateway", "worker", "--concurrency", str(n))),
    "rq": Leg(
        "rq worker (one, forking)",
        _rival("with_rq"),
        lambda _: ("-m", "rq.cli", "worker", "rival", "-S", "json", "-u", os.environ["BENCH_REDIS_URL"], "--quiet"),
        threads=False,
    ),
    "celery": Leg(
        "Celery, threads",
        _rival("with_celery"),
        lambda n: ("-m", "celery", "-A", "benchmarks.rivals.with_celery", "worker", "-P", "threads", "-c", str(n),
                   "-l", "ERROR", "--without-gossip", "--without-mingle", "--without-heartbeat"),
    ),
    "dramatiq": Leg(
        "dramatiq, threads",
        _rival("with_dramatiq"),
        lambda n: ("-m", "dramatiq", "benchmarks.rivals.with_dramatiq", "--processes", "1", "--threads", str(n)),
    ),
    "huey": Leg(
        "huey, threads",
        _rival("with_huey"),
        lambda n: ("-m", "huey.bin.huey_consumer", "benchmarks.rivals.with_huey.huey", "-k", "thread", "-w", str(n),
                   "-q"),
    ),
}  # fmt: skip


def main(names: Sequence[str], in_flight: int, latency_ms: int, seconds: float) -> None:
    bound = in_flight / (latency_ms / 1000)
    found = {}
    for name in names:
        with tempfile.TemporaryDirectory(prefix="gw-") as directory:
            found[name] = measured(LEGS[name], Path(directory), in_flight, latency_ms, seconds)
        Console().print(f"{LEGS[name].title}: {found[name].rate:.0f}/s")
    _print(found, bound, in_flight, latency_ms)


def measured(leg: Leg, home: Path, in_flight: int, latency_ms: int, seconds: float) -> Measured:
    per_second = in_flight / (latency_ms / 1000) if leg.threads else 20
    count = round(per_second * (seconds + WARM_SECONDS) * 1.2) + in_flight
    with EmbeddedRedis.start(home, maxmemory="4gb") as store, fake_twilio(latency_ms) as twilio:
        env = environment(store.url, twilio)
        os.environ["BENCH_REDIS_URL"] = store.url
        leg.fill(count, env)
        with started(leg.argv(in_flight), env, log=home / "worker.log") as pid:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not until(counts(twilio)["taken"] > 0, deadline, _tail(home / "worker.log")):
                pass
            time.sleep(WARM_SECONDS)
            return _over(pid, twilio, seconds)


def _over(pid: int, twilio: str, seconds: float) -> Measured:
    before, cpu, began = counts(twilio), cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    after, span = counts(twilio), time.monotonic() - began
    sends = after["taken"] - before["taken"]
    used = cpu_seconds(pid) - cpu
    return Measured(sends / span, 1000 * used / max(1, sends), pss_mib(pid), after["most_open"])


def counts(twilio: str) -> dict[str, int]:
    found: dict[str, int] = requests.get(f"{twilio}/_counts", timeout=5).json()
    return found


def _tail(log: Path) -> str:
    return log.read_text("utf-8", "replace")[-2000:] if log.exists() else ""


def _print(found: Mapping[str, Measured], bound: float, in_flight: int, latency_ms: int) -> None:
    title = f"One worker process, {in_flight} in flight, Twilio answers after {latency_ms} ms: at most {bound:.0f}/s"
    table = Table(*COLUMNS, title=title)
    for name, leg in found.items():
        table.add_row(
            LEGS[name].title, f"{leg.rate:.1f}", f"{leg.rate / bound:.2f}", f"{leg.cpu_ms:.2f}", f"{leg.memory:.0f}",
            str(leg.most_open),
        )  # fmt: skip
    Console(width=120).print(table)
    if "gateway" in found:
        ratios = [f"{found['gateway'].rate / other.rate:.2f} × {LEGS[name].title}" for name, other in found.items()
                  if name != "gateway" and other.rate]  # fmt: skip
        Console(width=120).print("gateway: " + ", ".join(ratios) if ratios else "")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("legs", nargs="*", metavar="LEG", help=f"of {', '.join(LEGS)}")
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--latency-ms", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=12.0)
    chosen = parser.parse_args()
    for name in chosen.legs:
        if name not in LEGS:
            parser.error(f"no leg {name}; there are {', '.join(LEGS)}")
    main(chosen.legs or list(LEGS), chosen.in_flight, chosen.latency_ms, min(chosen.seconds, 20.0))
