"""Tells Redis which bells were answered: many in one round trip, and none is forgotten while Redis is away."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from queue import Empty, SimpleQueue

from gateway.adapters.store.bells import Bell, Bells
from gateway.errors import StoreUnavailable

GATHER_SECONDS = 0.02
"""How long answers are gathered. A worker that is killed meanwhile leaves entries that RQ's maintenance removes."""


class Settling:
    """`add` is for everybody, `once` for one thread."""

    def __init__(self, lanes: Mapping[str, Bells], stopping: threading.Event) -> None:
        self._lanes = lanes
        self._stopping = stopping
        self._answered: SimpleQueue[tuple[Bell, str | None] | None] = SimpleQueue()
        self._unsettled: list[tuple[Bell, str | None]] = []

    def add(self, bell: Bell, why_failed: str | None) -> None:
        self._answered.put((bell, why_failed))

    def once(self) -> None:
        """Wait for an answer, gather what comes right after it, settle all. Raises StoreUnavailable, and keeps them."""
        if not self._unsettled:
            self._take(self._answered.get())
        self._stopping.wait(GATHER_SECONDS)
        self.rest()

    def rest(self) -> None:
        """Settle whatever there is, without waiting for more."""
        try:
            while True:
                self._take(self._answered.get_nowait())
        except Empty:
            pass
        for lane, bells in self._lanes.items():
            self._settle(lane, bells)

    def wake(self) -> None:
        """Let a waiting `once` return."""
        self._answered.put(None)

    def _take(self, answered: tuple[Bell, str | None] | None) -> None:
        if answered is not None:
            self._unsettled.append(answered)

    def _settle(self, lane: str, bells: Bells) -> None:
        own = [answered for answered in self._unsettled if answered[0].lane == lane]
        self._unsettled = [answered for answered in self._unsettled if answered[0].lane != lane]
        try:
            if good := [bell for bell, why in own if why is None]:
                bells.settle(good)
                own = [(bell, why) for bell, why in own if why is not None]
            while own:
                bell, why = own[-1]
                bells.fail(bell, why or "")
                own.pop()
        except StoreUnavailable:
            self._unsettled += own
            raise
