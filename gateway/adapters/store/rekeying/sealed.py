"""Seals anew what is only sealed: applications with their secrets, and events on their way."""

from __future__ import annotations

from gateway.adapters.store import names
from gateway.adapters.store.apps import VERSION_FIELD
from gateway.adapters.store.connection import Client, store_errors
from gateway.adapters.store.rekeying.change import KeyChange, batches


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
    for keys in batches(client, names.event("*")):
        with store_errors(), client.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.hget(key, "d")
            rows = pipe.execute()
        with store_errors(), client.pipeline(transaction=True) as pipe:
            for key, sealed in zip(keys, rows, strict=True):
                anew = change.resealed(sealed or b"", f"event:{key.removeprefix(names.event(''))}", "events")
                if anew is not None:
                    pipe.hset(key, "d", anew)
            pipe.execute()
