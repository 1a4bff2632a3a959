"""What a process remembers for a short while instead of asking the store each time. Bounded; for many threads."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime, timedelta
from threading import Lock
from typing import Generic, TypeVar

from gateway.ports import Clock

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """The least recently used goes first when it is full."""

    def __init__(self, clock: Clock, longest: timedelta, bound: int) -> None:
        self._clock = clock
        self._longest = longest
        self._bound = bound
        self._rows: OrderedDict[K, tuple[V, datetime, timedelta]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: K) -> V | None:
        now = self._clock.now()
        with self._lock:
            row = self._rows.get(key)
            if row is None:
                return None
            value, since, longest = row
            # A clock that was set back must not keep anything alive.
            if not timedelta(0) <= now - since < longest:
                del self._rows[key]
                return None
            self._rows.move_to_end(key)
            return value

    def put(self, key: K, value: V, longest: timedelta | None = None) -> None:
        with self._lock:
            self._rows[key] = (value, self._clock.now(), self._longest if longest is None else longest)
            self._rows.move_to_end(key)
            while len(self._rows) > self._bound:
                self._rows.popitem(last=False)

    def forget(self, key: K) -> None:
        with self._lock:
            self._rows.pop(key, None)

    def __len__(self) -> int:
        with self._lock:
            return len(self._rows)
