"""The cache of paid lookups, one entry per number and field, in Redis or in this process.

It may be evicted and it may be away: then everything is a miss, which costs money and never an error.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from threading import Lock
from typing import Any

from gateway.adapters.store import names
from gateway.adapters.store.codec import Sealer, dumps, from_ms, to_ms
from gateway.adapters.store.connection import Client, store_errors
from gateway.adapters.store.lookup_fields import ATTRIBUTES, VALID, CachedField, divided, keep_for
from gateway.adapters.store.remembered import Remembered
from gateway.adapters.store.sealed_text import open_text, seal_text
from gateway.errors import StoreUnavailable
from gateway.model import Lookup
from gateway.ports import Clock

NO_COUNTRY = "ZZ"
MEMORY_BOUND = 100_000
_SEALED = "caller_name"

Written = tuple[str, bytes, timedelta]
"""A key, its value and how long it lives."""


class CacheBase(ABC):
    """What both caches are: only where the entries stand differs."""

    def __init__(
        self, hasher: names.Hasher, sealer: Sealer, clock: Clock, ttl: timedelta, negative_ttl: timedelta
    ) -> None:
        self._hash = hasher
        self._sealer = sealer
        self._clock = clock
        self._ttl = ttl
        self._negative_ttl = negative_ttl
        self._counts: Counter[str] = Counter()
        self._lock = Lock()

    def get(
        self, number: str, country: str | None, fields: Sequence[str], max_age: timedelta | None = None
    ) -> dict[str, CachedField]:
        """What is known of the base and of `fields`; what is missing or older than `max_age` is left out.

        Of a number that is known to be invalid only the base is given. `country` is that of the number itself.
        """
        wanted = [name for name in dict.fromkeys((VALID, *fields)) if name in ATTRIBUTES]
        keys = [self._key(number, name, country) for name in wanted]
        try:
            rows = self._read(keys)
        except StoreUnavailable:
            self._count("unavailable")
            return {}
        entries = (self._open(*row) for row in zip(wanted, keys, rows, strict=True))
        found = {entry.name: entry for entry in entries if entry is not None and self._is_fresh(entry, max_age)}
        invalid = VALID in found and found[VALID].says_invalid
        self._count("hit" if invalid or len(found) == len(wanted) else "miss")
        return {VALID: found[VALID]} if invalid else found

    def put(self, lookup: Lookup, country: str | None, fields: Sequence[str]) -> None:
        """Remember the answer to a lookup of `fields`. `country` as in `get`."""
        rows: list[Written] = []
        for entry in divided(lookup, fields):
            longest = keep_for(entry, self._ttl, self._negative_ttl)
            if longest > timedelta(0):
                key = self._key(lookup.number, entry.name, country)
                rows.append((key, self._seal(entry, key), longest))
        try:
            self._write(rows)
        except StoreUnavailable:
            self._count("unavailable")

    def forget(self, number: str, country: str | None) -> None:
        """Drop all that is cached of a number. Raises StoreUnavailable, because who asks for it must know."""
        self._drop([self._key(number, name, country) for name in ATTRIBUTES])

    @property
    def counts(self) -> Mapping[str, int]:
        """Since the start: `hit`, `miss`, `unavailable` (the cache was away), `unreadable` (an entry was)."""
        with self._lock:
            return dict(self._counts)

    def _count(self, what: str) -> None:
        with self._lock:
            self._counts[what] += 1

    def _key(self, number: str, name: str, country: str | None) -> str:
        return names.cached_lookup(self._hash(number), name, country or NO_COUNTRY)

    def _is_fresh(self, entry: CachedField, max_age: timedelta | None) -> bool:
        return max_age is None or self._clock.now() - entry.looked_up_at <= max_age

    def _seal(self, entry: CachedField, key: str) -> bytes:
        values = dict(entry.values)
        if _SEALED in values:
            values[_SEALED] = seal_text(self._sealer, values[_SEALED], key)
        document: dict[str, Any] = {"at": to_ms(entry.looked_up_at), "v": values}
        if entry.error is not None:
            document["error"] = entry.error
        return dumps(document).encode()

    def _open(self, name: str, key: str, stored: bytes | None) -> CachedField | None:
        """None also for an entry that cannot be read: another data key, another version of us."""
        if stored is None:
            return None
        try:
            document = json.loads(stored)
            entry = CachedField(name, from_ms(document["at"]), document["v"], document.get("error"))
            if _SEALED in entry.values:
                opened = open_text(self._sealer, entry.values[_SEALED], key)
                entry = replace(entry, values={**entry.values, _SEALED: opened})
        except (StoreUnavailable, ValueError, KeyError, TypeError):
            self._count("unreadable")
            return None
        return entry

    @abstractmethod
    def _read(self, keys: Sequence[str]) -> Sequence[bytes | None]: ...

    @abstractmethod
    def _write(self, rows: Sequence[Written]) -> None: ...

    @abstractmethod
    def _drop(self, keys: Sequence[str]) -> None: ...


class LookupCache(CacheBase):
    """In Redis: shared by all processes."""

    def __init__(
        self,
        client: Client,
        hasher: names.Hasher,
        sealer: Sealer,
        clock: Clock,
        ttl: timedelta,
        negative_ttl: timedelta,
    ) -> None:
        super().__init__(hasher, sealer, clock, ttl, negative_ttl)
        self._client = client

    def _read(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        with store_errors():
            rows: list[bytes | None] = self._client.mget(keys)
        return rows

    def _write(self, rows: Sequence[Written]) -> None:
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for key, value, longest in rows:
                pipe.set(key, value, px=longest)
            pipe.execute()

    def _drop(self, keys: Sequence[str]) -> None:
        with store_errors():
            self._client.delete(*keys)


class MemoryLookupCache(CacheBase):
    """In this process alone: for one process, or where no Redis may hold lookups."""

    def __init__(
        self,
        hasher: names.Hasher,
        sealer: Sealer,
        clock: Clock,
        ttl: timedelta,
        negative_ttl: timedelta,
        bound: int = MEMORY_BOUND,
    ) -> None:
        super().__init__(hasher, sealer, clock, ttl, negative_ttl)
        self._rows: Remembered[str, bytes] = Remembered(clock, ttl, bound)

    def _read(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        return [self._rows.get(key) for key in keys]

    def _write(self, rows: Sequence[Written]) -> None:
        for key, value, longest in rows:
            self._rows.put(key, value, longest)

    def _drop(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._rows.forget(key)
