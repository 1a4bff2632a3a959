"""A Redis that takes no writes any more still deletes what has been kept long enough."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from gateway.adapters.store import names
from gateway.adapters.store.connection import Client
from gateway.adapters.store.lanes import ALL_LANES
from gateway.adapters.store.presence import Presence
from gateway.errors import StoreUnavailable
from gateway.wiring import Gateway
from gateway.worker.clock import Clockwork, duties_of
from gateway.worker.shelf import Shelf

OLD = "01JB0000000000000000000000"


@pytest.fixture
def full(client: Client) -> Iterator[Client]:
    """It holds an intent that ended long ago, and has no room for anything."""
    client.hset(names.intent(OLD), mapping={"i": b"", "o": b"normal|shop"})
    client.zadd(names.ENDED, {OLD: 0})
    before = client.config_get("maxmemory")["maxmemory"]
    client.config_set("maxmemory", 1)
    yield client
    client.config_set("maxmemory", before)


def test_retention_goes_on_where_no_lease_can_be_had(gateway: Gateway, full: Client) -> None:
    clockwork = Clockwork(full, duties_of(gateway, Presence(full), Shelf(ALL_LANES, 4)))
    with pytest.raises(StoreUnavailable):
        clockwork.tick(threading.Event())
    assert not full.exists(names.ENDED, names.intent(OLD))
