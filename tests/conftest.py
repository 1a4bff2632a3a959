"""What many tests share: a real Redis, emptied for each test that asks for it, and patience with a busy machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from gateway.adapters.embedded import EmbeddedRedis
from gateway.adapters.store.connection import Client, connect

# Where CI is set, Hypothesis also takes the same examples each time.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


# One for each module: what an earlier module left running (a flush, a sweep) has no Redis to disturb any more.
@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home: Path = tmp_path_factory.mktemp("redis")
    with EmbeddedRedis.start(home, maxmemory="512mb") as server:
        yield server.url


@pytest.fixture
def client(redis_url: str) -> Iterator[Client]:
    found = connect(redis_url)
    found.flushall()
    yield found
    found.close()
