"""Very many intents into a store in little time: the store's own accept, hundreds of them in one round trip."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from benchmarks.seeding import accept, gateway_of
from gateway.adapters.store.connection import Client, connect

BATCH = 500
ANSWERS = [b"accepted"] * 64


class _Gathered:
    """A transaction that the store fills, and believes executed."""

    def __init__(self, pipe: Any) -> None:
        self._pipe = pipe

    def multi(self) -> None: ...

    def execute(self, **_: object) -> list[bytes]:
        return ANSWERS

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pipe, name)


class _Gathering:
    """A client whose transactions wait until `flush`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._pipe = client.pipeline(transaction=False)

    @contextlib.contextmanager
    def pipeline(self, **_: object) -> Iterator[_Gathered]:
        yield _Gathered(self._pipe)

    def flush(self) -> None:
        self._pipe.execute()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def accept_many(env: Mapping[str, str], numbers: range, *, after: timedelta = timedelta(0)) -> None:
    """One intent for each number, to be sent `after` so long."""
    client = connect(env["REDIS_URL"], timeout_seconds=60)
    accept(gateway_of(env, client), numbers[0], after=after)  # Redis has the scripts then
    gathering = _Gathering(client)
    gateway = gateway_of(env, gathering)
    for n in numbers[1:]:
        accept(gateway, n, after=after)
        if n % BATCH == 0:
            gathering.flush()
    gathering.flush()
    client.close()
