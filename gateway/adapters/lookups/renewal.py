"""Holds the flights of this process while their calls run: a short lease each, renewed by one thread for all of them.

The lease is short so that a process that was killed in the middle of a call is soon followed by one of those who wait.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.adapters.store import scripts
from gateway.adapters.store.connection import Client
from gateway.errors import StoreUnavailable

LEASE_SECONDS = 1.0
RENEW_SECONDS = 0.2
"""A process that has much to do may miss a turn or two, and still holds what it bought."""
IDLE_SECONDS = 10.0


class Renewal:
    def __init__(self, client: Client) -> None:
        self._client = client
        self._held: dict[str, tuple[str, float]] = {}
        self._change = threading.Condition()
        self._thread: threading.Thread | None = None

    @contextmanager
    def holding(self, lock: str, token: str, until: float) -> Iterator[None]:
        """Within, the lock that `token` took stays ours, `until` (monotonic) at the latest."""
        with self._change:
            self._held[token] = lock, until
            if self._thread is None or not self._thread.is_alive():  # after a fork, the parent's lives no more
                self._thread = threading.Thread(target=self._run, name="flights", daemon=True)
                self._thread.start()
            self._change.notify()
        try:
            yield
        finally:
            with self._change:
                self._held.pop(token, None)

    def _run(self) -> None:
        while self._wanted():
            time.sleep(RENEW_SECONDS)
            self._renew()

    def _wanted(self) -> bool:
        """Once there is something to hold. False: there was nothing for so long that the thread may end."""
        with self._change:
            if self._change.wait_for(lambda: bool(self._held), IDLE_SECONDS):
                return True
            self._thread = None
            return False

    def _renew(self) -> None:
        now = time.monotonic()
        with self._change:
            held = [(lock, token) for token, (lock, until) in self._held.items() if until > now]
        if held:
            # Without the store nobody else can take them either; what has run out meanwhile is another's to take.
            with contextlib.suppress(StoreUnavailable):
                tokens = [token for _, token in held]
                scripts.run(self._client, "hold", [lock for lock, _ in held], lease_ms(), *tokens)


def lease_ms() -> int:
    return round(LEASE_SECONDS * 1000)
