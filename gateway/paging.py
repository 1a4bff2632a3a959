"""Where a list of intents, newest first, goes on: behind a moment and an id, because many share a millisecond. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

from gateway.errors import FieldError, InvalidRequest

Place = tuple[int, str]
"""Behind the intent of this moment (unix ms) and id; without an id, before that moment."""
Row = tuple[str, int]
"""An intent's id and its moment."""
_PLACE = re.compile(rb"([0-9]{1,15})\.([0-9A-HJKMNP-TV-Z]{26}|)")


def older(
    read: Callable[[int | None], list[Row]], before: Place | None, at_once: int
) -> tuple[list[Row], Place | None]:
    """The next rows, and from where to read on; None: that was all.

    `read` gives at most `at_once` rows before a moment, newest first, those of one moment by their ids backwards.
    """
    until = None if before is None else before[0] + bool(before[1])
    found = read(until)
    rows = [(intent_id, ms) for intent_id, ms in found if before is None or (ms, intent_id) < before]
    if len(found) < at_once:
        return rows, None
    last_id, last_ms = found[-1]
    return rows, (last_ms, last_id if rows else "")


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
