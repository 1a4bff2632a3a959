"""Seals anew what is only sealed: applications with their secrets, events on their way, batches under way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gateway.adapters.store import names
from gateway.adapters.store.apps import VERSION_FIELD
from gateway.adapters.store.connection import Client, store_errors
from gateway.adapters.store.rekeying.change import KeyChange, batches

PARTS_OF_BATCHES: Mapping[str, str] = {"chunks": "chunks of batches", "answers": "answers to batches"}
"""What of a batch is sealed, field by field, and what a field is counted as."""
_GONE, _FOREVER = -2, -1
Fields = Mapping[bytes, bytes]


def move_apps(client: Client, change: KeyChange) -> None:
    with store_errors():
        rows = client.hgetall(names.APPS)
    for name, sealed in rows.items():
        if name.decode() == VERSION_FIELD:
            continue
        anew = change.resealed(sealed, f"app:{name.decode()}", "applications")
        if anew is not None:
            with store_errors():
                client.hset(names.APPS, name, anew)


def move_events(client: Client, change: KeyChange) -> None:
    def anew(key: str, fields: Fields) -> Fields:
        sealed = change.resealed(fields.get(b"d", b""), f"event:{key.removeprefix(names.event(''))}", "events")
        return {} if sealed is None else {b"d": sealed}

    for keys in batches(client, names.event("*")):
        _rewrite(client, keys, anew)


def move_batches(client: Client, change: KeyChange) -> None:
    """Numbers that are still to be bought for `gateway enrich --distributed`, and answers not in its output yet."""

    def anew(key: str, fields: Fields) -> Fields:
        what = PARTS_OF_BATCHES[key.rpartition(":")[2]]
        found = {name: change.resealed(sealed, f"{key}:{name.decode()}", what) for name, sealed in fields.items()}
        return {name: sealed for name, sealed in found.items() if sealed is not None}

    for part in PARTS_OF_BATCHES:
        for keys in batches(client, names.batch("*", part)):
            _rewrite(client, keys, anew)


def _rewrite(client: Client, keys: Sequence[str], anew: Callable[[str, Fields], Fields]) -> None:
    """Fields of hashes that end by themselves; one that ends while it is rewritten does not come back to stay."""
    with store_errors(), client.pipeline(transaction=True) as pipe:
        for key in keys:
            pipe.hgetall(key)
            pipe.pttl(key)
        read = pipe.execute()
    with store_errors(), client.pipeline(transaction=True) as pipe:
        for key, fields, left in zip(keys, read[::2], read[1::2], strict=True):
            written = anew(key, fields) if left != _GONE else {}
            if written:
                pipe.hset(key, mapping=written)
            if written and left != _FOREVER:
                pipe.pexpire(key, max(left, 1))
        pipe.execute()
