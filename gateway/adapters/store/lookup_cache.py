"""The cache of paid lookups, one entry per number and field, in Redis or in this process.

It may be evicted and it may be away: then everything is a miss, which costs money and never an error.
"""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Lock
from typing import Any

import redis

from gateway.adapters.store import names
from gateway.adapters.store.codec import Sealer, dumps, from_ms, to_ms
from gateway.adapters.store.connection import Client, store_errors
from gateway.adapters.store.lookup_fields import ATTRIBUTES, VALID, CachedField, Longest, divided, is_good, keep_for
from gateway.adapters.store.remembered import Remembered
from gateway.adapters.store.sealed_text import open_text, seal_text
from gateway.errors import StoreUnavailable
from gateway.model import Lookup
from gateway.ports import Clock

NO_COUNTRY = "ZZ"
MEMORY_BOUND = 100_000
STALE_FACTOR = 4
"""So many times longer is an answer kept than it is good, for purposes that take a stale one when Lookup is away."""
REST_SECONDS = 1.0
"""So long is a Redis left alone that did not answer in time: one that hangs must not cost each request its timeout."""
_SEALED = "caller_name"
_READ_BEFORE: ContextVar[Mapping[str, bytes | None] | None] = ContextVar("lookups_read_before", default=None)

Written = tuple[str, bytes, timedelta]
"""A key, its value and how long it lives."""


@contextmanager
def read_before(rows: Mapping[str, bytes | None]) -> Iterator[None]:
    """Within: what was read under these names a moment ago is not read again, the first time it is asked for."""
    token = _READ_BEFORE.set(rows)
    try:
        yield
    finally:
        _READ_BEFORE.reset(token)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the cache. `country` is that of the number itself."""

    number: str
    country: str | None
    fields: tuple[str, ...]


class CacheBase(ABC):
    """What both caches are: only where the entries stand differs."""

    def __init__(
        self,
        hasher: names.Hasher,
        sealer: Sealer,
        clock: Clock,
        ttl: timedelta,
        negative_ttl: timedelta,
        longest: Longest | None = None,
    ) -> None:
        self._hash = hasher
        self._sealer = sealer
        self._clock = clock
        self._ttl = ttl
        self._negative_ttl = negative_ttl
        self._longest = longest or {}
        self._counts: Counter[str] = Counter()
        self._lock = Lock()

    def get(
        self,
        number: str,
        country: str | None,
        fields: Sequence[str],
        max_age: timedelta | None = None,
        *,
        any_age: bool = False,
    ) -> dict[str, CachedField]:
        """What is known of the base and of `fields`; what is missing or older than `max_age` is left out.

        Of a number that is known to be invalid only the base is given. `country` is that of the number itself.
        `any_age`: also what is no longer good, as long as it is kept.
        """
        return self.get_many([Question(number, country, tuple(fields))], max_age, any_age=any_age)[0]

    def get_many(
        self, questions: Sequence[Question], max_age: timedelta | None = None, *, any_age: bool = False
    ) -> list[dict[str, CachedField]]:
        """As `get`, for many numbers in one round trip."""
        wanted = [[name for name in dict.fromkeys((VALID, *q.fields)) if name in ATTRIBUTES] for q in questions]
        keys = [[self._key(q.number, n, q.country) for n in ns] for q, ns in zip(questions, wanted, strict=True)]
        try:
            rows = iter(self._read([key for each in keys for key in each]))
        except StoreUnavailable:
            self._count("unavailable")
            return [{} for _ in questions]
        return [
            self._found(zip(ns, ks, rows, strict=False), len(ns), max_age, any_age)
            for ns, ks in zip(wanted, keys, strict=True)
        ]

    def _found(
        self, rows: Iterable[tuple[str, str, bytes | None]], wanted: int, max_age: timedelta | None, any_age: bool
    ) -> dict[str, CachedField]:
        entries = [entry for entry in (self._open(*row) for row in rows) if entry is not None]
        found = {entry.name: entry for entry in entries if any_age or self._is_fresh(entry, max_age)}
        invalid = VALID in found and found[VALID].says_invalid
        self._count("hit" if invalid or len(found) == wanted else "miss")
        return {VALID: found[VALID]} if invalid else found

    def put(self, lookup: Lookup, country: str | None, fields: Sequence[str]) -> None:
        """Remember the answer to a lookup of `fields`. `country` as in `get`."""
        rows: list[Written] = []
        for entry in divided(lookup, fields):
            good_for = keep_for(entry, self._ttl, self._negative_ttl, self._longest)
            if good_for > timedelta(0):
                key = self._key(lookup.number, entry.name, country)
                rows.append((key, self._seal(entry, key), good_for * (STALE_FACTOR if is_good(entry) else 1)))
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
        age = self._clock.now() - entry.looked_up_at
        return age < keep_for(entry, self._ttl, self._negative_ttl, self._longest) and (
            max_age is None or age <= max_age
        )

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
        longest: Longest | None = None,
    ) -> None:
        super().__init__(hasher, sealer, clock, ttl, negative_ttl, longest)
        self._client = client
        self._rests_until = 0.0

    def names_of(self, number: str, country: str | None, fields: Sequence[str]) -> list[str]:
        """Where the answers would stand, for one who reads them in a round trip of their own."""
        wanted = [name for name in dict.fromkeys((VALID, *fields)) if name in ATTRIBUTES]
        return [self._key(number, name, country) for name in wanted]

    def stands_in(self, client: Client) -> bool:
        return self._client is client

    def _read(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        read_before = _READ_BEFORE.get()
        if read_before is not None and all(key in read_before for key in keys):
            _READ_BEFORE.set(None)  # good once: who asks again wants to know what has come since
            return [read_before[key] for key in keys]
        with self._answering():
            rows: list[bytes | None] = self._client.mget(keys)
        return rows

    def _write(self, rows: Sequence[Written]) -> None:
        with self._answering(), self._client.pipeline(transaction=False) as pipe:
            for key, value, longest in rows:
                pipe.set(key, value, px=longest)
            pipe.execute()

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Raises StoreUnavailable, without asking when a moment ago there was no answer in time."""
        if time.monotonic() < self._rests_until:
            raise StoreUnavailable("the lookup cache did not answer in time a moment ago")
        try:
            with store_errors():
                yield
        except StoreUnavailable as err:
            if isinstance(err.__cause__, redis.TimeoutError):
                self._rests_until = time.monotonic() + REST_SECONDS
            raise

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
        longest: Longest | None = None,
        *,
        bound: int = MEMORY_BOUND,
    ) -> None:
        super().__init__(hasher, sealer, clock, ttl, negative_ttl, longest)
        self._rows: Remembered[str, bytes] = Remembered(clock, ttl, bound)

    def _read(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        return [self._rows.get(key) for key in keys]

    def _write(self, rows: Sequence[Written]) -> None:
        for key, value, longest in rows:
            self._rows.put(key, value, longest)

    def _drop(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._rows.forget(key)
