"""The one shape of a source: its path, who signs it, how a body becomes events, and what is answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from flask import Response

from gateway.inbox import Event, Reply
from webhooks.delivery import Delivery, Malformed


class Signer(StrEnum):
    """Whose signature admits."""

    TWILIO = "twilio"
    SENDGRID = "sendgrid"


@dataclass(frozen=True, slots=True)
class Parsed:
    """`left_out`: why each element that became no event became none: `malformed`, `foreign` or `orphan`."""

    events: tuple[Event, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """`path` is below /webhooks. `parse` raises Malformed. `token_admits`: a token in the URL will do too."""

    name: str
    path: str
    parse: Callable[[Delivery], Parsed]
    answer: Callable[[Sequence[Reply]], Response]
    signer: Signer = Signer.TWILIO
    token_admits: bool = False


def no_content(replies: Sequence[Reply]) -> Response:
    """What a report gets: nothing to read."""
    return Response(status=204)


def parse_each(elements: Sequence[object], read: Callable[[object], Event | None]) -> Parsed:
    """A batch: an element that cannot be read is left out and does not lose the others."""
    events: list[Event] = []
    left_out: list[str] = []
    for element in elements:
        try:
            event = read(element)
        except Malformed:
            left_out.append("malformed")
            continue
        if event is None:
            left_out.append("foreign")
        else:
            events.append(event)
    return Parsed(tuple(events), tuple(left_out))


def whole_number(text: str | None) -> int | None:
    """Twilio's error codes come as digits; anything else is none."""
    return int(text) if text and len(text) <= 9 and text.isascii() and text.isdigit() else None
