"""Real processes against one Redis and the sandbox: each number is paid for once, also when an owner is killed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway import sandbox
from tests.adapters.lookups.buying import GO, READY

ROOT = Path(__file__).parents[3]
NUMBERS = [f"+1415555{n:04d}" for n in range(100, 106)]


@pytest.fixture
def twilio() -> Iterator[sandbox.RunningSandbox]:
    with sandbox.start_in_thread(sandbox.SandboxOptions(port=0, latency_ms=200)) as running:
        yield running


@pytest.fixture
def start(client: Any, redis_url: str, twilio: sandbox.RunningSandbox) -> Iterator[Callable[..., list[Any]]]:
    """Processes that all begin at once; what is still running at the end is killed."""
    begun: list[subprocess.Popen[str]] = []

    def run(processes: int, threads: int, numbers: list[str]) -> list[subprocess.Popen[str]]:
        argv = [sys.executable, "-m", "tests.adapters.lookups.buying", redis_url, twilio.url, str(threads), *numbers]
        begun.extend(subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(processes))
        until(lambda: int(client.get(READY) or 0) == len(begun))
        client.set(GO, 1)
        return begun

    yield run
    for process in begun:
        process.kill()
        process.communicate()


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


def paid(twilio: sandbox.RunningSandbox) -> Counter[str]:
    counts = requests.get(f"{twilio.url}/_sandbox/counts", timeout=10).json()["paid_lookups"]
    return Counter({number: sum(fields.values()) for number, fields in counts.items()})


def said(processes: list[subprocess.Popen[str]]) -> Counter[str]:
    return sum((Counter(json.loads(p.communicate(timeout=30)[0])) for p in processes), Counter())


def test_four_processes_pay_once_for_each_number(start: Any, twilio: sandbox.RunningSandbox) -> None:
    sources = said(start(4, 18, NUMBERS))
    assert paid(twilio) == Counter(NUMBERS)
    assert sources["live"] == len(NUMBERS)
    assert set(sources) <= {"live", "shared", "cache"}
    assert sum(sources.values()) == 4 * 18


def test_an_owner_that_is_killed_costs_one_more_at_most(start: Any, twilio: sandbox.RunningSandbox) -> None:
    processes = start(2, 3, NUMBERS[:1])
    until(lambda: requests.get(f"{twilio.url}/_sandbox/health", timeout=10).json()["in_flight"] == 1)
    processes[0].kill()  # the owner or not: nobody knows
    processes[1].communicate(timeout=30)
    assert 1 <= sum(paid(twilio).values()) <= 2
