"""Rewrites the two trails about numbers, so that what was noted of a number is still found by it.

Only hashes stand in them, so this goes as far as the addresses are known from intents and from the opt-out list.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

from gateway.adapters.store import names
from gateway.adapters.store.codec import dumps
from gateway.adapters.store.connection import Client, store_errors
from gateway.adapters.store.rekeying.change import KeyChange

PAGE = 1000
DRAFT = f"{names.PREFIX}:rekey:draft"
Row = Mapping[bytes, bytes]


class Audits:
    """Bounded as the trails are: only hashes that stand in them are kept in mind."""

    def __init__(self, client: Client, change: KeyChange) -> None:
        self._client = client
        self._change = change
        self._renamed: dict[str, str | None] = {}
        if change.rehashes:
            for trail, told in _TRAILS.items():
                for row in self._rows(trail):
                    self._renamed[told(row)] = None

    def meet(self, address: str | None) -> None:
        """Remember under which hash an address stands in the trails."""
        if address is None or not self._renamed:
            return
        was = self._change.old.hash.address(address)
        if was in self._renamed:
            self._renamed[was] = self._change.new.hash.address(address)

    def rewrite(self) -> None:
        for trail in _TRAILS if self._change.rehashes else ():
            with store_errors():
                self._client.delete(DRAFT)
            if self._drafted(trail):
                with store_errors():
                    self._client.rename(DRAFT, trail)

    def _drafted(self, trail: str) -> int:
        count, page = 0, []
        for entry_id, row in self._entries(trail):
            page.append((entry_id, self._written(trail, row)))
            if len(page) == PAGE:
                self._put(page)
                count, page = count + len(page), []
        self._put(page)
        return count + len(page)

    def _put(self, page: list[tuple[bytes, Row]]) -> None:
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for entry_id, row in page:
                pipe.xadd(DRAFT, row, id=entry_id)
            pipe.execute()

    def _written(self, trail: str, row: Row) -> Row:
        anew = self._renamed.get(_TRAILS[trail](row))
        if anew is None:
            return row
        self._change.counts["lines of the trails"] += 1
        if trail == names.LOOKUP_AUDIT:
            return {**row, b"number": anew.encode()}
        return {**row, b"line": dumps({**json.loads(row[b"line"]), "address": anew}).encode()}

    def _rows(self, trail: str) -> Iterator[Row]:
        yield from (row for _, row in self._entries(trail))

    def _entries(self, trail: str) -> Iterator[tuple[bytes, Row]]:
        lowest = "-"
        while True:
            with store_errors():
                found = self._client.xrange(trail, lowest, "+", count=PAGE)
            yield from found
            if len(found) < PAGE:
                return
            lowest = f"({found[-1][0].decode()}"


def _of_opt_out(row: Row) -> str:
    return str(json.loads(row[b"line"])["address"])


def _of_lookup(row: Row) -> str:
    return row[b"number"].decode()


_TRAILS: Mapping[str, Callable[[Row], str]] = {
    names.SUPPRESSION_AUDIT: _of_opt_out,
    names.LOOKUP_AUDIT: _of_lookup,
}
