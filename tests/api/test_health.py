"""/readyz says whether what is posted now is accepted, and what else is not as it should be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway import wiring
from gateway.adapters.store import names
from gateway.adapters.store.connection import Client
from gateway.app import create_app
from gateway.settings import Settings
from gateway.wiring import Gateway
from gateway.wiring.liveness import note_worker
from tests.stack import FLOW_CONFIG, environment


def _gateway(redis_url: str, home: Path) -> Gateway:
    file = home / "gateway.toml"
    file.write_text(FLOW_CONFIG)
    return wiring.build(Settings.load(file, environment(redis_url, "http://127.0.0.1:9", "http://127.0.0.1:9")))


@pytest.fixture
def gateway(client: Client, redis_url: str, tmp_path: Path) -> Iterator[Gateway]:
    yield _gateway(redis_url, tmp_path)


def asked(gateway: Gateway) -> tuple[int, dict[str, Any]]:
    app = create_app(gateway)
    gateway.client.delete(names.INBOUND_HOLD)
    answer = app.test_client().get("/readyz")
    return answer.status_code, answer.get_json()["checks"]


def test_a_sound_house_is_ready(gateway: Gateway) -> None:
    note_worker(gateway)
    status, checks = asked(gateway)
    assert status == 200 and all(check["ok"] for check in checks.values())
    assert checks["redis"]["append_only"] is True and checks["worker"]["seen_seconds_ago"] < 5


def test_a_silent_worker_is_told_and_closes_nothing(gateway: Gateway) -> None:
    status, checks = asked(gateway)
    assert status == 200 and checks["worker"] == {"ok": False, "seen_seconds_ago": None}


def test_a_queue_that_stands_still_is_told(gateway: Gateway) -> None:
    gateway.client.sadd(names.OPEN_NAMES, "normal|shop")
    gateway.client.zadd(names.open_intents("normal|shop"), {"x": (gateway.clock.now().timestamp() - 90) * 1000})
    status, checks = asked(gateway)
    assert status == 200 and checks["queue"]["ok"] is False and checks["queue"]["age_seconds"] >= 90


def test_the_reason_of_a_hold_is_told(gateway: Gateway) -> None:
    gateway.pausing.pause(timedelta(minutes=1), "account:20003")
    assert asked(gateway)[1]["sending"] == {"ok": False, "detail": "account:20003"}


@pytest.mark.parametrize("settings", [{"maxmemory-policy": "allkeys-lru"}, {"maxmemory": "1mb"}])
def test_a_store_that_must_not_be_accepted_into_is_not_ready(gateway: Gateway, settings: dict[str, str]) -> None:
    client = gateway.client
    before = {name: client.config_get(name)[name] for name in settings}
    try:
        for name, value in settings.items():
            client.config_set(name, value)
        status, checks = asked(gateway)
    finally:
        for name, value in before.items():
            client.config_set(name, value)
    assert status == 503 and checks["redis"]["ok"] is False and checks["redis"]["detail"]


def test_without_a_store_it_is_up_and_not_ready(tmp_path: Path) -> None:
    app = create_app(_gateway("redis://127.0.0.1:9", tmp_path)).test_client()
    answer = app.get("/readyz")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert app.get("/healthz").status_code == 200
