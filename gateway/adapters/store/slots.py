"""Moments at which requests to Lookup may begin, handed out by Redis to all batches and all who buy for them.

Each batch is a line of its own. All lines of an account together are as close as the fastest of them may be.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.adapters.store import names, scripts
from gateway.adapters.store.connection import Client

ALL = "all"


@dataclass(frozen=True, slots=True)
class Block:
    """`count` moments from `first` on, in seconds of the server's clock, which shows `now`. None: ask again then."""

    now: float
    first: float
    count: int


class Slots:
    def __init__(self, client: Client, line: str, apart_seconds: float) -> None:
        self._client = client
        self._keys = [names.slots(line), names.slots(ALL)]
        self._apart_us = f"{apart_seconds * 1_000_000:.3f}"

    def reserve(self, wanted: int) -> Block:
        """Raises StoreUnavailable."""
        now, first, count = scripts.run(self._client, "slots", self._keys, self._apart_us, wanted)
        return Block(now / 1_000_000, first / 1_000_000, count)
