"""Half of a process's threads at most wait for somebody else: for a lookup, or in `Prefer: wait`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway import sandbox, wiring
from gateway.adapters.store.connection import connect
from gateway.app import create_app
from gateway.settings import Settings
from tests.stack import KEY, environment

POLICY = (
    "[lookup]\ntimeout_ms = 10000\nrequest_budget_ms = 20000\n"
    '[purposes.strict]\nmobile = ["sms"]\non_lookup_failure = "reject"\n'
)
KNOWN, COLD, OTHERS = "+14155550100", "+14155550101", ("+14155550102", "+14155550103")
THREADS, ROOM = 4, 2
WAIT = 6  # seconds, within which four requests are answered also where the machine is busy
Post = Callable[..., Any]


@pytest.fixture
def twilio() -> Iterator[sandbox.RunningSandbox]:
    with sandbox.start_in_thread(sandbox.SandboxOptions(port=0)) as running:
        yield running


@pytest.fixture
def gateway(redis_url: str, twilio: sandbox.RunningSandbox, tmp_path: Path) -> wiring.Gateway:
    """Without a worker, so that nothing is ever handed over. One lookup of KNOWN is in its cache."""
    connect(redis_url).flushall()
    file = tmp_path / "gateway.toml"
    file.write_text(POLICY)
    variables = environment(redis_url, twilio.url, "http://127.0.0.1:9") | {"WEB_THREADS": str(THREADS)}
    found = wiring.build(Settings.load(file, variables))
    found.lookups.lookup(KNOWN, ("line_type_intelligence",), app="test")
    return found


@pytest.fixture
def post(gateway: wiring.Gateway) -> Post:
    app = create_app(gateway)

    def send(to: str, wait: int | None = None, path: str = "/send", **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {KEY}"} | ({"Prefer": f"wait={wait}"} if wait else {})
        body = {"to": to, "purpose": "strict", "body": "Your order has shipped."} | more
        return app.test_client().post(path, json=body, headers=headers)

    return send


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(THREADS) as threads:
        yield threads


def until(true: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


def no_place_is_left(gateway: wiring.Gateway) -> bool:
    return gateway.waiting._value == 0  # a look takes no place, not even for a moment


def at_once(waiting: Sequence[Future[Any]], ask: Callable[[], Any]) -> Any:
    """The answer, which came while those who wait went on waiting."""
    answer = ask()
    assert not any(each.done() for each in waiting), "it waited all the same"
    return answer


def refused(answer: Any) -> tuple[int, str, str]:
    document = answer.get_json()
    return answer.status_code, document["code"], document["detail"]


NO_ROOM = (503, "lookup_unavailable", "Lookup is unavailable: too_many_in_flight")


@pytest.mark.parametrize(("threads", "room"), [(1, 1), (2, 1), (5, 2), (64, 32)])
def test_the_room_is_half_of_the_threads_that_the_server_has(redis_url: str, threads: int, room: int) -> None:
    variables = environment(redis_url, "http://127.0.0.1:9", "http://127.0.0.1:9") | {"WEB_THREADS": str(threads)}
    places = wiring.build(Settings.load(None, variables)).waiting
    assert [places.acquire(blocking=False) for _ in range(room + 1)] == [True] * room + [False]


def test_who_waits_for_the_first_attempt_takes_the_places_of_lookups(
    gateway: wiring.Gateway, post: Post, pool: ThreadPoolExecutor
) -> None:
    waiting: list[Future[Any]] = [pool.submit(post, KNOWN, WAIT, body=f"Order {n}.") for n in range(ROOM)]
    until(lambda: no_place_is_left(gateway))
    assert refused(at_once(waiting, lambda: post(COLD))) == NO_ROOM
    assert at_once(waiting, lambda: post(KNOWN)).get_json()["lookup"]["source"] == "cache"
    hurried = at_once(waiting, lambda: post(KNOWN, WAIT, body="Order 9."))
    assert hurried.status_code == 202
    assert "Preference-Applied" not in hurried.headers, "it was not honoured"
    assert {each.result().headers["Preference-Applied"] for each in waiting} == {f"wait={WAIT}"}
    assert post(COLD).get_json()["lookup"]["source"] == "live"


def test_lookups_take_the_places_of_who_would_wait(
    gateway: wiring.Gateway, post: Post, pool: ThreadPoolExecutor, twilio: sandbox.RunningSandbox
) -> None:
    slow = {"kind": "latency", "latency_ms": 1000 * WAIT, "product": "lookup", "count": ROOM}
    requests.post(f"{twilio.url}/_sandbox/faults", json={"faults": [slow]}, timeout=10).raise_for_status()
    looking = [pool.submit(post, number) for number in OTHERS]
    until(lambda: no_place_is_left(gateway))
    assert refused(at_once(looking, lambda: post(COLD))) == NO_ROOM
    assert "Preference-Applied" not in at_once(looking, lambda: post(KNOWN, WAIT)).headers
    assert {each.result().get_json()["lookup"]["source"] for each in looking} == {"live"}


def test_a_thread_that_serves_no_request_needs_no_place(gateway: wiring.Gateway, pool: ThreadPoolExecutor) -> None:
    held = [gateway.waiting.acquire() for _ in range(ROOM)]
    found: list[str] = []
    worker = threading.Thread(
        target=lambda: found.append(gateway.lookups.lookup(COLD, ("line_type_intelligence",), app="test").source)
    )
    worker.start()
    worker.join(10)
    assert (len(held), found) == (ROOM, ["live"])
