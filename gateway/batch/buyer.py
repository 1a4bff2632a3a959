"""The process that buys for a batch: reads questions from stdin, keeps each answer that was paid for, and tells it.

When its stdin ends it begins no more, lets those that run come home, and keeps their answers: whoever asked may have
been killed. More calls are in flight here than a process that answers requests allows itself (`max_in_flight`):
nobody waits for this one, and a rate of so many a second needs so many times the latency at once.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import IO, Any

import structlog

from gateway import logs, wiring
from gateway.adapters.lookups import Lookups
from gateway.adapters.store.codec import lookup_document, to_ms
from gateway.adapters.store.lookup_cache import LookupCache, read_before
from gateway.adapters.store.slots import Slots
from gateway.adapters.twilio.connections import before_request
from gateway.batch.keeping import Keeper, keeper_of
from gateway.batch.pace import IN_CALL_SECONDS, NOT_YET, Pace, apart_seconds
from gateway.batch.sampling import SampledBreaker
from gateway.errors import LookupUnavailable, StoreUnavailable
from gateway.model import Lookup, LookupSource
from gateway.normalize.phone import parse_phone
from gateway.settings import Settings
from gateway.wiring.buying import Order

log = structlog.get_logger("gateway.batch")
WORTH_WAITING = frozenset({"breaker_open", "throttled", "too_many_in_flight", NOT_YET})
TRIES = 6
LONGEST_WAIT = 15.0


@dataclass(frozen=True, slots=True)
class Question:
    """`since_ms`: when a buyer that was killed may have bought the same for this batch."""

    row: int
    number: str
    since_ms: int | None


class Buyer:
    def __init__(self, lookups: Lookups, pace: Pace, order: Order, keeper: Keeper) -> None:
        self._lookups = lookups
        self._pace = pace
        self._order = order
        self._max_age = None if order.max_age_seconds is None else timedelta(seconds=order.max_age_seconds)
        self._keeper = keeper
        self._questions: queue.SimpleQueue[Question | None] = queue.SimpleQueue()
        self._over = threading.Event()

    def run(self, questions: IO[str]) -> None:
        """Until stdin ends; then what is under way is finished, and what only waited is dropped."""
        reader = threading.Thread(target=self._read, args=(questions,), daemon=True)
        reader.start()
        crew = ThreadPoolExecutor(self._order.in_flight, initializer=before_request.set, initargs=(self._pace.begin,))
        with crew:
            while (question := self._questions.get()) is not None and not self._over.is_set():
                self._pace.admit()
                crew.submit(self._answer, question)
        self._keeper.close()

    def _read(self, questions: IO[str]) -> None:
        for line in questions:
            asked = json.loads(line)
            self._questions.put(Question(asked["row"], asked["number"], asked.get("since")))
        self._over.set()
        self._questions.put(None)

    def _answer(self, question: Question) -> None:
        with self._pace.lookup():
            try:
                answer = self._bought(question)
            except Exception as err:  # noqa: BLE001 - the boundary of a question: the others are asked, this one is told
                log.error("lookup_failed", row=question.row, error=type(err).__name__)
                answer = {"error": "internal"}
            if answer is not None:
                self._keeper.keep(question.row, answer)

    def _bought(self, question: Question) -> dict[str, Any] | None:
        """None: it is over, and nothing was learned of this number."""
        tried = 0
        while not self._over.is_set():
            try:
                return {"lookup": lookup_document(self._looked_up(question), with_number=True)}
            except LookupUnavailable as err:
                tried += err.cause != NOT_YET
                if err.cause not in WORTH_WAITING or tried == TRIES:
                    return {"error": err.cause}
                self._over.wait(self._pause(err, tried))
            except StoreUnavailable:
                return {"error": "store_unavailable"}
        return None

    def _pause(self, err: LookupUnavailable, tried: int) -> float:
        if err.cause == NOT_YET:
            return self._pace.until_near()
        return float(min(err.retry_after_seconds, LONGEST_WAIT, 0.5 * 2**tried))

    def _looked_up(self, question: Question) -> Lookup:
        order = self._order
        with self._seen_missing(question):
            found = self._lookups.lookup(
                question.number, order.fields, max_age=self._max_age, app=order.app, patient=True
            )
        again = question.since_ms is not None and found.source in (LookupSource.CACHE, LookupSource.SHARED)
        if again and found.looked_up_at is not None and to_ms(found.looked_up_at) >= (question.since_ms or 0):
            # What the killed one bought and could not say: it was paid for this batch.
            return replace(found, source=LookupSource.LIVE)
        return found

    @contextmanager
    def _seen_missing(self, question: Question) -> Iterator[None]:
        """The batch has just looked into the cache; a lookup looks again anyway once nobody else may buy the number."""
        cache = self._lookups.cache
        if question.since_ms is not None or not isinstance(cache, LookupCache):
            yield
            return
        number = parse_phone(question.number, None)
        with read_before(dict.fromkeys(cache.names_of(number.e164, number.country, self._order.fields))):
            yield


def main() -> None:
    order = Order.read(json.loads(sys.stdin.readline()))
    settings = Settings.load()
    answers, sys.stdout = sys.stdout, sys.stderr  # what else is printed is no answer
    if order.journal:
        logs.configure("error", "console")  # somebody sits at the command, and an alert may come with each number
    else:
        logs.configure(settings.log.level, settings.log.format)
    lookup = settings.lookup.model_copy(update={"max_in_flight": order.in_flight})
    gateway = wiring.build(replace(settings, lookup=lookup))
    slots = Slots(gateway.client, order.batch, apart_seconds(order.per_second))
    lookups = replace(
        gateway.lookups,
        budget_seconds=gateway.lookups.budget_seconds + IN_CALL_SECONDS,
        breaker=SampledBreaker(gateway.lookups.breaker, order.per_second),
    )
    with keeper_of(order, gateway, answers) as keeper:
        Buyer(lookups, Pace(slots.reserve, order.per_second), order, keeper).run(sys.stdin)


if __name__ == "__main__":
    main()
