"""Lists of numbers for fiction, and the batch command as a process of its own."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import requests

from tests.stack import environment

AREAS = (212, 213, 214, 215, 303, 305, 312, 313, 314, 404, 415, 503, 504, 602, 617, 702)
SLOW = frozenset({"32", "33", "34"})
"""Last digits at which the sandbox's Lookup throttles, fails or is silent."""


def numbers(count: int) -> Iterator[str]:
    """Distinct ones, with every line type among them."""
    found = (f"+1{area}55501{n:02d}" for n in range(100) for area in AREAS if f"{n:02d}" not in SLOW)
    for _ in range(count):
        yield next(found)


def write_csv(path: Path, rows: Iterable[Iterable[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    return path


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def command(
    redis_url: str, twilio_url: str, *args: str | Path, keys: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from gateway.cli import main; main()", *map(str, args)],
        env=os.environ
        | environment(redis_url, twilio_url, "http://127.0.0.1:9")
        | {"PYTHONFAULTHANDLER": "1"}
        | dict(keys or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def done(process: subprocess.Popen[str], seconds: float = 60) -> tuple[int, str, str]:
    """One that does not end is ended with those it has started, and what each of their threads was at is told."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        begun = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for pid in (process.pid, *map(int, begun)):
            os.kill(pid, signal.SIGABRT)
        raise AssertionError(f"it did not end within {seconds} s: {process.communicate(timeout=10)}") from None
    return process.returncode, out, err


def paid(twilio_url: str) -> Counter[str]:
    counts = requests.get(f"{twilio_url}/_sandbox/counts", timeout=10).json()["paid_lookups"]
    return Counter({number: sum(fields.values()) for number, fields in counts.items()})
