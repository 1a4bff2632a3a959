"""The trail of what operators do: who, when, what, about what. Numbers stand in it masked or as keyed hashes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.adapters.store import names
from gateway.adapters.store.codec import from_ms, to_ms
from gateway.adapters.store.connection import Client, store_errors
from gateway.errors import FieldError, InvalidRequest
from gateway.ports import Clock

TRAIL = f"{names.PREFIX}:operators:trail"
BOUND = 100_000
DETAIL_BOUND = 300


@dataclass(frozen=True, slots=True)
class Deed:
    """`who`: an API key's id. `about`: an intent's id, a masked number; `detail` without personal data."""

    at: datetime
    who: str
    what: str
    about: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class OperatorTrail:
    client: Client
    clock: Clock

    def note(self, who: str, what: str, about: str = "", detail: str = "") -> None:
        """Durable when it returns. Raises StoreUnavailable: what cannot be written down is not to be done."""
        row: dict[str, str | int] = {
            "at": to_ms(self.clock.now()),
            "who": who,
            "what": what,
            "about": about,
            "detail": detail[:DETAIL_BOUND],
        }
        with store_errors():
            self.client.xadd(TRAIL, row, maxlen=BOUND, approximate=True)

    def page(self, cursor: str | None, limit: int) -> tuple[list[Deed], str | None]:
        """Newest first, and where the next page begins. Raises InvalidRequest for a cursor that is none."""
        highest = "+" if cursor is None else f"({_checked(cursor)}"
        with store_errors():
            rows = self.client.xrevrange(TRAIL, highest, "-", count=limit + 1)
        following = rows[limit - 1][0].decode() if len(rows) > limit else None
        return [_read(row) for _, row in rows[:limit]], following


def _checked(cursor: str) -> str:
    milliseconds, _, number = cursor.partition("-")
    if not (cursor.isascii() and milliseconds.isdigit() and number.isdigit() and len(cursor) <= 40):
        raise InvalidRequest(FieldError("cursor", "is not one that a page gave"))
    return cursor


def _read(row: Mapping[bytes, bytes]) -> Deed:
    texts = {name.decode(): value.decode() for name, value in row.items()}
    return Deed(from_ms(int(texts["at"])), texts["who"], texts["what"], texts["about"], texts["detail"])
