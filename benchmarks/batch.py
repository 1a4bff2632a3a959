"""Does a batch stay within its memory, survive kills and pay once? Rows per second, peak memory, kills.

    python -m benchmarks.batch [CACHED_ROWS] [KILLED_ROWS]

First 10,000 and CACHED_ROWS (1,000,000) rows that the cache knows: rows per second and peak resident memory of the
command. Then KILLED_ROWS (100,000) rows of 5,000 numbers, killed three times: the same file, no number paid twice.
"""

from __future__ import annotations

import csv
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from benchmarks.lookups import numbers, paid, surroundings
from gateway.adapters.store.connection import connect

COMMAND = [sys.executable, "-c", "from gateway.cli import main; main()"]
KILLS = (500, 1500, 3000)


def write(path: Path, rows: int, known: list[str], pad: str = "") -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "phone"])
        writer.writerows([f"{n}{pad}", known[n * 7919 % len(known)]] for n in range(rows))
    return path


def enrich(environment: Mapping[str, str], source: Path, out: Path) -> subprocess.Popen[bytes]:
    argv = [*COMMAND, "enrich", str(source), "-o", str(out), "--rate", "400"]
    return subprocess.Popen(argv, env={**os.environ, **environment}, stderr=subprocess.DEVNULL)


def measured(environment: Mapping[str, str], source: Path, out: Path) -> tuple[float, float]:
    """Seconds, and the peak resident memory in MiB of the process that reads and writes."""
    began = time.perf_counter()
    process = enrich(environment, source, out)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"the command ended with {process.returncode}")
    return time.perf_counter() - began, peak_mib(usage)


def peak_mib(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)


def killed(environment: Mapping[str, str], source: Path, out: Path) -> int:
    """Killed three times; what was paid in the end."""
    before = paid(environment)
    for at in KILLS:
        process = enrich(environment, source, out)
        while paid(environment) - before < at:
            if process.poll() is not None:
                raise SystemExit("it ended before it could be killed")
            time.sleep(0.05)
        process.kill()
        process.wait()
    if enrich(environment, source, out).wait() != 0:
        raise SystemExit("it did not end well")
    return paid(environment) - before


def main(cached_rows: int, killed_rows: int) -> None:
    console = Console(width=120)
    with surroundings() as environment, tempfile.TemporaryDirectory() as home:
        directory = Path(home)
        known = numbers(5_000)
        whole, broken = directory / "whole.csv", directory / "broken.csv"
        source = write(directory / "killed.csv", killed_rows, known)
        bought = killed(environment, source, broken)
        connect(environment["REDIS_URL"]).flushall()
        before = paid(environment)
        seconds, _ = measured(environment, source, whole)
        same = "the same file" if whole.read_bytes() == broken.read_bytes() else "ANOTHER FILE"
        console.print(
            f"{killed_rows:,} rows of 5,000 numbers: {paid(environment) - before:,} paid in one run, {seconds:.0f} s; "
            f"killed {len(KILLS)} times {bought:,} paid, {same}"
        )
        for rows in (10_000, cached_rows):
            seconds, peak = measured(environment, write(directory / "in.csv", rows, known), directory / f"{rows}.csv")
            console.print(f"{rows:,} cached rows: {rows / seconds:,.0f} rows/s, peak {peak:.0f} MiB")


if __name__ == "__main__":
    given = [int(arg) for arg in sys.argv[1:]]
    main(*(given + [1_000_000, 100_000][len(given) :]))
