"""The opt-out list in Redis: who must not be written to, on what, and who said so when.

65,536 small hashes by the keyed hash of the address, so that an entry costs little and is found in one step, however
long the list is. The address stands in it sealed, because the list must be exported and moved to another hash key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import structlog
from redis.client import Pipeline

from gateway.adapters.store import names, scripts
from gateway.adapters.store.codec import Sealer, dumps, entry_document, read_entry, to_ms
from gateway.adapters.store.connection import Client, store_errors
from gateway.adapters.store.quorum import Quorum
from gateway.adapters.store.sealed_text import open_text, seal_text
from gateway.errors import FieldError, InvalidRequest, StoreUnavailable
from gateway.model import Channel, SuppressionEntry, masked
from gateway.optout import LIFTED_BY_START
from gateway.ports import Clock

log = structlog.get_logger("gateway.store")

SCOPES = frozenset({"all"} | {channel.value for channel in Channel})
WHY_BOUND = 500
IMPORT_BATCH = 500
EXPORT_PAGE = 1000
_SOURCE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_CURSOR = re.compile(r"[0-9a-f]{32}")
_BUCKETS_FIRST, _BUCKETS_MOST = 8, 256

Listed = tuple[str, tuple[SuppressionEntry, ...]]
"""An address and what stands against it."""


@dataclass(frozen=True, slots=True)
class SuppressionChange:
    """One line of the audit. `address_hash` tells which address, without telling the address."""

    entry: SuppressionEntry
    action: str
    address_hash: str
    taken: tuple[SuppressionEntry, ...] = ()


def read_entries(stored: bytes | None) -> tuple[SuppressionEntry, ...]:
    """The entries of a stored field of a bucket; none where nothing is stored."""
    return tuple(read_entry(row) for row in json.loads(stored)["x"]) if stored else ()


class Suppressions:
    """Addresses are hashed as they are given: numbers in E.164, e-mail addresses as normalize leaves them.

    Every change waits for the replicas of `quorum`. One that none confirmed raises StoreUnavailable, and stands:
    whoever repeats it learns from the repeat whether it is safe.
    """

    def __init__(
        self, client: Client, sealer: Sealer, hasher: names.Hasher, clock: Clock, quorum: Quorum | None = None
    ) -> None:
        self._client = client
        self._sealer = sealer
        self._hash = hasher
        self._clock = clock
        self._quorum = quorum or Quorum(client)

    # ---- one address

    def entries(self, address: str) -> tuple[SuppressionEntry, ...]:
        key, field, _ = names.suppression_bucket(self._hash.address(address))
        with store_errors():
            return read_entries(self._client.hget(key, field))

    def add(self, address: str, entry: SuppressionEntry) -> bool:
        """False when an entry of this scope and source already stands. Raises InvalidRequest.

        It stays as it is, but what START lifts takes the later moment: a START between the two, told late, leaves it.
        """
        entry = checked_entry(entry)
        keys, args = self._addition(address, entry, self._audit_line("add", address, entry))
        changed, _ = self._quorum.write(lambda client: scripts.run(client, "suppress", keys, *args))
        return bool(changed)

    def remove(
        self,
        address: str,
        *,
        scopes: frozenset[str] | None,
        sources: frozenset[str] | None,
        who: str,
        why: str,
        up_to: datetime | None = None,
    ) -> tuple[bool, tuple[SuppressionEntry, ...]]:
        """Take away what has one of the scopes and one of the sources (None: any); answers what that was.

        `up_to`: an entry that is younger stays.
        """
        note = SuppressionEntry("any", "any", self._clock.now(), who, why[:WHY_BOUND])
        address_hash = self._hash.address(address)
        keys, field, bucket = _keys(address_hash)
        line = self._audit_line("remove", address, note)
        args = [field, "", "remove", "", _spaced(scopes), _spaced(sources), bucket, line]
        latest = "" if up_to is None else to_ms(up_to)
        changed, taken = self._quorum.write(lambda client: scripts.run(client, "suppress", keys, *args, latest))
        return bool(changed), tuple(read_entry(row) for row in json.loads(taken))

    # ---- the whole list

    def count(self) -> int:
        """Addresses with at least one entry."""
        with store_errors():
            return int(self._client.get(names.SUPPRESSION_COUNT) or 0)

    def page(self, cursor: str | None, limit: int) -> tuple[list[Listed], str | None]:
        """Up to `limit` masked addresses, and where the next page begins (None: that was all).

        The order is that of the hashed addresses, so what is on the list all the while comes exactly once, whatever
        else changes; what cannot be read is left out and logged. Raises InvalidRequest for a cursor that is none, and
        StoreUnavailable when nothing of the first page can be read.
        """
        listed, following = self._page(cursor, limit)
        return [(masked(address), entries) for address, entries in listed], following

    def page_in_full(self, cursor: str | None, limit: int) -> tuple[list[Listed], str | None]:
        """As `page`, with the addresses as they are: for whoever masks them later."""
        return self._page(cursor, limit)

    def export(self) -> Iterator[Listed]:
        """Every address, in full."""
        cursor: str | None = None
        while True:
            listed, cursor = self._page(cursor, EXPORT_PAGE)
            yield from listed
            if cursor is None:
                return

    def import_many(self, rows: Iterable[tuple[str, SuppressionEntry]]) -> int:
        """Add many, in few round trips; answers how many were new. The audit gets one line per batch.

        Raises InvalidRequest at the first wrong row; the batches before it stand, and importing again is harmless.
        """
        remaining, added = iter(rows), 0
        while batch := [(address, checked_entry(entry)) for address, entry in islice(remaining, IMPORT_BATCH)]:
            added += self._import(batch)
        return added

    def _import(self, batch: list[tuple[str, SuppressionEntry]]) -> int:
        staged = [self._addition(address, entry, "") for address, entry in batch]

        def build(pipe: Pipeline) -> None:
            for keys, args in staged:
                scripts.stage(pipe, "suppress", keys, *args)

        answers = self._quorum.write(lambda client: scripts.transact(client, build, ["suppress"]))
        added = sum(int(changed) for changed, _ in answers)
        if added:
            self._note_import(batch[0][1], added)
        return added

    def _note_import(self, first: SuppressionEntry, added: int) -> None:
        line = dumps({**entry_document(first), "do": "import", "address": "", "why": f"{added} addresses: {first.why}"})
        with store_errors():
            self._client.xadd(names.SUPPRESSION_AUDIT, {"line": line, "taken": "[]"}, maxlen=100_000, approximate=True)

    # ---- who changed what

    def changes(self, address: str | None = None, limit: int = 100) -> tuple[SuppressionChange, ...]:
        """The newest changes of the list, or of one address, newest first; the last 100,000 are kept."""
        wanted = None if address is None else self._hash.address(address)
        found = (c for c in self._audit() if wanted is None or c.address_hash == wanted)
        return tuple(islice(found, limit))

    def _audit(self) -> Iterator[SuppressionChange]:
        highest = "+"
        while True:
            with store_errors():
                rows = self._client.xrevrange(names.SUPPRESSION_AUDIT, highest, "-", count=EXPORT_PAGE)
            for _, row in rows:
                yield _read_change(row)
            if len(rows) < EXPORT_PAGE:
                return
            highest = f"({rows[-1][0].decode()}"

    # ---- how it is stored

    def _addition(
        self, address: str, entry: SuppressionEntry, audit_line: str
    ) -> tuple[list[str], list[scripts.Argument]]:
        address_hash = self._hash.address(address)
        keys, field, bucket = _keys(address_hash)
        sealed = seal_text(self._sealer, address, address_hash)
        document = {name: value for name, value in entry_document(entry).items() if value != ""}
        moment = "latest" if entry.source in LIFTED_BY_START else ""
        return keys, [field, sealed, "add", dumps(document), "", "", bucket, audit_line, moment]

    def _audit_line(self, action: str, address: str, entry: SuppressionEntry) -> str:
        return dumps({**entry_document(entry), "do": action, "address": self._hash.address(address)})

    def _page(self, cursor: str | None, limit: int) -> tuple[list[Listed], str | None]:
        if cursor is not None and not _CURSOR.fullmatch(cursor):
            raise InvalidRequest(FieldError("cursor", "not a cursor of this list"))
        found = list(islice(self._walk(cursor), limit + 1))
        listed = self._readable(found[:limit])
        if found and not listed and cursor is None:  # not an entry but the key is wrong: the list must not look empty
            raise StoreUnavailable("the opt-out list cannot be read with this GATEWAY_DATA_KEY")
        return listed, found[limit - 1][0] if len(found) > limit else None

    def _readable(self, found: list[tuple[str, bytes]]) -> list[Listed]:
        """Without what no key opens: a change of keys leaves it as it is."""
        listed: list[Listed] = []
        for address_hash, stored in found:
            with suppress(StoreUnavailable, ValueError):
                listed.append(self._read(address_hash, stored))
        if len(listed) < len(found):
            log.warning("opt_outs_unreadable", entries=len(found) - len(listed))
        return listed

    def _walk(self, after: str | None) -> Iterator[tuple[str, bytes]]:
        """Stored fields in the order of the hashed addresses, beginning behind `after`."""
        lowest, at_once = f"[{after[:4]}" if after else "-", _BUCKETS_FIRST
        while True:
            with store_errors():
                found = self._client.zrangebylex(names.BUCKETS, lowest, "+", start=0, num=at_once)
                buckets = [bucket.decode() for bucket in found]
                with self._client.pipeline(transaction=False) as pipe:
                    for bucket in buckets:
                        pipe.hgetall(names.suppression_bucket(bucket)[0])
                    rows = pipe.execute()
            for bucket, fields in zip(buckets, rows, strict=True):
                for field in sorted(fields):
                    address_hash = bucket + field.decode()
                    if after is None or address_hash > after:
                        yield address_hash, fields[field]
            if len(buckets) < at_once:
                return
            lowest, at_once = f"({buckets[-1]}", min(2 * at_once, _BUCKETS_MOST)

    def _read(self, address_hash: str, stored: bytes) -> Listed:
        document: Mapping[str, Any] = json.loads(stored)
        entries = tuple(read_entry(row) for row in document["x"])
        return open_text(self._sealer, document["e"], address_hash), entries


def _keys(address_hash: str) -> tuple[list[str], str, str]:
    key, field, bucket = names.suppression_bucket(address_hash)
    return [key, names.BUCKETS, names.SUPPRESSION_COUNT, names.SUPPRESSION_AUDIT], field, bucket


def _spaced(words: frozenset[str] | None) -> str:
    """' a b ' for the script; '' stands for any, so that an empty set must not become it."""
    return "" if words is None else f" {' '.join(sorted(words))} "


def checked_entry(entry: SuppressionEntry) -> SuppressionEntry:
    """With its texts cut to what is kept. Raises InvalidRequest for a scope or source that cannot be stored."""
    if entry.scope not in SCOPES:
        raise InvalidRequest(FieldError("scope", f"must be one of {', '.join(sorted(SCOPES))}"))
    if not _SOURCE.fullmatch(entry.source):
        raise InvalidRequest(FieldError("source", "must be 1 to 64 of A-Z a-z 0-9 _ . : -"))
    return SuppressionEntry(entry.scope, entry.source, entry.at, entry.who[:WHY_BOUND], entry.why[:WHY_BOUND])


def _read_change(row: Mapping[bytes, bytes]) -> SuppressionChange:
    line = json.loads(row[b"line"])
    taken = tuple(read_entry(entry) for entry in json.loads(row[b"taken"]))
    return SuppressionChange(read_entry(line), line["do"], line["address"], taken)
