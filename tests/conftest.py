"""What many tests share: a real Redis, emptied for each test that asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.adapters.embedded import EmbeddedRedis
from gateway.adapters.store.connection import Client, connect


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
