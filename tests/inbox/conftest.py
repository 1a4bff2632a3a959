"""The house of the door's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.adapters.store.connection import Client
from tests.inbox.house import House, house_on


@pytest.fixture
def house(client: Client, redis_url: str, tmp_path: Path) -> Iterator[House]:
    with house_on(client, redis_url, tmp_path) as found:
        yield found
