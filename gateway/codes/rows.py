"""What one row of the table of codes says, and one builder per failure class so that a row reads as one line.

It holds no codes: those stand in messaging, voice, verify and email beside this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import Literal

from gateway.model import FailureClass, LineType


class Moment(StrEnum):
    """A time to wait for that is not a length: it depends on the day and on where the recipient is."""

    PACIFIC_MIDNIGHT = "next Pacific midnight"
    MORNING = "08:00 local"


SuppressScope = Literal["channel", "stop", "whatsapp"]
"""`channel`: the one the code came from. `stop`: as wide as the setting `stop_scope` says; no code reaches so far."""

Slows = Literal["sender", "account"]
"""Whose sends went faster than the provider takes them: the sender's, or all that the account makes at once."""


@dataclass(frozen=True, slots=True)
class CodeRow:
    """What a code means to us.

    `code` is 0 where a status alone speaks (a busy line has no code).
    `retries`: tries allowed after the first on the same step; None leaves it to the general cap.
    `retry_after`: the least pause before such a try. `defer`: when the same step may go, for the class defer.
    `hold`: how long the number is held back, for the class fraud.
    `slows`: what goes slower from now on; the send was not taken because of the rush, so it costs no try.
    `learns`: the line type that the code gives away.
    """

    code: int
    failure: FailureClass
    meaning: str
    retries: int | None = 0
    retry_after: timedelta | None = None
    defer: timedelta | Moment | None = None
    learns: LineType | None = None
    suppress_scope: SuppressScope | None = None
    suppress_source: str = ""
    hold: timedelta | None = None
    slows: Slows | None = None
    alert: bool = False


ALERTING = frozenset({FailureClass.FRAUD, FailureClass.CONFIG, FailureClass.ACCOUNT, FailureClass.BUG})

# The other classes never repeat their step.
_RETRIES: Mapping[FailureClass, int | None] = {
    FailureClass.RETRY: None,
    FailureClass.DEFER: None,
    FailureClass.UNKNOWN_OUTCOME: None,
    FailureClass.UNLISTED: 1,
}


def entry(
    failure: FailureClass,
    code: int,
    meaning: str,
    *,
    retries: int | None = None,
    after: timedelta | None = None,
    until: timedelta | Moment | None = None,
    learns: LineType | None = None,
    suppress: str = "",
    scope: SuppressScope = "channel",
    hold: timedelta | None = None,
    slows: Slows | None = None,
    alert: bool = False,
) -> CodeRow:
    """One row. What is not said follows from the class; `suppress` names the source that the entry will carry."""
    return CodeRow(
        code=code,
        failure=failure,
        meaning=meaning,
        retries=_RETRIES.get(failure, 0) if retries is None else retries,
        retry_after=after,
        defer=until,
        learns=learns,
        suppress_scope=scope if suppress else None,
        suppress_source=suppress,
        hold=hold,
        slows=slows,
        alert=alert or failure in ALERTING,
    )


retry = partial(entry, FailureClass.RETRY)
unknown_outcome = partial(entry, FailureClass.UNKNOWN_OUTCOME)
defer = partial(entry, FailureClass.DEFER)
wrong_channel = partial(entry, FailureClass.WRONG_CHANNEL)
unreachable = partial(entry, FailureClass.UNREACHABLE)
opted_out = partial(entry, FailureClass.OPTED_OUT)
invalid = partial(entry, FailureClass.INVALID)
content = partial(entry, FailureClass.CONTENT)
fraud = partial(entry, FailureClass.FRAUD)
config = partial(entry, FailureClass.CONFIG)
account = partial(entry, FailureClass.ACCOUNT)
bug = partial(entry, FailureClass.BUG)
unlisted = partial(entry, FailureClass.UNLISTED)
