"""A batch from its first row to its last: a bounded window of rows, answered in any order, written in theirs."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice

from gateway.adapters.store.codec import read_lookup
from gateway.batch.checkpoint import Checkpoint, clear, forget, locked
from gateway.batch.plan import Plan, added_columns
from gateway.batch.row import Answered, Checked, Judge
from gateway.batch.shop import OwnShop, Shop
from gateway.batch.tables import Row, Sink, finish, fitted, read_table
from gateway.batch.tally import Tally
from gateway.batch.workers import WorkersShop
from gateway.errors import StoreUnavailable
from gateway.model import Lookup, LookupSource
from gateway.wiring import Gateway
from gateway.wiring.buying import Answer

CHUNK = 256
WINDOW = 4096
CHECKPOINT_SECONDS = 1.0
Progress = Callable[[Tally], None]
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class _Slot:
    """A row in the window. `again`: the number was asked about a few rows before, so this row costs nothing."""

    row: Row
    checked: Checked
    answer: Answered | Future[Answer]
    planned: bool = False
    again: bool = False


def enrich_file(
    gateway: Gateway, plan: Plan, *, restart: bool = False, progress: Progress = lambda tally: None
) -> Tally:
    """Goes on where a killed run of the same plan stopped. Raises NotResumable, InvalidRequest, StoreUnavailable."""
    lock = locked(plan.beside("lock"))
    try:
        if restart:
            forget(plan)
        checkpoint = Checkpoint.load(plan)
        checkpoint.save(plan.beside("checkpoint"))
        with closing(_shop(gateway, plan, checkpoint, lock)) as shop:
            tally = Batch(gateway, plan, checkpoint, shop).run(progress)
        finish(plan.beside("part"), plan.out)
        clear(plan)
        shop.finished()
        return tally
    finally:
        os.close(lock)


def _shop(gateway: Gateway, plan: Plan, checkpoint: Checkpoint, lock: int) -> Shop:
    if plan.distributed:
        return WorkersShop(gateway, plan, checkpoint.batch, checkpoint.rows)
    return OwnShop(plan, checkpoint.batch, checkpoint.rows, lock)


class Batch:
    def __init__(self, gateway: Gateway, plan: Plan, checkpoint: Checkpoint, shop: Shop) -> None:
        self._gateway = gateway
        self._plan = plan
        self._done = checkpoint
        self._shop = shop
        self._judge = Judge(gateway.policy, plan.purpose, plan.app, gateway.clock.now())
        self._price = gateway.ledger.price(plan.fields)
        self._planned_usd = checkpoint.planned_usd
        self._planned_lookups = checkpoint.planned_lookups
        self._window: deque[_Slot] = deque()
        self._asked: dict[str, Future[Answer]] = {}
        self._saved_at = time.monotonic()

    def run(self, progress: Progress) -> Tally:
        self._progress = progress
        columns, rows = read_table(self._plan.source)
        sink = Sink(self._plan.beside("part"), self._done.length)
        try:
            if self._done.length == 0:
                sink.write([*columns, *added_columns(columns)])
            self._each_chunk(columns, islice(enumerate(rows), self._done.rows, None), sink)
            self._drain(sink, leave=0)
            self._save(sink)
        finally:
            sink.close()
        return self._done.tally

    def _each_chunk(self, columns: Row, rows: Iterator[tuple[int, Row]], sink: Sink) -> None:
        phone, country = self._plan.phone_at(columns), self._plan.country_at(columns)
        while chunk := list(islice(rows, CHUNK)):
            fits = [fitted(row, len(columns)) for _, row in chunk]
            checked = [self._checked(row, wrong, phone, country) for row, wrong in fits]
            self._asked = {number: answer for number, answer in self._asked.items() if not answer.done()}
            known = self._known(checked)
            for (place, _), (row, _), each in zip(chunk, fits, checked, strict=True):
                while self._shop.full:
                    self._write_head(sink)
                self._window.append(self._slot(place, row, each, known))
            self._drain(sink, leave=WINDOW)

    # ---- a row goes in

    def _checked(self, row: Row, wrong: str, phone: int, country: int | None) -> Checked:
        if wrong:
            return Checked(None, wrong)
        own = row[country].strip().upper() if country is not None else ""
        default = self._gateway.settings.lookup.default_country_code or None
        return self._judge.checked(row[phone], own or self._plan.country, default)

    def _known(self, checked: Sequence[Checked]) -> dict[str, Lookup]:
        """What the cache knows of a whole chunk, in one round trip."""
        numbers = {each.number.e164 for each in checked if each.number is not None and each.worth_asking}
        fresh = numbers - self._asked.keys()
        return self._gateway.lookups.cached(
            sorted(fresh), self._plan.fields, max_age=self._plan.max_age, app=self._plan.app
        )

    def _slot(self, place: int, row: Row, checked: Checked, known: dict[str, Lookup]) -> _Slot:
        if checked.number is None or not checked.worth_asking:
            return _Slot(row, checked, Answered())
        number = checked.number.e164
        if (left := self._shop.left(place)) is not None:
            return self._bought(number, row, checked, left)
        if number in self._asked:
            return _Slot(row, checked, self._asked[number], again=True)
        if number in known:
            return _Slot(row, checked, Answered(known[number]))
        provider = self._gateway.lookups.provider
        if provider is None or not provider.paid:
            return _Slot(row, checked, Answered(self._gateway.lookups.offline(number)))
        lookups = self._planned_lookups + len(self._plan.fields)
        if not self._plan.budget.allows(self._planned_usd + self._price, lookups):
            return _Slot(row, checked, Answered(self._gateway.lookups.offline(number), error="budget_exhausted"))
        return self._bought(number, row, checked, self._shop.ask(place, number))

    def _bought(self, number: str, row: Row, checked: Checked, answer: Future[Answer]) -> _Slot:
        """The budget is spoken for in the order of the rows, so that a resumed run ends it at the same row."""
        self._planned_usd += self._price
        self._planned_lookups += len(self._plan.fields)
        self._asked[number] = answer
        return _Slot(row, checked, answer, planned=True)

    # ---- and comes out

    def _drain(self, sink: Sink, *, leave: int) -> None:
        """Write what has been answered, and wait for answers while more than `leave` rows are held."""
        while self._window and (len(self._window) > leave or _ready(self._window[0])):
            self._write_head(sink)

    def _write_head(self, sink: Sink) -> None:
        slot = self._window.popleft()
        columns = self._judge.columns(slot.checked, self._answered(slot))
        sink.write([*slot.row, *columns.values()])
        self._done.rows += 1
        if slot.planned:
            self._done.planned_usd += self._price
            self._done.planned_lookups += len(self._plan.fields)
        self._done.tally.add(columns, self._price)
        if time.monotonic() - self._saved_at >= CHECKPOINT_SECONDS:
            self._save(sink)

    def _answered(self, slot: _Slot) -> Answered:
        if isinstance(slot.answer, Answered):
            return slot.answer
        found = self._read(slot.answer.result(), slot.checked)
        if slot.again and found.lookup is not None and found.lookup.source is LookupSource.LIVE:
            return Answered(replace(found.lookup, source=LookupSource.CACHE))
        return found

    def _read(self, answer: Answer, checked: Checked) -> Answered:
        """Raises StoreUnavailable: without the state nothing more can be bought, and nothing is lost."""
        if "error" not in answer:
            lookup = read_lookup(answer["lookup"])
            paid = lookup.source is LookupSource.LIVE and lookup.valid is not False
            return Answered(lookup, self._price if paid else NOTHING)
        cause = str(answer["error"])
        if cause == "store_unavailable":
            raise StoreUnavailable("Redis does not answer; run the command again to go on")
        error = "budget_exhausted" if cause == "budget" else f"lookup_unavailable: {cause}"
        number = checked.number
        return Answered(self._gateway.lookups.offline(number.e164) if number is not None else None, error=error)

    def _save(self, sink: Sink) -> None:
        self._done.length = sink.durable()
        self._done.save(self._plan.beside("checkpoint"))
        self._saved_at = time.monotonic()
        self._shop.settled(self._done.rows)
        self._progress(self._done.tally)


def _ready(slot: _Slot) -> bool:
    return isinstance(slot.answer, Answered) or slot.answer.done()
