"""Where a list of intents, newest first, goes on: behind a moment and an id, because many share a millisecond. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

from gateway.errors import FieldError, InvalidRequest

Place = tuple[int, str]
"""Behind the intent of this moment (unix ms) and id."""
Row = tuple[str, int]
"""An intent's id and its moment."""
Read = Callable[[int | None, int], list[Row]]
"""At most so many rows from before a moment, newest first, those of one moment by their ids backwards."""
_PLACE = re.compile(rb"([0-9]{1,15})\.([0-9A-HJKMNP-TV-Z]{26})")


def older(read: Read, before: Place | None, at_once: int) -> tuple[list[Row], Place | None]:
    """The next rows, `at_once` at most, and from where to read on; None: that was all."""
    until = None if before is None else before[0] + 1
    at_most = at_once
    while True:
        found = read(until, at_most)
        rows = [(intent_id, ms) for intent_id, ms in found if before is None or (ms, intent_id) < before]
        if rows or len(found) < at_most:
            break
        at_most *= 2  # all of these share the moment of `before`, and were on the pages before it
    kept = rows[:at_once]
    if len(kept) == len(rows) and len(found) < at_most:
        return kept, None
    last_id, last_ms = kept[-1]
    return kept, (last_ms, last_id)


def cursor_of(place: Place | None) -> str | None:
    return None if place is None else base64.urlsafe_b64encode(f"{place[0]}.{place[1]}".encode()).decode()


def place_in(cursor: str | None) -> Place | None:
    """Raises InvalidRequest for what no page gave."""
    if cursor is None:
        return None
    try:
        found = _PLACE.fullmatch(base64.b64decode(cursor, altchars=b"-_", validate=True))
    except ValueError:
        found = None
    if found is None:
        raise InvalidRequest(FieldError("cursor", "is not one that a page gave"))
    return int(found[1]), found[2].decode()
