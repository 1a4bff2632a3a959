"""/metrics is the whole house's, right over processes and restarts, and says when the store is away."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from gateway import wiring
from gateway.adapters.store import names
from gateway.adapters.store.movements import HANDED_BOUNDS_MS
from gateway.api.metrics import COUNTERS, handed_over
from gateway.app import create_app
from gateway.settings import Settings
from gateway.wiring import Gateway
from gateway.wiring.liveness import worker_seen_seconds
from tests.stack import FLOW_CONFIG, environment, running, until


def read(text: str) -> Mapping[tuple[str, frozenset[tuple[str, str]]], float]:
    """By name and labels, through Prometheus' own parser."""
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(sample.name, frozenset(sample.labels.items())): sample.value for sample in samples}


def value(text: str, name: str, **labels: str) -> float | None:
    return read(text).get((name, frozenset(labels.items())))


@pytest.fixture(scope="module")
def told(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What /metrics says after one delivered text, one failed intent, a forged callback and an open breaker."""
    with running(
        redis_url, tmp_path_factory.mktemp("metrics"), FLOW_CONFIG + "[budget]\nlookups_per_day = 50\n"
    ) as stack:
        stack.until(stack.send("+14155550100")["id"], "delivered")
        stack.until(stack.send("+14155550142", channels=["sms"])["id"], "failed")
        stack.send("+14155550104", send_at=_in_an_hour())
        requests.post(f"{stack.url}/webhooks/messages/status", data={"MessageSid": "SM1"}, timeout=10)
        stack.get("/nowhere/at/all")
        stack.gateway.client.hset(names.breaker("lookup"), "open_until", 1)
        until(lambda: worker_seen_seconds(stack.gateway), lambda seen: seen is not None)
        return requests.get(f"{stack.url}/metrics", timeout=10).text


def _in_an_hour() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))


@pytest.mark.parametrize(
    ("expected", "name", "labels"),
    [
        (1, "gateway_store_up", {}),
        (3, "gateway_intents_accepted_total", {"purpose": "notification"}),
        (1, "gateway_intents_total", {"status": "delivered"}),
        (1, "gateway_intents_total", {"status": "failed"}),
        (2, "gateway_attempts_total", {"status": "started", "channel": "sms", "class": ""}),
        (1, "gateway_attempts_total", {"status": "delivered", "channel": "sms", "class": ""}),
        (1, "gateway_attempts_total", {"status": "failed", "channel": "sms", "class": "invalid"}),
        (2, "gateway_handed_over_seconds_count", {}),
        (2, "gateway_handed_over_seconds_bucket", {"le": "+Inf"}),
        (1, "gateway_lane_open", {"lane": "normal"}),
        (0, "gateway_lane_due", {"lane": "normal"}),
        (0, "gateway_lane_bells", {"lane": "urgent"}),
        (1, "gateway_worker_seen", {}),
        (0, "gateway_events_waiting", {}),
        (0, "gateway_sending_paused", {"cause": ""}),
        (1, "gateway_admission_open", {}),
        (1, "gateway_lookup_breaker_open", {}),
        (50, "gateway_lookup_budget_today", {}),
        (3, "gateway_lookups_today", {"kind": "paid"}),
        (3, "gateway_store_intents", {}),
    ],
)
def test_it_counts_what_happened(told: str, expected: float, name: str, labels: dict[str, str]) -> None:
    assert value(told, name, **labels) == expected, told


@pytest.mark.parametrize(
    "name",
    ["gateway_store_memory_bytes", "gateway_store_bytes_per_intent",
     "gateway_store_days_of_room", "gateway_handed_over_seconds_sum", "gateway_store_memory_ratio"],
)  # fmt: skip
def test_sizes_are_above_zero(told: str, name: str) -> None:
    found = value(told, name)
    assert found is not None and found > 0


def test_it_tells_how_long_ago_a_worker_was_seen(told: str) -> None:
    found = value(told, "gateway_worker_seen_seconds")
    assert found is not None and 0 <= found < 60


@pytest.mark.parametrize(
    ("least", "name", "labels"),
    [
        (1, "gateway_webhooks_rejected_total", {"source": "messages_status", "cause": "missing"}),
        (3, "gateway_http_requests_total", {"method": "POST", "route": "/send", "status": "202"}),
        (1, "gateway_http_requests_total", {"method": "GET", "route": "unmatched", "status": "404"}),
    ],
)
def test_it_counts_requests(told: str, least: float, name: str, labels: dict[str, str]) -> None:
    """At least: another test's gateway may have written what it counted within its last second."""
    found = value(told, name, **labels)
    assert found is not None and found >= least


def test_admitted_webhooks_name_the_key_that_admitted_them(told: str) -> None:
    found = value(told, "gateway_webhooks_admitted_total", source="messages_status", key="primary")
    assert found is not None and found >= 2


def _gateway(redis_url: str, home: Path) -> Gateway:
    file = home / "gateway.toml"
    file.write_text(FLOW_CONFIG)
    return wiring.build(Settings.load(file, environment(redis_url, "http://127.0.0.1:9", "http://127.0.0.1:9")))


def _shown(gateway: Gateway) -> str:
    return create_app(gateway).test_client().get("/metrics").text


def test_counts_of_two_processes_add_up_and_outlive_both(client: object, redis_url: str, tmp_path: Path) -> None:
    for _ in range(2):
        app = create_app(_gateway(redis_url, tmp_path))
        app.test_client().get("/healthz")
        app.test_client().get("/metrics")  # writes what was counted, as the last thing this process does
    text = _shown(_gateway(redis_url, tmp_path))
    found = value(text, "gateway_http_requests_total", method="GET", route="/healthz", status="200")
    assert found is not None and found >= 2


def test_a_paused_account_is_told_with_its_cause(client: object, redis_url: str, tmp_path: Path) -> None:
    gateway = _gateway(redis_url, tmp_path)
    gateway.house.acting.pause_sending(timedelta(minutes=1), "account:20003")
    assert value(_shown(gateway), "gateway_sending_paused", cause="account:20003") == 1


def test_overdue_intents_show_their_age(client: object, redis_url: str, tmp_path: Path) -> None:
    gateway = _gateway(redis_url, tmp_path)
    gateway.client.sadd(names.OPEN_NAMES, "normal|shop")
    gateway.client.zadd(names.open_intents("normal|shop"), {"a": (time.time() - 100) * 1000, "b": time.time() * 2000})
    text = _shown(gateway)
    age = value(text, "gateway_lane_oldest_due_seconds", lane="normal")
    assert age is not None and 99 < age < 130
    assert (value(text, "gateway_lane_open", lane="normal"), value(text, "gateway_lane_due", lane="normal")) == (2, 1)


def test_with_the_store_away_only_that_is_told(tmp_path: Path) -> None:
    text = _shown(_gateway("redis://127.0.0.1:9", tmp_path))
    assert list(read(text).items()) == [(("gateway_store_up", frozenset()), 0.0)]


def test_the_histograms_buckets_hold_all_below_them() -> None:
    stored = {"handed:50": 1, "handed:1000": 2, "handed:more": 3, "handed:ms": 4500}
    family = handed_over(stored)
    buckets = {sample.labels["le"]: sample.value for sample in family.samples if sample.name.endswith("_bucket")}
    assert (buckets["0.05"], buckets["0.5"], buckets["1"], buckets["1800"], buckets["+Inf"]) == (1, 1, 3, 3, 6)
    assert [s.value for s in family.samples if s.name.endswith("_sum")] == [4.5]
    assert len(buckets) == len(HANDED_BOUNDS_MS) + 1


def test_every_counter_has_its_own_name() -> None:
    assert len({name for name, _, _ in COUNTERS.values()}) == len(COUNTERS)
