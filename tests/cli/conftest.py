"""The command line over a real Redis, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway import wiring
from gateway.adapters.store.connection import Client
from gateway.cli.root import cli
from gateway.settings import Settings
from gateway.wiring import Gateway
from tests.stack import FLOW_CONFIG, environment


@dataclass
class Shell:
    gateway: Gateway
    home: Path

    def run(self, *words: str, given: str | None = None) -> Result:
        """Exceptions of ours stay exceptions: `main` turns them into one line and status 1."""
        return CliRunner().invoke(cli, [*words], input=given, catch_exceptions=False)


@pytest.fixture
def shell(client: Client, redis_url: str, tmp_path: Path) -> Iterator[Shell]:
    file = tmp_path / "gateway.toml"
    file.write_text(FLOW_CONFIG)
    gateway = wiring.build(Settings.load(file, environment(redis_url, "http://127.0.0.1:9", "http://127.0.0.1:9")))
    wiring.use(gateway)
    yield Shell(gateway, tmp_path)
    wiring.use(None)
