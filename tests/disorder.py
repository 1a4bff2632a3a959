"""Many intents over a provider that duplicates, reorders, delays and drops reports, breaks off and fails, all at once.

What must hold: every intent ends as the provider's own records say, none is lost, and nobody gets anything twice.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from gateway.errors import ProviderSilent
from gateway.lifecycle import fetched_status
from gateway.model import AttemptStatus, Channel, Progress
from tests.journeys.areas import AREAS, number
from tests.stack import FLOW_CONFIG, Stack, running

CONFIG = (
    FLOW_CONFIG
    + """
[twilio]
timeout_ms = 1000

[dispatch]
unknown_search_after_seconds = [2, 4]
lease_seconds = 8
poll_after_seconds = 5
retry_first_seconds = 1
retry_longest_seconds = 3
max_attempts_per_step = 12

[senders.default]
calls_per_second = 0

[limits]
requests_per_second = 0
"""
)
REPORTS = ("duplicate", "reorder", "drop", "delay")
REQUESTS = ("429", "5xx_before", "5xx_after", "reset_before", "reset_after", "timeout_after", "early")
EXPECTED = {
    0: {"messages": 1},
    10: {"calls": 1},
    49: {"messages": 1, "calls": 1},
    50: {"messages": 1, "calls": 1},
}
"""By scenario of the sandbox: what each person gets in a world without faults; all of them end as delivered."""
PATIENCE_SECONDS = 20
SUBJECTS = {Channel.SMS: "message", Channel.VOICE: "call"}


@dataclass
class Found:
    """`lost`: no end. `extra`: somebody got something twice. `differing`: not what the provider's records say."""

    statuses: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    attempts: int = 0
    seconds: float = 0.0


@contextmanager
def disorderly(redis_url: str, home: Path, concurrency: int = 16) -> Iterator[Stack]:
    with running(redis_url, home, CONFIG, concurrency=concurrency) as stack:
        reports = [{"kind": kind, "probability": 0.2, "delay_ms": 120, "jitter_ms": 100} for kind in REPORTS]
        creates = [
            {"kind": kind, "probability": 0.03, "product": product, "operation": "create"}
            for kind in REQUESTS
            for product in ("messages", "calls")
        ]
        stack.faults(*reports, *creates)
        yield stack


def play(stack: Stack, intents: int, seconds: float) -> Found:
    began = time.monotonic()
    people = people_of(intents)
    with ThreadPoolExecutor(8) as pool:
        accepted = list(pool.map(lambda to: stack.send(to, body=f"Order {to[-10:]}.")["id"], people))
    found = Found()
    ended = _ends(stack, accepted, began + seconds)
    counts = requests.get(f"{stack.sandbox_url}/_sandbox/counts", timeout=10).json()
    for to, intent_id in zip(people, accepted, strict=True):
        _judge(stack, found, to, ended[intent_id], counts)
    found.seconds = round(time.monotonic() - began, 1)
    return found


def people_of(intents: int) -> list[str]:
    """As many different numbers, scenario after scenario."""
    pairs = [(area, scenario) for area in AREAS for scenario in _scenarios()]
    return [number(area, scenario) for area, scenario in pairs[:intents]]


def _scenarios() -> Sequence[int]:
    return (*range(10), 10, 49, 50)


def _ends(stack: Stack, intent_ids: list[str], deadline: float) -> dict[str, Progress]:
    """Every intent as it stands when all have ended, or time is up."""
    while True:
        found = {p.intent.id: p for p in stack.gateway.intents.load_many(intent_ids)}
        if all(progress.final for progress in found.values()) or time.monotonic() > deadline:
            return found
        time.sleep(0.2)


def _judge(stack: Stack, found: Found, to: str, progress: Progress, counts: dict[str, Any]) -> None:
    found.statuses[progress.status.value] += 1
    found.attempts += len(progress.attempts)
    if not progress.final:
        found.lost.append(f"{progress.intent.id}: {progress.status}, {[a.status.value for a in progress.attempts]}")
    scenario = int(to[-2:])
    for kind, most in EXPECTED[0 if scenario < 10 else scenario].items():
        made = counts[f"{kind}_to"].get(to, 0)
        if made != most:
            found.extra.append(f"{progress.intent.id}: {made} {kind} instead of {most}")
    for attempt in progress.attempts:
        said = _said(stack, attempt)
        if said is not None and said is not attempt.status:
            found.differing.append(f"{progress.intent.id}/{attempt.number}: {attempt.status} here, {said} there")


def _said(stack: Stack, attempt: Any) -> AttemptStatus | None:
    """The provider's own last word, where the attempt came to be there at all."""
    if attempt.provider_sid is None:
        return None
    answer = _asked(stack, attempt, time.monotonic() + PATIENCE_SECONDS)
    assert answer is not None
    return fetched_status(SUBJECTS[attempt.step.channel], str(answer["status"]))


def _asked(stack: Stack, attempt: Any, deadline: float) -> Mapping[str, Any] | None:
    while True:
        try:
            return stack.gateway.calls.fetch(attempt, test=False)
        except ProviderSilent:  # a busy machine; what is judged is what it says
            if time.monotonic() > deadline:
                raise
