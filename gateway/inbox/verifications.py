"""Verify's words on a verification: they concern all intents that wait for it, and an approval at most one of them."""

from __future__ import annotations

from collections.abc import Callable

from gateway.act import settling
from gateway.act.starting import forget_start
from gateway.inbox.desk import Desk
from gateway.inbox.events import StatusReported
from gateway.model import Progress

Move = Callable[[Progress, int], bool]
LOST_MESSAGES = frozenset({"message_undelivered", "message_failed", "undelivered"})


def verification_reported(desk: Desk, event: StatusReported, move: Move) -> str | None:
    """What came of it; None where nobody waits, and the word concerns an attempt like any other.

    `move` takes the word to one attempt of one intent.
    """
    acting, sid = desk.acting, event.sid
    waiting = settling.waiting_for(acting, sid)
    if event.status == "approved":
        known = waiting or acting.writes.owner_of(sid)
        return _effect([settling.told_approved(acting, sid, waiting)]) if known else "orphan"
    if not waiting:
        return None
    if event.status in settling.ENDS:
        return _effect([settling.told_ended(acting, progress, sid, event.status) for progress in waiting])
    if event.status in LOST_MESSAGES:
        for progress in waiting:
            if progress.verification is not None:
                forget_start(acting, progress, progress.verification)
    return _effect([_moved(progress, sid, move) for progress in waiting])


def _moved(progress: Progress, sid: str, move: Move) -> bool:
    number = max((a.number for a in progress.attempts if a.provider_sid == sid), default=0)
    return bool(number) and move(progress, number)


def _effect(changes: list[bool]) -> str:
    return "applied" if any(changes) else "duplicate"
