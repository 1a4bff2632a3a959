"""Counts what requests and webhooks there were, in memory, and adds them to the store's counters once a second.

A count is lost when a process is killed within that second; nothing but a graph depends on it. Nothing is counted by
number, address or text: only names of ours, of which there is a bounded number.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import weakref
from collections import Counter
from collections.abc import Mapping

from gateway.adapters.store import names
from gateway.adapters.store.connection import Client, store_errors
from gateway.errors import StoreUnavailable

EVERY_SECONDS = 1.0
MOST_NAMES = 5_000
OVERFLOW = "overflow"


class Tally:
    """Safe to share among threads; a timer runs only while something waits to be written, so it survives a fork."""

    def __init__(self, client: Client, *, every_seconds: float = EVERY_SECONDS) -> None:
        self._client = client
        self._every = every_seconds
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._timed_by = 0
        atexit.register(_flush_if_alive, weakref.ref(self))

    def add(self, name: str, amount: int = 1) -> None:
        self.add_all({name: amount})

    def add_all(self, amounts: Mapping[str, int]) -> None:
        """No I/O here."""
        with self._lock:
            for name, amount in amounts.items():
                full = name not in self._counts and len(self._counts) >= MOST_NAMES
                self._counts[OVERFLOW if full else name] += amount
            if self._timed_by == os.getpid():
                return
            self._timed_by = os.getpid()
        timer = threading.Timer(self._every, self._flush_in_time)
        timer.daemon = True
        timer.start()

    def flush(self) -> None:
        """All that was counted before is then written. Raises StoreUnavailable, and keeps what could not be."""
        with self._writing:  # another thread's flush counts as done when it is
            with self._lock:
                counts, self._counts = self._counts, Counter()
            try:
                self._write(counts)
            except StoreUnavailable:
                with self._lock:
                    self._counts.update(counts)
                raise

    def _write(self, counts: Mapping[str, int]) -> None:
        if not counts:
            return
        with store_errors(), self._client.pipeline(transaction=True) as pipe:
            for name, amount in counts.items():
                pipe.hincrby(names.TALLY, name, amount)
            pipe.execute()

    def _flush_in_time(self) -> None:
        with self._lock:
            self._timed_by = 0
        # What stays unwritten goes out with the next count, or at the end.
        with contextlib.suppress(StoreUnavailable):
            self.flush()


def _flush_if_alive(tally: weakref.ref[Tally]) -> None:
    found = tally()
    if found is not None:
        with contextlib.suppress(StoreUnavailable):
            found.flush()
