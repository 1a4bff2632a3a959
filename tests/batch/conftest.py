from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway import sandbox, wiring
from gateway.batch import Budget, Plan, enrich_file
from gateway.batch.tally import Tally
from gateway.settings import Settings
from gateway.wiring import Gateway
from tests.stack import environment

TYPE = "line_type_intelligence"


@pytest.fixture
def twilio() -> Iterator[sandbox.RunningSandbox]:
    with sandbox.start_in_thread(sandbox.SandboxOptions(port=0)) as running:
        yield running


@pytest.fixture
def gateway(client: Any, redis_url: str, twilio: sandbox.RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    """Also the environment that the buying process reads."""
    variables = environment(redis_url, twilio.url, "http://127.0.0.1:9")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return wiring.build(Settings.load(None, variables))


@pytest.fixture
def enrich(gateway: Gateway, tmp_path: Path) -> Callable[..., Tally]:
    def run(source: Path, out: str = "out.csv", **more: Any) -> Tally:
        budget = Budget.parse(more.pop("budget")) if "budget" in more else Budget()
        plan = Plan(source, tmp_path / out, more.pop("fields", (TYPE,)), **({"rate": 500.0, "budget": budget} | more))
        return enrich_file(gateway, plan)

    return run
