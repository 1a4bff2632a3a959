"""Processes of a benchmark: started with their own group, ended with it, and what they cost while they ran."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gateway.runner.tied import tied_program

TICK = os.sysconf("SC_CLK_TCK")
HOME = Path(__file__).resolve().parent.parent


@contextlib.contextmanager
def started(argv: Sequence[str], env: Mapping[str, str] | None = None, log: Path | None = None) -> Iterator[int]:
    """The pid of the process, which leads a group of its own. Killed with all of it at the end, and with us."""
    with contextlib.ExitStack() as stack:
        output = stack.enter_context(log.open("wb")) if log else subprocess.DEVNULL
        command = tied_program([sys.executable, *argv])
        environment = {**os.environ, **(env or {})}
        process = subprocess.Popen(command, cwd=HOME, env=environment, stdout=output, stderr=output, process_group=0)
        try:
            yield process.pid
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


@contextlib.contextmanager
def fake_twilio(latency_ms: int) -> Iterator[str]:
    """Its address."""
    argv = tied_program([sys.executable, "-m", "benchmarks.fake_twilio", "--latency-ms", str(latency_ms)])
    process = subprocess.Popen(argv, cwd=HOME, stdout=subprocess.PIPE, text=True, process_group=0)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def family(pid: int) -> list[int]:
    """The process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parents.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
    found, seen = [pid], 0
    while seen < len(found):
        found += parents.get(found[seen], [])
        seen += 1
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, its children and those it has waited for."""
    total = 0
    for one in family(pid):
        with contextlib.suppress(OSError):
            total += sum(int(ticks) for ticks in _stat(one)[11:15])
    return total / TICK


def pss_mib(pid: int) -> float:
    """Memory, with shared pages counted by the part that is theirs."""
    total = 0
    for one in family(pid):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total / 1024


def until(met: bool, deadline: float, what: str) -> bool:
    """One step of a wait: True when it is over. Ends the run when it takes too long."""
    if not met and time.monotonic() > deadline:
        raise SystemExit(f"gave up waiting: {what}")
    if not met:
        time.sleep(0.05)
    return met


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat from the third on: state, parent, …"""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
