"""L4: STOP at a hundred random moments between accept, queue, first send and fallback.

After the webhook was answered no attempt begins, on any channel, and the provider is asked for no more than began.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.journeys.areas import AREAS, number
from tests.stack import FLOW_CONFIG, Stack, running, until

TEXT_FAILS_CALL_ARRIVES = 49
PEOPLE = 100
LONG_BEFORE, AFTER_THE_FALLBACK = "long before it goes out", "after the fallback began"
CONFIG = FLOW_CONFIG + "[senders.default]\ncalls_per_second = 0\n"


@pytest.fixture(scope="module")
def stack(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    home: Path = tmp_path_factory.mktemp("stack")
    with running(redis_url, home, CONFIG) as found:
        until(lambda: found.gateway.catch_up.missed.read(), lambda m: m.caught is not None and not m.held)
        yield found


@dataclass(frozen=True)
class Stopped:
    to: str
    intent: str
    acknowledged: datetime


def send_and_stop(stack: Stack, to: str, moment: float | str) -> Stopped:
    """`moment`: seconds from the earliest moment it may go; negative: while it still waits for that moment."""
    if moment == LONG_BEFORE:
        accepted = stack.send(to, send_at=_in(5))
    elif moment == AFTER_THE_FALLBACK:
        accepted = stack.send(to)
        until(lambda: stack.intent(accepted["id"]), lambda i: len(i["attempts"]) > 1)
    else:
        after = float(moment)
        accepted = stack.send(to, **({"send_at": _in(0.2 - after)} if after < 0 else {}))
        time.sleep(max(0.0, after))
    said = {"from": to, "body": "STOP", "webhook_url": f"{stack.url}/webhooks/messages/inbound"}
    answer = requests.post(f"{stack.sandbox_url}/_sandbox/inbound", json=said, timeout=20)
    assert answer.json()["webhook"]["status"] == 200, answer.text
    return Stopped(to, accepted["id"], datetime.now(UTC))


def test_nothing_is_sent_after_a_stop_was_acknowledged(stack: Stack) -> None:
    chance = random.Random(20)
    # However slow the machine is, some stop before the first send and some after the fallback began.
    certain = [LONG_BEFORE, AFTER_THE_FALLBACK] * 3
    moments = [*certain, *(chance.uniform(-0.1, 0.15) for _ in range(PEOPLE - len(certain)))]
    with ThreadPoolExecutor(8) as pool:
        jobs = [
            pool.submit(send_and_stop, stack, number(area, TEXT_FAILS_CALL_ARRIVES), moment)
            for area, moment in zip(AREAS, moments, strict=False)
        ]
        stopped = [job.result() for job in jobs]
    ended = {one.to: stack.until(one.intent, "suppressed", "delivered", "failed") for one in stopped}
    counts = requests.get(f"{stack.sandbox_url}/_sandbox/counts", timeout=5).json()
    for one in stopped:
        attempts = ended[one.to]["attempts"]
        assert all(_begun(a) <= one.acknowledged for a in attempts), (one, attempts)
        asked = len(stack.received(operation="create", to=one.to))
        assert asked <= len(attempts)  # fewer where a connection was refused: that is an attempt too
        assert counts["calls_to"].get(one.to, 0) <= 1
    _moments_were_spread(list(ended.values()))


def _in(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def _begun(attempt: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(attempt["started_at"])


def _moments_were_spread(ended: list[dict[str, Any]]) -> None:
    """Some before the first send, some too late: else it proves little. Those between the two are left to chance."""
    reached = [len(intent["attempts"]) for intent in ended]
    assert {0, 2} <= set(reached), reached
