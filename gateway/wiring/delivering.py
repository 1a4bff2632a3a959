"""Events on their way out: rung when due, posted, tried again with growing pauses, given up after a day."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from gateway.adapters.posting import Answer, EventPoster
from gateway.adapters.store.apps import Apps
from gateway.adapters.store.codec import dumps
from gateway.adapters.store.doorbell import Doorbell
from gateway.adapters.store.outbox import Claimed, Outbox
from gateway.answers import moment, shown_timeline
from gateway.ports import Clock

LANE = "events"
QUEUE_BOUND = 256
PAUSES = tuple(
    timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 3600, 7200, 14400, 14400, 14400, 14400, 14400)
)  # fmt: skip
GIVEN_UP_AFTER = timedelta(hours=24)
SLOW_PLACE_RESTS = timedelta(seconds=15)
GONE = 410
Alert = Callable[[str, Mapping[str, object]], None]


class Delivery:
    """At least once, in no promised order: `webhook-id` tells a repeat, `version` tells what is newer."""

    def __init__(
        self,
        outbox: Outbox,
        apps: Apps,
        doorbell: Doorbell,
        poster: EventPoster,
        clock: Clock,
        hashed: Callable[[str], str],
        alert: Alert,
    ) -> None:
        self._outbox = outbox
        self._apps = apps
        self._doorbell = doorbell
        self._poster = poster
        self._clock = clock
        self._hash = hashed
        self._alert = alert

    def ring(self) -> int:
        """Ring for the events that are due; gives how many. Raises StoreUnavailable."""
        room = QUEUE_BOUND - self._doorbell.waiting(LANE)
        due = self._outbox.take_due(room) if room > 0 else []
        if due:
            now_ms = round(self._clock.now().timestamp() * 1000)
            self._doorbell.ring(LANE, [(event_id, now_ms) for event_id in due])
        return len(due)

    def deliver(self, event_id: str) -> None:
        """One try of one event, if it is due and nobody else is at it. Raises StoreUnavailable."""
        claimed = self._outbox.claim(event_id)
        if claimed is None:
            return
        app = self._apps.get(claimed.event.app)
        url = claimed.event.url or (app.callback_url if app is not None else None)
        if not url:
            self._drop(claimed, "no_callback_url")
            return
        place = self._hash(urlsplit(url).netloc)
        rest = self._outbox.held(place)
        if rest > timedelta(0):
            self._outbox.postpone(event_id, self._clock.now() + rest * random.uniform(1.0, 1.5), tried=False)
            return
        answer = self._poster.post(
            url, event_id, _body(claimed), self._apps.signing(claimed.event.app), self._clock.now()
        )
        self._settle(claimed, answer, place)

    def _settle(self, claimed: Claimed, answer: Answer, place: str) -> None:
        if answer.taken:
            self._outbox.finish(claimed.event.id, "delivered")
            return
        if answer.slow:
            self._outbox.hold(place, SLOW_PLACE_RESTS)
        again = next_try(claimed.event.at, claimed.tries, self._clock.now(), random.uniform(0.8, 1.2))
        why = answer.problem or f"status_{answer.status}"
        if answer.forbidden or answer.status == GONE or again is None:
            self._drop(claimed, why)
        else:
            self._outbox.postpone(claimed.event.id, again, tried=True)

    def _drop(self, claimed: Claimed, why: str) -> None:
        event = claimed.event
        self._outbox.finish(event.id, "dropped")
        self._alert("event_dropped", {"event_id": event.id, "app": event.app, "kind": event.kind, "why": why})


def next_try(born: datetime, tries: int, now: datetime, jitter: float) -> datetime | None:
    """When an event that was tried once more is tried again; None when its day is over."""
    again: datetime = now + PAUSES[min(tries, len(PAUSES) - 1)] * jitter
    return again if again - born < GIVEN_UP_AFTER else None


def _body(claimed: Claimed) -> str:
    """The same text on every try."""
    event, data = claimed.event, dict(claimed.event.data)
    if "timeline" in data:
        data["timeline"] = shown_timeline(claimed.timeline)
    return dumps({"type": event.kind, "timestamp": moment(event.at), "data": data})
