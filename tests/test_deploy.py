"""The files for deploying speak of what there is: metrics that are told, commands and files that exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from gateway import wiring
from gateway.adapters.store.connection import Client
from gateway.api import metrics
from gateway.app import create_app
from gateway.cli.root import COMMANDS
from gateway.settings import Settings
from gateway.wiring.readings import Memory, Readings, Waiting
from tests.stack import FLOW_CONFIG, environment

ROOT = Path(__file__).parent.parent
ALERTS, DASHBOARD = ROOT / "deploy/prometheus/alerts.yml", ROOT / "deploy/grafana/dashboard.json"
UNITS = sorted((ROOT / "deploy/systemd").glob("*.service"))
METRIC = re.compile(r"\bgateway_[a-z_]+")
FULL = Readings(
    counts={"intents:accepted:mfa": 1, "intents:sent": 1, "attempts:failed:sms:bug": 1, "events:delivered": 1},
    tally={"rejected|a|b": 1, "admitted|a|b": 1, "effect|a|b": 1, "http|GET|/|200": 1, "http_ms|GET|/": 1},
    lanes={"normal": Waiting()},
    memory=Memory(1, 2, 3, 4.0, 5.0),
    worker_seen_seconds=1.0,
    events_waiting=0,
    events_overdue_seconds=0.0,
    paused=None,
    inbound_held=False,
    breaker_open=False,
    lookups={"paid": (1, 1)},
)


@pytest.fixture
def told(client: Client, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """Every name that /metrics can tell."""
    file = tmp_path / "gateway.toml"
    file.write_text(FLOW_CONFIG)
    gateway = wiring.build(Settings.load(file, environment(redis_url, "http://127.0.0.1:9", "http://127.0.0.1:9")))
    monkeypatch.setattr(metrics, "read", lambda _: FULL)
    yield set(re.findall(r"^(gateway_\w+)", create_app(gateway).test_client().get("/metrics").text, re.M))


def test_every_alert_asks_for_a_metric_that_is_told(told: set[str]) -> None:
    rules = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    assert len(rules) >= 8
    for rule in rules:
        assert rule["annotations"]["summary"] and rule["annotations"]["todo"]
        assert set(METRIC.findall(rule["expr"])) <= told, rule["alert"]


def test_every_panel_asks_for_a_metric_that_is_told(told: set[str]) -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    asked = {name for panel in panels for target in panel["targets"] for name in METRIC.findall(target["expr"])}
    assert asked and asked <= told, asked - told


def test_every_metric_is_watched_somewhere(told: set[str]) -> None:
    """What nobody looks at need not be told."""
    watched = set(METRIC.findall(ALERTS.read_text() + DASHBOARD.read_text()))
    parts = ("_sum", "_count")
    assert {name for name in told if not name.endswith(parts)} - watched <= {"gateway_store_bytes_per_intent"}


@pytest.mark.parametrize("unit", UNITS, ids=[unit.stem for unit in UNITS])
def test_every_unit_runs_a_command_of_ours_without_rights(unit: Path) -> None:
    text = unit.read_text()
    command = re.search(r"^ExecStart=\S+/gateway (\w+)", text, re.M)
    assert command is not None and command[1] in COMMANDS
    for line in ("NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=", "User=gateway"):
        assert re.search(f"^{re.escape(line)}$", text, re.M), line


def test_the_image_copies_what_exists_and_is_let_in() -> None:
    copied = [
        word.rstrip("/")
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", _read("Dockerfile"), re.M)
        for word in line.split()
    ]
    assert {"gateway", "webhooks", "config", "pyproject.toml"} <= set(copied)
    admitted = {line[1:].rstrip("/") for line in _read(".dockerignore").splitlines() if line.startswith("!")}
    for name in copied:
        assert (ROOT / name).exists() and name in admitted, name


def test_compose_keeps_state_and_cache_apart() -> None:
    services = yaml.safe_load(_read("compose.yaml"))["services"]
    assert set(services) == {"web", "worker", "state", "cache"}
    variables = services["web"]["environment"]
    assert "//state:6379" in variables["REDIS_URL"] and "//cache:6380" in variables["LOOKUP_CACHE_URL"]
    for name in ("state", "cache"):
        source = services[name]["volumes"][0].split(":")[0]
        assert (ROOT / source).is_file() and f"redis-{name}" in source
    assert all(services[name]["command"][0] in COMMANDS for name in ("web", "worker"))


def _read(name: str) -> str:
    return (ROOT / name).read_text()
