"""The lookup cache in a Redis of its own may go away: answers come slower and cost again, and none is an error."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway import sandbox, wiring
from gateway.adapters import redis_server
from gateway.adapters.embedded import EmbeddedRedis
from gateway.adapters.store import lookup_cache
from gateway.adapters.store.connection import connect
from gateway.app import create_app
from gateway.runner.backoff import Backoff
from gateway.settings import Settings
from gateway.wiring import looking
from tests.stack import KEY, environment

NUMBERS = [f"+1415555010{n}" for n in range(10)]


@dataclass
class House:
    """`cache` is the process id of the Redis that holds nothing but lookups."""

    app: Any
    cache: int
    gateway: wiring.Gateway

    def send(self, to: str) -> tuple[int, str]:
        body = {"to": to, "body": f"Order {time.monotonic_ns()} has shipped."}
        answer = self.app.test_client().post("/send", json=body, headers={"Authorization": f"Bearer {KEY}"})
        document = answer.get_json()
        return answer.status_code, document["lookup"]["source"] if answer.status_code == 202 else document["detail"]


class Watch:
    """The clock by which a cache that hung is left alone, which a test may move on."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead


@pytest.fixture
def patience() -> float:
    """Seconds that an answer of the cache is waited for."""
    return 20.0


@pytest.fixture
def house(redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patience: float) -> Iterator[House]:
    connect(redis_url).flushall()
    monkeypatch.setattr(looking, "CACHE_TIMEOUT_SECONDS", patience)
    # It is not started again while a test looks.
    monkeypatch.setattr(redis_server, "Backoff", lambda **_: Backoff(first_seconds=600, longest_seconds=600))
    with (
        EmbeddedRedis.start(tmp_path / "c") as cache,
        sandbox.start_in_thread(sandbox.SandboxOptions(port=0)) as twilio,
    ):
        variables = environment(redis_url, twilio.url, "http://127.0.0.1:9") | {"LOOKUP_CACHE_URL": cache.url}
        gateway = wiring.build(Settings.load(None, variables))
        pid = connect(cache.url).info("server")["process_id"]
        yield House(create_app(gateway), pid, gateway)


def test_a_cache_that_is_killed_makes_each_lookup_paid_and_none_an_error(house: House) -> None:
    assert [house.send(NUMBERS[0]) for _ in range(2)] == [(202, "live"), (202, "cache")]
    os.kill(house.cache, signal.SIGKILL)
    assert [house.send(NUMBERS[0]) for _ in range(2)] == [(202, "live")] * 2
    assert house.gateway.ledger.totals()["paid"][0] == 3


@pytest.mark.parametrize("patience", [0.3])
def test_a_cache_that_hangs_costs_one_timeout_and_is_then_left_alone_for_a_while(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, asked, errors = Watch(), [], lookup_cache.store_errors
    monkeypatch.setattr(lookup_cache, "time", clock)
    monkeypatch.setattr(lookup_cache, "REST_SECONDS", 600.0)
    monkeypatch.setattr(lookup_cache, "store_errors", lambda: asked.append(1) or errors())

    def answers_again() -> None:
        deadline = time.monotonic() + 15
        while house.send(NUMBERS[0]) != (202, "cache"):
            assert time.monotonic() < deadline, "it did not come back"
            clock.ahead += 600

    answers_again()
    asked.clear()
    os.kill(house.cache, signal.SIGSTOP)
    try:
        assert house.send(NUMBERS[0]) == (202, "live")
        assert len(asked) == 1, "one timeout, and no second one for what is to be kept"
        assert [house.send(number) for number in NUMBERS[1:4]] == [(202, "live")] * 3
        assert len(asked) == 1
    finally:
        os.kill(house.cache, signal.SIGCONT)
    clock.ahead += 600
    answers_again()
