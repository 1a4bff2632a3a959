"""The pause of all sending when the account itself is refused; known to every process through the store."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from gateway.adapters.store import names
from gateway.adapters.store.codec import from_ms, to_ms
from gateway.adapters.store.connection import Client, store_errors
from gateway.ports import Clock

KEY = f"{names.PREFIX}:paused"
REMEMBERED_SECONDS = 1.0


class Pausing:
    """Read at most once a second in each process."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._looked_at = 0.0
        self._until: datetime | None = None

    def pause(self, span: timedelta, why: str) -> None:
        until = self._clock.now() + span
        with store_errors():
            self._client.set(KEY, f"{to_ms(until)} {why}", px=round(span.total_seconds() * 1000))
        self._until = until

    def until(self) -> datetime | None:
        if time.monotonic() - self._looked_at >= REMEMBERED_SECONDS:
            self._until = self._read()[0]
            self._looked_at = time.monotonic()
        return self._until

    def why(self) -> str | None:
        return self._read()[1]

    def _read(self) -> tuple[datetime | None, str | None]:
        with store_errors():
            stored = self._client.get(KEY)
        if stored is None:
            return None, None
        milliseconds, _, why = stored.decode().partition(" ")
        return from_ms(int(milliseconds)), why
