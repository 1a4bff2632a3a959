"""A STOP that no webhook brought: the gateway was down, and it is heard before anything is sent again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from werkzeug.serving import make_server

from gateway import sandbox, wiring
from gateway.adapters.store.connection import connect
from gateway.app import create_app
from gateway.inbox import Event, Reply, Unavailable
from gateway.settings import Settings
from gateway.wiring import Gateway
from gateway.worker import WorkerProcess
from tests.stack import FLOW_CONFIG, KEY, environment, until

PERSON, OTHER = "+14155550100", "+14155550101"
DOWN = "http://127.0.0.1:9"


@pytest.fixture
def twilio(redis_url: str) -> Iterator[sandbox.RunningSandbox]:
    connect(redis_url).flushall()
    with sandbox.start_in_thread(sandbox.SandboxOptions(port=0, step_ms=10)) as running:
        yield running


@pytest.fixture
def settings(redis_url: str, tmp_path: Path, twilio: sandbox.RunningSandbox) -> Settings:
    file = tmp_path / "gateway.toml"
    file.write_text(FLOW_CONFIG)
    return Settings.load(file, environment(redis_url, twilio.url, DOWN))


@contextmanager
def working(gateway: Gateway) -> Iterator[None]:
    wiring.use(gateway)
    worker = WorkerProcess(gateway, 4)
    thread = threading.Thread(target=worker.run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        thread.join(10)
        wiring.use(None)


def accept(gateway: Gateway, to: str) -> str:
    sent = {"Authorization": f"Bearer {KEY}"}
    answer = create_app(gateway).test_client().post("/send", json={"to": to, "body": "Hello."}, headers=sent)
    assert answer.status_code == 202, answer.text
    found: str = answer.get_json()["id"]
    return found


def text(twilio: sandbox.RunningSandbox, body: str, webhook: str) -> dict[str, Any]:
    said = {"from": PERSON, "body": body, "webhook_url": webhook}
    answer = requests.post(f"{twilio.url}/_sandbox/inbound", json=said, timeout=20)
    found: dict[str, Any] = answer.json()
    return found


def sent_to(twilio: sandbox.RunningSandbox, to: str) -> int:
    query = {"operation": "create", "to": to}
    answer = requests.get(f"{twilio.url}/_sandbox/requests", params=query, timeout=5).json()
    return len(answer["requests"])


def test_a_stop_while_the_gateway_was_down_is_heard_before_anything_is_sent(
    settings: Settings, twilio: sandbox.RunningSandbox
) -> None:
    before = wiring.build(settings)
    stopped, other = accept(before, PERSON), accept(before, OTHER)
    assert text(twilio, "STOP", f"{DOWN}/webhooks/messages/inbound")["webhook"]["status"] is None

    up = wiring.build(settings)
    create_app(up)
    with working(up):
        told = until(lambda: up.intents.load(stopped), lambda p: p.final)
        until(lambda: up.intents.load(other), lambda p: p.status == "sent" or p.attempts)
    assert told.status == "suppressed"
    assert sent_to(twilio, PERSON) == 0
    assert sent_to(twilio, OTHER) == 1


def test_a_stop_that_got_503_is_heard_before_anything_is_sent(
    settings: Settings, twilio: sandbox.RunningSandbox
) -> None:
    gateway = wiring.build(settings)
    with working(gateway):
        until(lambda: gateway.catch_up.missed.read(), lambda m: m.caught is not None and not m.held)
        with refusing_web(gateway) as url:
            assert text(twilio, "STOP", f"{url}/webhooks/messages/inbound")["webhook"]["status"] == 503
            until(lambda: gateway.suppressions.entries(PERSON), bool)
        stopped = gateway.suppressions.entries(PERSON)
    assert [entry.source for entry in stopped] == ["keyword"]


@contextmanager
def refusing_web(gateway: Gateway) -> Iterator[str]:
    """A web process that cannot make anything durable."""

    class Closed:
        def receive(self, event: Event) -> Reply:
            raise Unavailable("the store is away")

    server = make_server("127.0.0.1", 0, lambda e, s: app(e, s), threaded=True)
    url = f"http://127.0.0.1:{server.server_port}"
    settings = gateway.settings
    object.__setattr__(settings, "server", settings.server.model_copy(update={"public_base_url": url}))
    door = gateway.inbox
    object.__setattr__(gateway, "inbox", Closed())
    app = create_app(gateway)
    object.__setattr__(gateway, "inbox", door)
    until(lambda: gateway.catch_up.missed.read(), lambda m: not m.held)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield url
    finally:
        server.shutdown()
        server.server_close()
