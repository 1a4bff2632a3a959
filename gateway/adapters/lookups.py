"""One lookup: from the cache, or bought and remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from gateway.adapters.store.lookup_cache import CacheBase
from gateway.adapters.store.lookup_fields import VALID, assembled
from gateway.adapters.twilio import TwilioLookup
from gateway.errors import LookupUnavailable
from gateway.model import LineType, Lookup, LookupSource
from gateway.normalize.phone import parse_phone


class Lookups:
    """Implements the lookup half of ports.Reads. `provider` None: nothing can be bought."""

    def __init__(self, cache: CacheBase | None, provider: TwilioLookup | None) -> None:
        self._cache = cache
        self._provider = provider

    def lookup(
        self, number: str, fields: Sequence[str], *, max_age: timedelta | None, allow_stale: bool, app: str
    ) -> Lookup:
        known = parse_phone(number, None)
        cached = self._cached(number, known.country, fields, None if allow_stale else max_age)
        if cached is not None:
            return replace(cached, source=LookupSource.STALE) if allow_stale else cached
        if allow_stale or self._provider is None:
            raise LookupUnavailable("not_cached" if allow_stale else "not_configured")
        bought = self._provider.fetch(number, fields, known.country, surely_valid=getattr(known, "known", True))
        if self._cache is not None:
            self._cache.put(bought, known.country, fields)
        return bought

    def offline(self, number: str) -> Lookup:
        known = parse_phone(number, None)
        return Lookup(
            number,
            LookupSource.OFFLINE,
            None,
            country=known.country,
            national_format=known.national_format,
            line_type=known.offline_type or LineType.UNKNOWN,
        )

    def _cached(
        self, number: str, country: str | None, fields: Sequence[str], max_age: timedelta | None
    ) -> Lookup | None:
        if self._cache is None:
            return None
        entries = self._cache.get(number, country, fields, max_age)
        whole = VALID in entries and (entries[VALID].says_invalid or all(name in entries for name in fields))
        return assembled(number, entries, LookupSource.CACHE) if whole else None
