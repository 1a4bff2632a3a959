"""A worker's part in a batch: one chunk of it, bought by a process that this worker keeps for the batch.

The job waits here and does nothing else, so that how many chunks a worker takes is what its lane allows. A killed
worker's chunk is rung again by the command; what it had begun comes home in its buying process all the same.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import wait as wait_for

from gateway.adapters.store.batches import Batches
from gateway.adapters.store.codec import Sealer
from gateway.adapters.store.doorbell import JOB_TIMEOUT_SECONDS
from gateway.ids import ulid
from gateway.wiring.buying.order import Order
from gateway.wiring.buying.till import Answer, BuyerLost, Till
from gateway.wiring.gateway import Gateway

WORD_SECONDS = 1.0
LONGEST_SECONDS = 0.75 * JOB_TIMEOUT_SECONDS
IDLE_SECONDS = 10.0


class _Tills:
    """One per batch, closed when nothing was asked of it for a while."""

    def __init__(self) -> None:
        self._tills: dict[str, tuple[Till, float]] = {}
        self._lock = threading.Lock()

    def of(self, order: Order) -> Till:
        with self._lock:
            till, _ = self._tills.get(order.batch, (None, 0.0))
            if till is None or not till.alive:
                till = Till(order)
            self._tills[order.batch] = till, time.monotonic()
        self._look_later(order.batch)
        return till

    def _look_later(self, batch: str) -> None:
        timer = threading.Timer(IDLE_SECONDS, self._close_if_idle, [batch])
        timer.daemon = True
        timer.start()

    def _close_if_idle(self, batch: str) -> None:
        with self._lock:
            till, used_at = self._tills.get(batch, (None, 0.0))
            if till is None or time.monotonic() - used_at < IDLE_SECONDS:
                return
            busy = till.alive and till.waiting > 0
            if not busy:
                del self._tills[batch]
        if busy:
            self._look_later(batch)
        else:
            till.close()


_tills = _Tills()


def buy_chunk(gateway: Gateway, about: str) -> None:
    """`about` names batch and chunk. Raises StoreUnavailable."""
    batch, _, name = about.rpartition("_")
    batches, chunk = Batches(gateway.client, Sealer(gateway.secrets.data)), int(name)
    order = batches.order(batch)
    if order is None or not batches.take(batch, chunk, ulid()):
        return
    try:
        asked = batches.chunk(batch, chunk)
        since = batches.begun(batch, chunk, gateway.clock.now())
        answered = batches.answers(batch, [row for row, _ in asked])
        till = _tills.of(Order.read(order))
        waiting = [till.ask(row, number, since) for row, number in asked if row not in answered]
        _wait(batches, batch, chunk, waiting)
    except BuyerLost:
        return  # the command finds the rows without an answer, and rings again
    finally:
        batches.put_down(batch, chunk)


def _wait(batches: Batches, batch: str, chunk: int, waiting: Sequence[Future[Answer]]) -> None:
    until = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < until and wait_for(waiting, WORD_SECONDS).not_done:
        batches.still(batch, chunk)
