"""How much of a process may be busy with lookups: calls in flight, and request threads that wait for one.

Who finds no room is told at once, so that the purpose decides what happens, unless the caller has patience.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from gateway.errors import LookupUnavailable

FULL = "too_many_in_flight"
_serving: ContextVar[bool] = ContextVar("serving_requests", default=False)


def serving_requests() -> None:
    """This thread answers requests: while it looks up, it takes one of the request threads' places."""
    _serving.set(True)


class Room:
    """`request_places` may be shared with whatever else keeps request threads waiting."""

    def __init__(self, max_in_flight: int, request_places: threading.Semaphore | None = None) -> None:
        self._calls = threading.BoundedSemaphore(max_in_flight)
        self._requests = request_places

    @contextmanager
    def thread(self, until: float | None = None) -> Iterator[None]:
        """A place for a request thread; other threads have as many as they are. `until`: monotonic; None: at once."""
        if self._requests is None or not _serving.get():
            yield
            return
        with _taken(self._requests, until):
            yield

    @contextmanager
    def call(self, until: float | None = None) -> Iterator[None]:
        """A place for one call of the provider."""
        with _taken(self._calls, until):
            yield


@contextmanager
def _taken(places: threading.Semaphore, until: float | None) -> Iterator[None]:
    left = 0.0 if until is None else until - time.monotonic()
    if not (places.acquire(timeout=left) if left > 0 else places.acquire(blocking=False)):
        raise LookupUnavailable(FULL)
    try:
        yield
    finally:
        places.release()
