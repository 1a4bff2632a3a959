"""The files for deploying speak of what there is: metrics that are told, commands and files that exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
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
    gateway.pacing.slow("default", "sms", account=True, pause=timedelta(0))
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


def test_a_store_that_still_loads_its_file_is_not_called_healthy() -> None:
    """Without -e valkey-cli ends with 0 whatever it was answered."""
    services = yaml.safe_load(_read("compose.yaml"))["services"]
    for name, port in (("state", None), ("cache", "6380")):
        test = services[name]["healthcheck"]["test"]
        assert test[:2] == ["CMD", "valkey-cli"] and "-e" in test and test[-1] == "ping"
        assert (test[test.index("-p") + 1] if "-p" in test else None) == port
        assert f"port {port or 6379}" in _read(f"config/redis-{name}.conf")
    assert ":8000/healthz" in services["web"]["healthcheck"]["test"][-1]


def test_every_variable_that_is_set_for_a_process_of_ours_is_one_it_reads() -> None:
    known = set(re.findall(r"^([A-Z_]+)=", _read("config/env.example"), re.M))
    compose = set(yaml.safe_load(_read("compose.yaml"))["services"]["web"]["environment"])
    image = set(re.findall(r"([A-Z_]+)=", "".join(re.findall(r"^ENV (.+)$", _read("Dockerfile"), re.M))))
    units = {name for unit in UNITS for name in re.findall(r"^Environment=([A-Z_]+)=", unit.read_text(), re.M)}
    of_others = re.compile(r"PATH|PYTHON|PIP_")
    ours = {name for name in compose | image | units if not of_others.match(name)}
    assert ours and ours <= known, ours - known


@pytest.mark.parametrize("unit", UNITS, ids=[unit.stem for unit in UNITS])
def test_every_option_of_a_unit_is_one_of_its_command(unit: Path) -> None:
    found = re.search(r"^ExecStart=\S+/gateway (\w+)(.*)$", unit.read_text(), re.M)
    assert found is not None
    command = getattr(import_module(COMMANDS[found[1]]), found[1])
    offered = {option for parameter in command.params for option in parameter.opts}
    assert set(re.findall(r"--[a-z-]+", found[2])) <= offered


def _read(name: str) -> str:
    return (ROOT / name).read_text()
