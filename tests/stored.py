"""Everything that a Redis holds, and how to look in it for what must not be there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gateway.adapters.store.connection import Client

_HASH = re.compile(r"[0-9]*[a-f][0-9a-f]{15,}|[0-9a-f]{15,}[a-f][0-9]*")


def everything(client: Client) -> Iterator[tuple[str, Any]]:
    """Each key with its whole value, whatever its type; a key that ends while this reads has the value None."""
    for key in client.scan_iter(count=1000):
        yield key.decode(), _value(client, key)


def holds(text: str, secret: str) -> bool:
    """Digits count where they stand alone: in a longer number, a hash or part of a second they are another one."""
    return re.search(rf"(?<![\d.]){re.escape(secret)}(?!\d)", _HASH.sub("", text)) is not None


def _value(client: Client, key: bytes) -> Any:
    match client.type(key):
        case b"string":
            return client.get(key)
        case b"hash":
            return client.hgetall(key)
        case b"list":
            return client.lrange(key, 0, -1)
        case b"set":
            return client.smembers(key)
        case b"zset":
            return client.zrange(key, 0, -1, withscores=True)
        case b"stream":
            return client.xrange(key)
        case b"none":
            return None
        case kind:
            raise AssertionError(f"{key.decode()} is a {kind!r}, which nobody looks through")
