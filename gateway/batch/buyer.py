"""The process that buys for a batch: reads questions from stdin, writes answers to stdout and, first, to a journal.

It is a process of its own, in a session of its own, so that killing the batch does not lose calls under way: when its
stdin ends it begins no more, lets those that run come home, and leaves their answers in the journal.
"""

from __future__ import annotations

import contextlib
import json
import queue
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

from gateway.adapters.lookups import Lookups
from gateway.adapters.store.codec import dumps, lookup_document
from gateway.batch.pace import Pace
from gateway.errors import LookupUnavailable, StoreUnavailable
from gateway.wiring import Gateway, current
from gateway.wiring.providers import lookup_for

WORTH_WAITING = frozenset({"breaker_open", "throttled", "too_many_in_flight"})
TRIES = 6
LONGEST_WAIT = 15.0


class Buyer:
    def __init__(
        self, lookups: Lookups, pace: Pace, order: Mapping[str, Any], journal: IO[str], answers: IO[str]
    ) -> None:
        self._lookups = lookups
        self._pace = pace
        self._fields = tuple(order["fields"])
        self._max_age = None if order["max_age"] is None else timedelta(seconds=order["max_age"])
        self._app = str(order["app"])
        self._journal = journal
        self._answers = answers
        self._writing = threading.Lock()
        self._questions: queue.SimpleQueue[tuple[int, str] | None] = queue.SimpleQueue()
        self._over = threading.Event()

    def run(self, questions: IO[str], threads: int) -> None:
        """Until stdin ends; then what is under way is finished, and what only waited is dropped."""
        crew = [threading.Thread(target=self._work) for _ in range(threads)]
        for thread in crew:
            thread.start()
        for line in questions:
            asked = json.loads(line)
            self._questions.put((asked["row"], asked["number"]))
        self._over.set()
        for _ in crew:
            self._questions.put(None)
        for thread in crew:
            thread.join()

    def _work(self) -> None:
        while (asked := self._questions.get()) is not None and not self._over.is_set():
            row, number = asked
            self._pace.turn()
            if not self._over.is_set():
                self._tell({"row": row} | self._bought(number))

    def _bought(self, number: str) -> dict[str, Any]:
        for tried in range(1, TRIES + 1):
            try:
                found = self._lookups.lookup(number, self._fields, max_age=self._max_age, app=self._app, patient=True)
                return {"lookup": lookup_document(found, with_number=True)}
            except LookupUnavailable as err:
                if err.cause not in WORTH_WAITING or tried == TRIES or self._over.is_set():
                    return {"error": err.cause}
                self._over.wait(min(err.retry_after_seconds, LONGEST_WAIT, 0.5 * 2**tried))
            except StoreUnavailable:
                return {"error": "store_unavailable"}
        raise AssertionError("not reached")

    def _tell(self, answer: Mapping[str, Any]) -> None:
        line = dumps(answer) + "\n"
        with self._writing:
            if answer.get("lookup", {}).get("source") == "live":
                self._journal.write(line)
                self._journal.flush()
            # The batch may have been killed: the journal has the answer.
            with contextlib.suppress(BrokenPipeError, ValueError):
                self._answers.write(line)
                self._answers.flush()


def paced(gateway: Gateway, pace: Pace) -> Lookups:
    """The gateway's lookups, every call of which waits for its turn."""

    def fetch(number: str, fields: Sequence[str], country: str | None = None) -> Mapping[str, Any]:
        pace.begin()
        return gateway.calls.lookup_fetch(number, fields, country)

    provider = lookup_for(gateway.settings, fetch, lambda code: None)
    return replace(gateway.lookups, provider=provider)


def main() -> None:
    order = json.loads(sys.stdin.readline())
    pace = Pace(order["rate"])
    with Path(order["journal"]).open("a", encoding="utf-8") as journal:
        Buyer(paced(current(), pace), pace, order, journal, sys.stdout).run(sys.stdin, order["threads"])


if __name__ == "__main__":
    began = time.monotonic()
    main()
