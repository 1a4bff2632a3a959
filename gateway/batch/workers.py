"""A batch whose lookups the workers of a running gateway buy: chunks go to Redis, bells ring for them, answers return.

A few chunks are out at a time, so that other batches get their turn. A chunk that nobody is at is rung for again.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass

from gateway.adapters.store.batches import AT_WORK_SECONDS, Asked, Batches
from gateway.adapters.store.codec import Sealer
from gateway.adapters.store.lanes import BATCH
from gateway.batch.plan import Plan
from gateway.batch.shop import answered, order_of
from gateway.errors import GatewayError
from gateway.wiring import Gateway
from gateway.wiring.buying import Answer, BuyerLost
from gateway.wiring.liveness import worker_seen_seconds

CHUNK_SECONDS, LARGEST_CHUNK = 0.1, 50
OUT_SECONDS = 1.5
GATHER_SECONDS = 0.05
LOOK_SECONDS = 1.0
GONE_SECONDS = 8.0
"""A worker says every two seconds that it is there."""
MOST_BELLS = 30


class NoWorker(GatewayError):
    """Nobody is there to buy."""


def chunk_for(rate: float) -> int:
    return max(1, min(LARGEST_CHUNK, math.ceil(rate * CHUNK_SECONDS)))


def chunks_out_for(rate: float) -> int:
    return math.ceil(rate * OUT_SECONDS / chunk_for(rate)) + 1


@dataclass(slots=True)
class _Out:
    """A chunk that is out: its rows without an answer, and its bell."""

    rows: set[int]
    version: int = 0
    rung_at: float = float("-inf")
    bells_without_answer: int = 0


class WorkersShop:
    def __init__(self, gateway: Gateway, plan: Plan, batch: str, first_row: int) -> None:
        self._gateway = gateway
        self._batches = Batches(gateway.client, Sealer(gateway.secrets.data))
        self._batch = batch
        self._size, self._most = chunk_for(plan.rate), chunks_out_for(plan.rate)
        self._batches.open(batch, order_of(plan, batch).document())
        self._waiting: dict[int, Future[Answer]] = {}
        self._asked: deque[tuple[int, str]] = deque()
        self._asked_at = 0.0
        self._out: dict[int, _Out] = {}
        self._rows_of: dict[int, list[int]] = {}
        self._done_rows = first_row
        self._lost: GatewayError | None = None
        self._changing = threading.Lock()
        self._closing = threading.Event()
        self._left = self._taken_over(first_row)
        self._opened_at = self._looked_at = time.monotonic()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    # ---- for the batch

    @property
    def full(self) -> bool:
        return len(self._waiting) >= (self._most + 2) * self._size

    def left(self, row: int) -> Future[Answer] | None:
        return self._left.pop(row, None)

    def ask(self, row: int, number: str) -> Future[Answer]:
        with self._changing:
            if self._lost is not None:
                raise self._lost
            if not self._asked:
                self._asked_at = time.monotonic()
            self._asked.append((row, number))
            answer: Future[Answer] = Future()
            self._waiting[row] = answer
        return answer

    def settled(self, rows: int) -> None:
        self._done_rows = rows

    def close(self) -> None:
        """What workers have begun is kept by them for the next run."""
        self._closing.set()
        self._thread.join()

    def finished(self) -> None:
        self._batches.close(self._batch)

    # ---- the other side, in a thread of its own

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                self._post()
                for chunk in self._batches.done(self._batch, GATHER_SECONDS):
                    self._collect(chunk)
                if time.monotonic() - self._looked_at >= LOOK_SECONDS:
                    self._look()
                    self._forget()
                    self._looked_at = time.monotonic()
        except GatewayError as err:
            self._lose(err)
        finally:
            self._lose(BuyerLost("the batch was stopped; run the command again to go on"))

    def _taken_over(self, first_row: int) -> dict[int, Future[Answer]]:
        """Of a run that was killed: what was answered, and what is or will be under way."""
        chunks, answers = self._batches.left(self._batch)
        found = {row: answered(answer) for row, answer in answers.items() if row >= first_row}
        for chunk, asked in chunks.items():
            rows = [row for row, _ in asked]
            self._rows_of[chunk] = rows
            open_rows = {row for row in rows if row >= first_row and row not in found}
            if open_rows:
                self._out[chunk] = _Out(open_rows, version=int(time.time()))
            for row in open_rows:
                self._waiting[row] = found[row] = Future()
        return found

    def _post(self) -> None:
        """Chunks that are full, or have waited to become so."""
        while len(self._out) < self._most and (asked := self._next()):
            chunk = self._batches.post(self._batch, asked)
            self._rows_of[chunk] = [row for row, _ in asked]
            self._out[chunk] = _Out({row for row, _ in asked})
            self._ring(chunk)

    def _next(self) -> Asked:
        with self._changing:
            waited = bool(self._asked) and time.monotonic() - self._asked_at >= GATHER_SECONDS
            if len(self._asked) < self._size and not waited:
                return []
            asked = [self._asked.popleft() for _ in range(min(self._size, len(self._asked)))]
            self._asked_at = time.monotonic()
            return asked

    def _ring(self, chunk: int) -> None:
        out = self._out[chunk]
        out.version += 1
        out.bells_without_answer += 1
        out.rung_at = time.monotonic()
        self._gateway.doorbell.ring(BATCH, [(f"{self._batch}_{chunk}", out.version)])

    def _collect(self, chunk: int) -> None:
        """What a worker has put down, finished or not."""
        out = self._out.get(chunk)
        if out is None:
            return
        self._resolve(chunk, out)
        if chunk in self._out:
            out.rung_at = float("-inf")  # not finished: the next look rings at once

    def _resolve(self, chunk: int, out: _Out) -> None:
        found = self._batches.answers(self._batch, sorted(out.rows))
        if found:
            out.bells_without_answer = 0
        for row, answer in found.items():
            out.rows.discard(row)
            with self._changing:
                waiting = self._waiting.pop(row)
            waiting.set_result(answer)
        if not out.rows:
            del self._out[chunk]

    def _look(self) -> None:
        """For chunks that nobody is at. Raises NoWorker, BuyerLost."""
        seen = worker_seen_seconds(self._gateway)
        if (seen is None or seen > GONE_SECONDS) and time.monotonic() - self._opened_at > LOOK_SECONDS and self._out:
            when = "no worker has been seen" if seen is None else f"no worker has been seen for {seen:.0f} s"
            raise NoWorker(f"{when}; start `gateway worker` and run the command again to go on")
        for chunk, out in list(self._out.items()):
            if time.monotonic() - out.rung_at > AT_WORK_SECONDS and self._nobody_at(chunk, out):
                self._resolve(chunk, out)
                if chunk in self._out:
                    self._ring_again(chunk, out)

    def _nobody_at(self, chunk: int, out: _Out) -> bool:
        queued = self._gateway.doorbell.queued(f"{self._batch}_{chunk}", out.version)
        return not queued and not self._batches.at_work(self._batch, chunk)

    def _ring_again(self, chunk: int, out: _Out) -> None:
        if out.bells_without_answer >= MOST_BELLS:
            raise BuyerLost("the workers take chunks and bring no answers; see their logs, and run the command again")
        self._ring(chunk)

    def _forget(self) -> None:
        written = [
            chunk for chunk, rows in self._rows_of.items() if rows[-1] < self._done_rows and chunk not in self._out
        ]
        if written:
            rows = [row for chunk in written for row in self._rows_of.pop(chunk)]
            self._batches.forget(self._batch, rows, written)

    def _lose(self, err: GatewayError) -> None:
        with self._changing:
            self._lost = self._lost or err
            lost, self._waiting = list(self._waiting.values()), {}
        for waiting in lost:
            waiting.set_exception(self._lost)
