"""One world for each test of act."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.adapters.store.connection import Client
from tests.act.world import World, world_on


@pytest.fixture
def world(client: Client, redis_url: str, tmp_path: Path) -> World:
    return world_on(client, redis_url, tmp_path)
