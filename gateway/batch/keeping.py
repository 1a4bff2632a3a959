"""Where a buying process keeps its answers before it tells them: in a journal beside the output, or in Redis."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any, Protocol

from gateway.adapters.store.batches import Batches
from gateway.adapters.store.codec import Sealer, dumps
from gateway.errors import StoreUnavailable
from gateway.wiring import Gateway
from gateway.wiring.buying import Order

GATHER_SECONDS = 0.02
TRY_AGAIN_SECONDS = 0.5
TRIES = 20
Answer = Mapping[str, Any]


class Keeper(Protocol):
    def keep(self, row: int, answer: Answer) -> None: ...

    def close(self) -> None:
        """All is kept and told."""


class Journal:
    """What was bought goes to the file first; several processes may append to the same one."""

    def __init__(self, file: IO[str], told: IO[str]) -> None:
        self._file = file
        self._told = told
        self._writing = threading.Lock()

    def keep(self, row: int, answer: Answer) -> None:
        line = dumps({"row": row, **answer}) + "\n"
        with self._writing:
            if answer.get("lookup", {}).get("source") == "live":
                self._file.write(line)
                self._file.flush()
            _tell(self._told, line)

    def close(self) -> None: ...


class Records:
    """Sealed, in Redis, many at once: the worker that started us may be killed, and the command be elsewhere."""

    def __init__(self, batches: Batches, batch: str, told: IO[str]) -> None:
        self._batches = batches
        self._batch = batch
        self._told = told
        self._kept: SimpleQueue[tuple[int, Answer] | None] = SimpleQueue()
        self._closing = threading.Event()
        self._writer = threading.Thread(target=self._write)
        self._writer.start()

    def keep(self, row: int, answer: Answer) -> None:
        self._kept.put((row, answer))

    def close(self) -> None:
        self._closing.set()
        self._kept.put(None)
        self._writer.join()

    def _write(self) -> None:
        while not (self._closing.is_set() and self._kept.empty()):
            if gathered := self._gathered():
                self._written(gathered)
                _tell(self._told, "".join(dumps({"row": row, **answer}) + "\n" for row, answer in gathered.items()))

    def _gathered(self) -> dict[int, Answer]:
        entries = [self._kept.get()]
        self._closing.wait(GATHER_SECONDS)
        with contextlib.suppress(Empty):
            while True:
                entries.append(self._kept.get_nowait())
        return dict(entry for entry in entries if entry is not None)

    def _written(self, gathered: Mapping[int, Answer]) -> None:
        # That the store was away is no answer: the command asks again.
        answers = {row: answer for row, answer in gathered.items() if answer.get("error") != "store_unavailable"}
        for _ in range(TRIES if answers else 0):
            try:
                self._batches.answer(self._batch, answers)
            except StoreUnavailable:
                time.sleep(TRY_AGAIN_SECONDS)
            else:
                return


@contextmanager
def keeper_of(order: Order, gateway: Gateway, told: IO[str]) -> Iterator[Keeper]:
    if not order.journal:
        yield Records(Batches(gateway.client, Sealer(gateway.secrets.data)), order.batch, told)
        return
    with Path(order.journal).open("a", encoding="utf-8") as file:
        yield Journal(file, told)


def _tell(told: IO[str], lines: str) -> None:
    # Whoever asked may have been killed: the answers are kept all the same.
    with contextlib.suppress(BrokenPipeError, ValueError):
        told.write(lines)
        told.flush()
