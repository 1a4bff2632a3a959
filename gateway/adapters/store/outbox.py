"""Events on their way to applications: kept until they were taken or their time is over. Posting them is not here.

An event is written in the same step as the change it tells of, so that neither can be without the other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway.adapters.store import codec, names, scripts
from gateway.adapters.store.codec import Sealer, from_ms, to_ms
from gateway.adapters.store.connection import Client, store_errors
from gateway.model import TimelineEntry
from gateway.ports import Clock

LEASE = timedelta(seconds=60)
"""How long an event that was rung for, or is being posted, is left alone."""
KEPT_FOR = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Event:
    """Something an application is told. `url` None: wherever the application's events go when it is posted."""

    id: str
    app: str
    kind: str
    at: datetime
    data: Mapping[str, Any]
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """An event that this caller may post now. `tries`: how often it was tried before."""

    event: Event
    timeline: tuple[TimelineEntry, ...]
    tries: int


class Outbox:
    def __init__(self, client: Client, sealer: Sealer, clock: Clock) -> None:
        self._client = client
        self._sealer = sealer
        self._clock = clock

    # ---- in

    def arguments(self, event: Event | None) -> tuple[list[str], list[scripts.Argument]]:
        """Keys and arguments with which a script of the intents writes the event beside its own change."""
        event_id = event.id if event is not None else ""
        keys = [names.event(event_id or "none"), names.EVENTS_DUE]
        if event is None:
            return keys, ["", "", "", ""]
        return keys, [event.id, self._sealed(event), to_ms(event.at), round(KEPT_FOR.total_seconds())]

    def put(self, event: Event) -> None:
        """An event that belongs to no change of an intent. Durable when it returns; the same id again adds nothing."""
        with store_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.hsetnx(names.event(event.id), "d", self._sealed(event))
            pipe.expire(names.event(event.id), KEPT_FOR)
            pipe.zadd(names.EVENTS_DUE, {event.id: to_ms(event.at)}, nx=True)
            pipe.execute()

    def _sealed(self, event: Event) -> bytes:
        document = {"app": event.app, "kind": event.kind, "at": to_ms(event.at), "data": event.data, "url": event.url}
        return self._sealer.seal(codec.dumps(document), f"event:{event.id}")

    # ---- out

    def take_due(self, limit: int) -> list[str]:
        """Ids of events whose time has come; each is put off by LEASE, so no other taker gets it."""
        now = self._clock.now()
        ids = scripts.run(self._client, "due", [names.EVENTS_DUE], to_ms(now), to_ms(now + LEASE), limit)
        return [event_id.decode() for event_id in ids]

    def claim(self, event_id: str) -> Claimed | None:
        """None: it is gone, another is posting it, or its time has not come."""
        now = self._clock.now()
        keys = [names.event(event_id), names.EVENTS_DUE]
        row = scripts.run(self._client, "claim_event", keys, event_id, to_ms(now), to_ms(now + LEASE))
        if row is None:
            return None
        sealed, timeline, tries = row
        document = json.loads(self._sealer.open(sealed, f"event:{event_id}"))
        event = Event(
            id=event_id,
            app=document["app"],
            kind=document["kind"],
            at=from_ms(document["at"]),
            data=document["data"],
            url=document["url"],
        )
        entries = tuple(codec.read_timeline(text) for text in json.loads(timeline)) if timeline else ()
        return Claimed(event, entries, int(tries))

    def finish(self, event_id: str, word: str) -> None:
        """It is over: `delivered` or `dropped`."""
        with store_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.delete(names.event(event_id))
            pipe.zrem(names.EVENTS_DUE, event_id)
            self._count(pipe, word)
            pipe.execute()

    def postpone(self, event_id: str, until: datetime, *, tried: bool) -> None:
        with store_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.hset(names.event(event_id), "l", to_ms(until))
            if tried:
                pipe.hincrby(names.event(event_id), "n", 1)
                self._count(pipe, "failed")
            pipe.zadd(names.EVENTS_DUE, {event_id: to_ms(until)})
            pipe.execute()

    def _count(self, pipe: Any, word: str) -> None:
        for key in (names.COUNTS, names.counts_of(self._clock.now())):
            pipe.hincrby(key, f"events:{word}", 1)

    def waiting(self) -> int:
        with store_errors():
            return int(self._client.zcard(names.EVENTS_DUE))

    # ---- destinations that keep us waiting

    def hold(self, place: str, span: timedelta) -> None:
        """Post nothing to `place` (a keyed hash) for a while, so that a slow one does not take all the posters."""
        with store_errors():
            self._client.set(names.slow_place(place), 1, px=span)

    def held(self, place: str) -> timedelta:
        with store_errors():
            left = int(self._client.pttl(names.slow_place(place)))
        return timedelta(milliseconds=max(0, left))
