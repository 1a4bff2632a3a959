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
from gateway.adapters.lookups import renewal
from gateway.settings import Settings
from tests.adapters.lookups.buying import GO, GO_FIRST, READY

ROOT = Path(__file__).parents[3]
OWN_LEASE_SECONDS = renewal.LEASE_SECONDS
"""As it is when no test has changed it."""
NUMBERS = [f"+1415555{n:04d}" for n in range(100, 106)]


@pytest.fixture
def twilio() -> Iterator[sandbox.RunningSandbox]:
    with sandbox.start_in_thread(sandbox.SandboxOptions(port=0, latency_ms=200)) as running:
        yield running


Start = Callable[..., list[subprocess.Popen[str]]]


@pytest.fixture
def start(client: Any, redis_url: str, twilio: sandbox.RunningSandbox) -> Iterator[Start]:
    """Processes that begin when `go` is given; what is still running at the end is killed."""
    begun: list[subprocess.Popen[str]] = []

    def run(
        processes: int, threads: int, numbers: list[str], go: str = GO, lease_seconds: float = 10.0
    ) -> list[subprocess.Popen[str]]:
        argv = [sys.executable, "-m", "tests.adapters.lookups.buying", redis_url, twilio.url]
        argv += [go, str(lease_seconds), str(threads)]
        fresh = [
            subprocess.Popen([*argv, *numbers], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(processes)
        ]
        begun.extend(fresh)
        until(lambda: int(client.get(READY) or 0) == len(begun))
        return fresh

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


def calls_under_way(twilio: sandbox.RunningSandbox) -> int:
    return int(requests.get(f"{twilio.url}/_sandbox/health", timeout=10).json()["in_flight"])


def test_four_processes_pay_once_for_each_number(start: Start, client: Any, twilio: sandbox.RunningSandbox) -> None:
    processes = start(4, 18, NUMBERS)
    client.set(GO, 1)
    sources = said(processes)
    assert paid(twilio) == Counter(NUMBERS)
    assert sources["live"] == len(NUMBERS)
    assert set(sources) <= {"live", "shared", "cache"}
    assert sum(sources.values()) == 4 * 18


def test_an_owner_killed_in_its_call_is_followed_in_time_and_costs_one_more(
    start: Start, client: Any, twilio: sandbox.RunningSandbox
) -> None:
    slow = {"kind": "latency", "latency_ms": 3000, "product": "lookup", "count": 1}
    assert Settings.load(None, {}).lookup.request_budget_ms > OWN_LEASE_SECONDS * 1000
    [owner] = start(1, 2, NUMBERS[:1], GO_FIRST, OWN_LEASE_SECONDS)
    others = start(2, 12, NUMBERS)
    requests.post(f"{twilio.url}/_sandbox/faults", json={"faults": [slow]}, timeout=10).raise_for_status()
    client.set(GO_FIRST, 1)
    until(lambda: calls_under_way(twilio) == 1)
    client.set(GO, 1)
    until(lambda: sum(paid(twilio).values()) >= len(NUMBERS) - 1)  # all but the one that the owner is after
    owner.kill()
    sources = said(others)
    assert set(sources) <= {"live", "shared", "cache"}, "somebody was left without an answer"
    assert sum(sources.values()) == 2 * 12
    assert len(NUMBERS) <= sum(paid(twilio).values()) <= len(NUMBERS) + 1
    assert paid(twilio)[NUMBERS[0]] in (1, 2)
