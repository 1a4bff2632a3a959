"""The batch's side of its buyer: questions go out, answers come back, and no more are under way than can be held."""

from __future__ import annotations

import contextlib
import json
import math
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from typing import IO, Any

from gateway.batch.plan import Plan
from gateway.errors import GatewayError

SLOWEST_ANSWER_SECONDS = 0.3
AHEAD = 4
Answer = Mapping[str, Any]


class BuyerLost(GatewayError):
    """The process that buys has ended before its answers were in; running the command again goes on from there."""


def threads_for(rate: float, most: int) -> int:
    """Enough to keep the rate while an answer takes its time, within what may be in flight."""
    return max(1, min(most, math.ceil(rate * SLOWEST_ANSWER_SECONDS) + 1))


class Shop:
    """`lock`: the descriptor of the lock that the buyer holds with us. Started with the first question."""

    def __init__(self, plan: Plan, most_in_flight: int, lock: int) -> None:
        self._plan = plan
        self._threads = threads_for(plan.rate, most_in_flight)
        self._lock = lock
        self._buyer: subprocess.Popen[str] | None = None
        self._waiting: dict[int, Future[Answer]] = {}
        self._changing = threading.Lock()

    @property
    def full(self) -> bool:
        return len(self._waiting) >= AHEAD * self._threads

    def ask(self, row: int, number: str) -> Future[Answer]:
        """Raises BuyerLost."""
        pipe = self._started()
        answer: Future[Answer] = Future()
        with self._changing:
            self._waiting[row] = answer
        try:
            pipe.write(json.dumps({"row": row, "number": number}) + "\n")
            pipe.flush()
        except BrokenPipeError as err:
            raise BuyerLost("the buying process has ended") from err
        return answer

    def close(self) -> None:
        """What is under way comes home first."""
        if self._buyer is not None and self._buyer.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._buyer.stdin.close()
            self._buyer.wait()
            self._reader.join()
            if self._buyer.stdout is not None:
                self._buyer.stdout.close()

    def _started(self) -> IO[str]:
        if self._buyer is None:
            self._buyer = subprocess.Popen(
                [sys.executable, "-m", "gateway.batch.buyer"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
                pass_fds=(self._lock,),
            )
            self._reader = threading.Thread(target=self._read, daemon=True)
            self._reader.start()
            assert self._buyer.stdin is not None  # noqa: S101 - it was asked for
            self._buyer.stdin.write(json.dumps(self._order()) + "\n")
        assert self._buyer.stdin is not None  # noqa: S101
        return self._buyer.stdin

    def _order(self) -> dict[str, Any]:
        plan = self._plan
        return {
            "journal": str(plan.beside("journal").absolute()),
            "fields": plan.fields,
            "app": plan.app,
            "rate": plan.rate,
            "threads": self._threads,
            "max_age": None if plan.max_age is None else plan.max_age.total_seconds(),
        }

    def _read(self) -> None:
        assert self._buyer is not None  # noqa: S101
        for line in self._buyer.stdout or ():
            answer = json.loads(line)
            with self._changing:
                waiting = self._waiting.pop(answer["row"])
            waiting.set_result(answer)
        with self._changing:
            lost, self._waiting = list(self._waiting.values()), {}
        for waiting in lost:
            waiting.set_exception(BuyerLost("the buying process has ended"))
