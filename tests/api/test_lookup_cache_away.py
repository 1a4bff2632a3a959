"""The lookup cache in a Redis of its own may go away: answers come slower and cost again, and none is an error."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway import sandbox, wiring
from gateway.adapters.embedded import EmbeddedRedis
from gateway.adapters.store.connection import connect
from gateway.adapters.store.lookup_cache import REST_SECONDS
from gateway.app import create_app
from gateway.settings import Settings
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


@pytest.fixture
def house(redis_url: str, tmp_path: Path) -> Iterator[House]:
    connect(redis_url).flushall()
    with (
        EmbeddedRedis.start(tmp_path / "c") as cache,
        sandbox.start_in_thread(sandbox.SandboxOptions(port=0)) as twilio,
    ):
        variables = environment(redis_url, twilio.url, "http://127.0.0.1:9") | {"LOOKUP_CACHE_URL": cache.url}
        gateway = wiring.build(Settings.load(None, variables))
        pid = connect(cache.url).info("server")["process_id"]
        yield House(create_app(gateway), pid, gateway)


def timed(ask: Callable[[], Any]) -> tuple[Any, float]:
    began = time.monotonic()
    found = ask()
    return found, time.monotonic() - began


def test_a_cache_that_is_killed_makes_each_lookup_paid_and_none_an_error(house: House) -> None:
    assert [house.send(NUMBERS[0]) for _ in range(2)] == [(202, "live"), (202, "cache")]
    os.kill(house.cache, signal.SIGKILL)
    found, took = timed(lambda: [house.send(NUMBERS[0]) for _ in range(2)])
    assert found == [(202, "live")] * 2
    assert took < 2.0
    assert house.gateway.ledger.totals()["paid"][0] == 3


def test_a_cache_that_hangs_costs_one_timeout_and_is_then_left_alone_for_a_while(house: House) -> None:
    assert house.send(NUMBERS[0]) == (202, "live")
    os.kill(house.cache, signal.SIGSTOP)
    try:
        first, took = timed(lambda: house.send(NUMBERS[0]))
        then, hurried = timed(lambda: [house.send(number) for number in NUMBERS[1:4]])
    finally:
        os.kill(house.cache, signal.SIGCONT)
    assert first == (202, "live")
    assert 0.4 < took < 1.5, "one timeout of half a second, and no more of them"
    assert then == [(202, "live")] * 3
    assert hurried < REST_SECONDS
    deadline = time.monotonic() + 5
    while house.send(NUMBERS[0]) != (202, "cache"):
        assert time.monotonic() < deadline, "it never came back"
        time.sleep(0.1)
