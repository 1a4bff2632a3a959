"""Which intents wait for a verification, and whose check of a code is under way there; neither code nor number is kept.

Several intents may wait for one verification, because Verify gives all starts to one address the same one. Checks of it
go one at a time: so an approval whose answer was lost can still be told to be the one intent's, or nobody's.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from gateway.adapters.store import names, scripts
from gateway.adapters.store.codec import from_ms, to_ms
from gateway.adapters.store.connection import Client, store_errors
from gateway.ids import ulid
from gateway.ports import Check, Started

WAITING_TTL = timedelta(hours=25)
"""Longer than the longest life of a code. Source: Verify's Rate Limits and Timeouts page (24 hours)."""
HELD_FOR = timedelta(minutes=5)
LOST = "lost"
LOOK_EVERY_SECONDS = 0.05


class Verifications:
    """Implements ports.Verifications."""

    def __init__(self, client: Client, hasher: names.Hasher) -> None:
        self._client = client
        self._hash = hasher

    # ---- who waits

    def expect(self, sid: str, intent_id: str) -> None:
        with store_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.sadd(names.waiting(sid), intent_id)
            pipe.expire(names.waiting(sid), WAITING_TTL)
            pipe.execute()

    def waiting(self, sid: str) -> tuple[str, ...]:
        with store_errors():
            members = self._client.smembers(names.waiting(sid))
        return tuple(sorted(member.decode() for member in members))

    # ---- who checks

    def begin_check(self, sid: str, intent_id: str, patience: timedelta) -> Check | None:
        token, gives_up_at = ulid(), time.monotonic() + patience.total_seconds()
        while True:
            args = (intent_id, token, _ms(HELD_FOR))
            verdict = scripts.run(self._client, "check_begin", [names.checking(sid)], *args).decode()
            if verdict != "held":
                return Check(intent_id, token, lost=verdict == LOST)
            if time.monotonic() >= gives_up_at:
                return None
            time.sleep(LOOK_EVERY_SECONDS)

    def end_check(self, sid: str, check: Check) -> None:
        scripts.run(self._client, "check_end", [names.checking(sid)], check.intent, check.token, "")

    def lose_check(self, sid: str, check: Check) -> None:
        scripts.run(self._client, "check_end", [names.checking(sid)], check.intent, check.token, _ms(HELD_FOR))

    def checker(self, sid: str) -> Check | None:
        with store_errors():
            held = self._client.get(names.checking(sid))
        if held is None:
            return None
        intent_id, _, token = held.decode().partition("/")
        return Check(intent_id, token, lost=token == LOST)

    # ---- what was started lately

    def note_started(self, start: str, started: Started, share_for: timedelta) -> None:
        if share_for > timedelta(0):
            with store_errors():
                value = f"{started.sid} {to_ms(started.deadline)}"
                self._client.set(names.started(self._hash(start)), value, px=_ms(share_for))

    def started(self, start: str, now: datetime) -> Started | None:
        with store_errors():
            stored = self._client.get(names.started(self._hash(start)))
        if stored is None:
            return None
        sid, _, deadline = stored.decode().partition(" ")
        found = Started(sid, from_ms(int(deadline)))
        return found if found.deadline > now else None

    def forget_started(self, start: str) -> None:
        with store_errors():
            self._client.delete(names.started(self._hash(start)))


def _ms(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)
