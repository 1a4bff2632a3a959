"""One process that buys, seen from the one that started it: questions go in, answers come out in any order.

It is a process of its own, in a session of its own: a kill of whoever asks loses no call that is under way, and many
calls at once take no time from the sends of a worker.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from gateway.errors import GatewayError
from gateway.wiring.buying.order import Order

PROGRAM = "gateway.batch.buyer"
Answer = Mapping[str, Any]


class BuyerLost(GatewayError):
    """Whoever was to buy has ended before the answers were in; running the command again goes on from there."""


class Till:
    """`holds`: descriptors that it keeps open with us, for as long as it lives."""

    def __init__(self, order: Order, holds: Sequence[int] = ()) -> None:
        self._waiting: dict[int, Future[Answer]] = {}
        self._changing = threading.Lock()
        self._buyer = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            pass_fds=tuple(holds),
        )
        assert self._buyer.stdin is not None  # noqa: S101 - it was asked for
        assert self._buyer.stdout is not None  # noqa: S101
        self._questions, self._answers = self._buyer.stdin, self._buyer.stdout
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        with contextlib.suppress(BrokenPipeError):
            self._write(order.document())

    @property
    def alive(self) -> bool:
        return self._buyer.poll() is None

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def ask(self, row: int, number: str, since_ms: int | None = None) -> Future[Answer]:
        """Asked twice is asked once. `since_ms`: when it was first asked elsewhere. Raises BuyerLost."""
        with self._changing:
            if row in self._waiting:
                return self._waiting[row]
            answer = self._waiting[row] = Future()
            try:
                self._write({"row": row, "number": number, "since": since_ms})
            except (BrokenPipeError, ValueError) as err:
                del self._waiting[row]
                raise BuyerLost("the buying process has ended") from err
        return answer

    def close(self) -> None:
        """What is under way comes home first."""
        with self._changing, contextlib.suppress(BrokenPipeError):
            self._questions.close()
        self._buyer.wait()
        self._reader.join()
        self._answers.close()

    def _write(self, document: Mapping[str, Any]) -> None:
        self._questions.write(json.dumps(document) + "\n")
        self._questions.flush()

    def _read(self) -> None:
        for line in self._answers:
            answer = json.loads(line)
            with self._changing:
                waiting = self._waiting.pop(answer["row"])
            waiting.set_result(answer)
        self._buyer.wait()  # its end of the pipe is closed a moment before it is gone: whoever learns it finds it so
        with self._changing:
            lost, self._waiting = list(self._waiting.values()), {}
        for waiting in lost:
            waiting.set_exception(BuyerLost("the buying process has ended"))
