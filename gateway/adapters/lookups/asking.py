"""A lookup from the cache, or bought once: shared while it runs, charged before, booked after."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from gateway.adapters.lookups.breaker import Breaker
from gateway.adapters.lookups.flight import Flights, Landed
from gateway.adapters.lookups.ledger import Ledger
from gateway.adapters.lookups.providers import Offline, Provider
from gateway.adapters.lookups.room import Room
from gateway.adapters.lookups.spending import Receipt, Spending
from gateway.adapters.store.lookup_cache import CacheBase, Question
from gateway.adapters.store.lookup_fields import VALID, CachedField, assembled, divided
from gateway.errors import LookupUnavailable, StoreUnavailable
from gateway.model import Lookup, LookupSource
from gateway.normalize.phone import PhoneNumber, parse_phone

Entries = Mapping[str, CachedField]
NEVER_BILLED = frozenset({"throttled", "account", "breaker_open", "too_many_in_flight"})
"""Failures after which nothing can have been billed. After silence and 5xx that is not sure: the charge stays."""
OURS = "refused_"
"""Begins the cause of a request that Lookup understood to be wrong: it is up, so the breaker has no part in it."""


@dataclass(frozen=True, slots=True)
class _Asked:
    number: PhoneNumber
    fields: tuple[str, ...]
    max_age: timedelta | None
    app: str

    @property
    def question(self) -> Question:
        return Question(self.number.e164, self.number.country, self.fields)


@dataclass(frozen=True, slots=True)
class Lookups:
    """Implements the lookup half of ports.Reads. `provider` None: nothing can be bought, the cache answers alone."""

    cache: CacheBase | None
    provider: Provider | None
    flights: Flights
    room: Room
    spending: Spending
    breaker: Breaker
    ledger: Ledger
    budget_seconds: float = 3.0

    def lookup(
        self,
        number: str,
        fields: Sequence[str],
        *,
        max_age: timedelta | None = None,
        allow_stale: bool = False,
        app: str,
        patient: bool = False,
    ) -> Lookup:
        """`patient`: wait for room within the request budget, where no purpose says what to do without an answer."""
        asked = _Asked(parse_phone(number, None), tuple(dict.fromkeys(fields)), max_age, app)
        if allow_stale:
            return self._stale(asked)
        entries = self._cached(asked)
        if _whole(entries, asked.fields):
            self.ledger.note(app, LookupSource.CACHE, asked.fields)
            return _answer(asked, entries, LookupSource.CACHE)
        if self.provider is None:
            raise LookupUnavailable("not_configured")
        if not self.provider.paid:
            return self._free(self.provider, asked, patient)
        return self._bought_once(self.provider, asked, patient)

    def cached(
        self, numbers: Iterable[str], fields: Sequence[str], *, max_age: timedelta | None, app: str
    ) -> dict[str, Lookup]:
        """Whole answers that the cache has for any of many numbers, in one round trip."""
        found = self._kept(numbers, fields, max_age)
        for _ in found:
            self.ledger.note(app, LookupSource.CACHE, fields)
        return found

    def kept(self, number: str, fields: Sequence[str], *, max_age: timedelta | None) -> Lookup | None:
        """A whole answer that the cache has. Not booked: who asks knows what becomes of it."""
        return next(iter(self._kept([number], fields, max_age).values()), None)

    def offline(self, number: str) -> Lookup:
        return Offline().fetch(number, ())

    def note_free(self, app: str, lookup: Lookup, fields: Sequence[str]) -> None:
        """Book an answer that was found without buying: learned, kept, or from the digits alone."""
        self.ledger.note(app, lookup.source, fields)

    def _free(self, provider: Provider, asked: _Asked, patient: bool) -> Lookup:
        """Only what asks nobody needs no place to wait in."""
        patience = time.monotonic() + self.budget_seconds if patient else None
        with contextlib.nullcontext() if isinstance(provider, Offline) else self.room.thread(patience):
            found = provider.fetch(asked.number.e164, asked.fields, asked.number.country)
        self.ledger.note(asked.app, LookupSource.OFFLINE, asked.fields)
        return found

    # ---- buying

    def _bought_once(self, provider: Provider, asked: _Asked, patient: bool) -> Lookup:
        deadline = time.monotonic() + self.budget_seconds
        patience = deadline if patient else None
        with self.room.thread(patience):
            found = self.flights.once(
                asked.number.e164, asked.fields, deadline, lambda: self._buy(provider, asked, deadline, patience)
            )
        if found.source is LookupSource.SHARED:
            self.ledger.note(asked.app, LookupSource.SHARED, asked.fields)
        return found

    def _buy(self, provider: Provider, asked: _Asked, deadline: float, patience: float | None) -> Landed:
        """As the only one who buys this number now; the last owner may have bought it a moment ago."""
        entries = self._cached(asked)
        if _whole(entries, asked.fields):
            self.ledger.note(asked.app, LookupSource.CACHE, asked.fields)
            return Landed(_answer(asked, entries, LookupSource.CACHE))
        missing = tuple(name for name in asked.fields if name not in entries)
        with self.room.call(patience):
            receipt = self.spending.charge(asked.app, missing)
            bought = self._called(provider, asked, missing, receipt, deadline, surely_valid=VALID in entries)
        if self.cache is not None:
            self.cache.put(bought, asked.number.country, missing)
        together = {**entries, **{entry.name: entry for entry in divided(bought, missing)}}
        if bought.valid is False:
            together = {VALID: together[VALID]}
        errors = {**{name: e.error for name, e in entries.items() if e.error is not None}, **bought.errors}
        found = replace(_answer(asked, together, LookupSource.LIVE), errors=errors)
        return Landed(found, frozenset(missing) | {VALID})

    def _called(
        self,
        provider: Provider,
        asked: _Asked,
        missing: tuple[str, ...],
        receipt: Receipt,
        deadline: float,
        *,
        surely_valid: bool,
    ) -> Lookup:
        probe = False
        try:
            probe = self.breaker.admit()
            bought = provider.fetch(
                asked.number.e164,
                missing,
                asked.number.country,
                surely_valid=surely_valid or asked.number.known,
                within_seconds=max(0.0, deadline - time.monotonic()),
            )
        except LookupUnavailable as err:
            if err.cause in NEVER_BILLED or err.cause.startswith(OURS):
                self.spending.refund(receipt)
            if err.cause != "breaker_open":
                self.breaker.note(failed=not err.cause.startswith(OURS), probe=probe)
            raise
        # What was answered is not lost because the store went away meanwhile.
        with contextlib.suppress(StoreUnavailable):
            self.breaker.note(failed=False, probe=probe)
            if bought.valid is False:
                self.spending.refund(receipt)
        return bought

    # ---- the cache

    def _kept(self, numbers: Iterable[str], fields: Sequence[str], max_age: timedelta | None) -> dict[str, Lookup]:
        asked = [_Asked(parse_phone(number, None), tuple(dict.fromkeys(fields)), max_age, "") for number in numbers]
        if self.cache is None or not asked:
            return {}
        rows = self.cache.get_many([each.question for each in asked], max_age)
        return {
            each.number.e164: _answer(each, entries, LookupSource.CACHE)
            for each, entries in zip(asked, rows, strict=True)
            if _whole(entries, each.fields)
        }

    def _cached(self, asked: _Asked) -> Entries:
        return {} if self.cache is None else self.cache.get_many([asked.question], asked.max_age)[0]

    def _stale(self, asked: _Asked) -> Lookup:
        entries = {} if self.cache is None else self.cache.get_many([asked.question], any_age=True)[0]
        if not _whole(entries, asked.fields):
            raise LookupUnavailable("not_cached")
        self.ledger.note(asked.app, LookupSource.STALE, asked.fields)
        return _answer(asked, entries, LookupSource.STALE)


def _whole(entries: Entries, fields: Sequence[str]) -> bool:
    return VALID in entries and (entries[VALID].says_invalid or all(name in entries for name in fields))


def _answer(asked: _Asked, entries: Entries, source: LookupSource) -> Lookup:
    return assembled(asked.number.e164, entries, source, asked.number.national_format)
