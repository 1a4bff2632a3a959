"""Who asked about a number, and why: a bounded stream of questions. Of the number only the keyed hash is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from gateway.adapters.store import names
from gateway.adapters.store.codec import from_ms, to_ms
from gateway.adapters.store.connection import Client, store_errors
from gateway.ports import Clock

KEPT, PAGE = 100_000, 500


@dataclass(frozen=True, slots=True)
class Asked:
    at: datetime
    app: str
    who: str
    number_hash: str
    fields: tuple[str, ...]
    why: str


class LookupAudit:
    def __init__(self, client: Client, hasher: names.Hasher, clock: Clock) -> None:
        self._client = client
        self._hash = hasher
        self._clock = clock

    def note(self, number: str, fields: Sequence[str], *, app: str, who: str, why: str) -> None:
        """Before anything is asked. `who` is the key's id. Raises StoreUnavailable."""
        entry = {
            "at": to_ms(self._clock.now()),
            "app": app,
            "who": who,
            "number": self._hash(number),
            "fields": ",".join(fields),
            "why": why,
        }
        with store_errors():
            self._client.xadd(names.LOOKUP_AUDIT, entry, maxlen=KEPT, approximate=True)

    def of(self, number: str, *, limit: int = 100) -> list[Asked]:
        """Who asked about this number, newest first."""
        number_hash = self._hash(number)
        return list(islice((asked for asked in self._all() if asked.number_hash == number_hash), limit))

    def newest(self, limit: int = 100) -> list[Asked]:
        return list(islice(self._all(), limit))

    def _all(self) -> Iterator[Asked]:
        """Newest first, a page at a time, so that the store is held up by none of it for long."""
        before = "+"
        while True:
            with store_errors():
                rows = self._client.xrevrange(names.LOOKUP_AUDIT, max=before, count=PAGE)
            yield from (_read(fields) for _, fields in rows)
            if len(rows) < PAGE:
                return
            before = f"({rows[-1][0].decode()}"


def _read(row: dict[bytes, bytes]) -> Asked:
    text = {name.decode(): value.decode() for name, value in row.items()}
    fields = tuple(name for name in text["fields"].split(",") if name)
    return Asked(from_ms(int(text["at"])), text["app"], text["who"], text["number"], fields, text["why"])
