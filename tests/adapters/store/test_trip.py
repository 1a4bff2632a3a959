"""A round trip on a kept connection: what an outage does to it."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from gateway.adapters.store.connection import connect
from gateway.adapters.store.trip import exchange


def test_an_outage_costs_the_pool_no_connection(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client = connect(redis_url, pool_size=1)
    assert exchange(client, [("PING",)]) == [b"PONG"]
    [connection] = client.connection_pool.ready._waiting

    def away(*_: Any, **__: Any) -> None:
        raise redis.ConnectionError("away")

    with monkeypatch.context() as outage:
        connection.disconnect()
        outage.setattr(type(connection), "connect", away)
        for _ in range(3):
            with pytest.raises(redis.ConnectionError, match="away"):
                exchange(client, [("PING",)])
    assert exchange(client, [("PING",)]) == [b"PONG"]
    client.close()
