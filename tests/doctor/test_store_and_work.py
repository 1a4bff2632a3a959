"""Each thing that can be wrong with Redis and with the processes is broken once, and named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.adapters.embedded import EmbeddedRedis
from gateway.adapters.store.connection import Client, connect
from gateway.doctor import Status, clocks, store, work
from gateway.wiring.liveness import SEEN
from tests.doctor.house import House, only, wrong


@contextmanager
def configured(client: Client, **settings: str) -> Iterator[None]:
    before = {name: client.config_get(name)[name] for name in settings}
    for name, value in settings.items():
        client.config_set(name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            client.config_set(name, value)


@pytest.mark.parametrize(
    ("name", "status", "settings"),
    [
        ("redis_eviction", Status.FAILED, {"maxmemory-policy": "allkeys-lru"}),
        ("redis_persistence", Status.FAILED, {"appendonly": "no"}),
        ("redis_fsync", Status.WARNING, {"appendfsync": "everysec"}),
        ("redis_fsync", Status.FAILED, {"appendfsync": "no"}),
        ("redis_memory", Status.WARNING, {"maxmemory": "0"}),
        ("redis_memory", Status.FAILED, {"maxmemory": "1mb"}),
    ],
)
def test_an_unsafe_redis_is_named(house: House, name: str, status: Status, settings: dict[str, str]) -> None:
    with configured(house.stack.gateway.client, **settings):
        found = wrong(store.store(house.patient()))
    assert [(finding.id, finding.status) for finding in found] == [(name, status)] and found[0].todo


@pytest.mark.parametrize(
    ("name", "told", "wait_for"),
    [
        ("redis_replicas", {"connected_slaves": 2}, 0),
        ("redis_replicas", {"connected_slaves": 2}, 1),
        ("redis_replicas", {"connected_slaves": 0}, 1),
        ("redis_replicas", {"role": "slave"}, 0),
    ],
)
def test_replicas_that_promise_nothing_are_named(name: str, told: dict[str, Any], wait_for: int) -> None:
    assert store._replicas(told, wait_for).status in (Status.WARNING, Status.FAILED)
    assert store._replicas({"connected_slaves": 1, "role": "master"}, 1).status is Status.OK


def test_an_old_redis_is_named() -> None:
    assert store._version({"redis_version": "6.2.14"}).status is Status.FAILED
    assert store._version({"redis_version": "7.0.0"}).status is Status.OK


def test_a_redis_that_is_away_fails_and_the_rest_is_skipped(house: House) -> None:
    findings = house.look(REDIS_URL="redis://127.0.0.1:9")
    assert only(findings, Status.FAILED) == ["redis"]
    assert "worker" in only(findings, Status.SKIPPED) and "twilio_credentials" in only(findings, Status.OK)


def test_a_cache_beside_the_state_cannot_evict(house: House, redis_url: str) -> None:
    [finding] = store.cache(house.patient(LOOKUP_CACHE_URL=f"{redis_url}&socket_timeout=5"))
    assert finding.id == "lookup_cache" and finding.status is Status.WARNING and "server" in finding.what


def test_a_cache_that_only_fills_up_is_named(house: House, tmp_path: Path) -> None:
    with EmbeddedRedis.start(tmp_path) as other:
        [finding] = store.cache(house.patient(LOOKUP_CACHE_URL=other.url))
        assert finding.status is Status.WARNING and "noeviction" in finding.what
        connect(other.url).config_set("maxmemory-policy", "allkeys-lru")
        [finding] = store.cache(house.patient(LOOKUP_CACHE_URL=other.url))
        assert finding.status is Status.OK


def test_a_cache_that_is_away_costs_money(house: House) -> None:
    [finding] = store.cache(house.patient(LOOKUP_CACHE_URL="redis://127.0.0.1:9"))
    assert finding.status is Status.WARNING and "paid" in finding.what


def test_a_worker_that_nobody_saw_is_named(house: House, tmp_path: Path) -> None:
    with EmbeddedRedis.start(tmp_path) as other:
        patient = house.patient(REDIS_URL=other.url)
        assert only(work.work(patient), Status.FAILED) == ["worker"]
        patient.gateway.client.set(SEEN, round((datetime.now(UTC) - timedelta(minutes=5)).timestamp() * 1000))
        assert only(work.work(patient), Status.FAILED) == ["worker"]


def test_a_queue_that_stands_still_and_a_hold_are_named(house: House, tmp_path: Path) -> None:
    with EmbeddedRedis.start(tmp_path) as other:
        patient = house.patient(REDIS_URL=other.url)
        client, old = patient.gateway.client, (datetime.now(UTC) - timedelta(minutes=9)).timestamp() * 1000
        client.sadd("gw:open", "normal|shop")
        client.zadd("gw:open:normal|shop", {"x": old})
        client.set("gw:inbound:hold", 1)
        patient.gateway.pausing.pause(timedelta(minutes=1), "account:20003")
        found = {finding.id: finding for finding in wrong(work.work(patient))}
    assert set(found) == {"worker", "queue", "sending", "inbound"} and "20003" in found["sending"].what


def test_another_rq_is_named(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "version", lambda _: "2.12.0")
    assert only(work.rq(house.patient()), Status.FAILED) == ["rq_version"]


@pytest.mark.parametrize(
    ("seconds", "status"), [(0, "ok"), (10, "warning"), (-10, "warning"), (90, "failed"), (-90, "failed")]
)
def test_a_clock_that_is_wrong_is_named(seconds: int, status: str) -> None:
    assert clocks._judged("clock", "Twilio", datetime.now(UTC) + timedelta(seconds=seconds)).status == status
