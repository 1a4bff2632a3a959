"""Writes that a replica must have too before they count, where the configuration asks for it.

WAIT speaks of the connection it comes over, so write and WAIT share one: over another it would confirm nothing, or
another primary's writes. Without replicas to wait for this is the plain client.
Source: the WAIT command's page.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from redis import Redis

from gateway.adapters.store import names
from gateway.adapters.store.connection import Client, store_errors
from gateway.errors import StoreUnavailable

T = TypeVar("T")
USUAL_WAIT = timedelta(milliseconds=200)


class Quorum:
    def __init__(self, client: Client, replicas: int = 0, wait: timedelta = USUAL_WAIT) -> None:
        self._client = client
        self._replicas = replicas
        self._wait_ms = max(1, round(wait.total_seconds() * 1000))

    @property
    def asks(self) -> bool:
        return self._replicas > 0

    def write(self, act: Callable[[Client], T]) -> T:
        """Call `act` with the client to write with. Raises StoreUnavailable also when too few replicas have it."""
        if not self._replicas:
            return act(self._client)
        pool = self._client.connection_pool
        with store_errors():
            connection = pool.get_connection()
        try:
            one = Redis(connection_pool=_One(pool, connection))  # type: ignore[arg-type]
            done = act(one)
            self._confirm(one)
            return done
        finally:
            pool.release(connection)

    def _confirm(self, one: Client) -> None:
        """With a write of its own: what was there already, and written by another, is confirmed by it too."""
        with store_errors(), one.pipeline(transaction=False) as pipe:
            pipe.set(names.CONFIRMED, 1)
            pipe.wait(self._replicas, self._wait_ms)
            confirmed = int(pipe.execute()[-1])
        if confirmed < self._replicas:
            raise StoreUnavailable(f"{confirmed} of {self._replicas} replicas have confirmed a write")


class _One:
    """A pool that always gives the same connection; in all else the pool it came from."""

    ready = None

    def __init__(self, pool: Any, connection: Any) -> None:
        self._pool = pool
        self._connection = connection

    def get_connection(self, *_: object, **__: object) -> Any:
        return self._connection

    def release(self, connection: object) -> None:
        """It stays taken until its borrower is done with it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)
