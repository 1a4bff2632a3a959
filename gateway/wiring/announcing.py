"""Which changes become events: an intent's new status, a person's message or opt-out, where somebody listens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from gateway.adapters.store.apps import App, Apps
from gateway.adapters.store.outbox import Event, Outbox
from gateway.adapters.store.remembered import Remembered
from gateway.answers import whole
from gateway.ids import ulid
from gateway.model import Progress
from gateway.ports import Clock

APPS_REMEMBERED_FOR = timedelta(seconds=5)
APPS_BOUND = 1024
SILENT_REMEMBERED_FOR = timedelta(milliseconds=500)
"""For an application that listens nowhere: it may be set up at any moment, and then expects the next event."""


class Announcer:
    """`hashed` makes the ids of events that may be told of twice, so that the second is the first again."""

    def __init__(self, apps: Apps, outbox: Outbox, clock: Clock, hashed: Callable[[str], str]) -> None:
        self._apps = apps
        self._outbox = outbox
        self._clock = clock
        self._hash = hashed
        self._known: Remembered[str, tuple[App | None]] = Remembered(clock, APPS_REMEMBERED_FOR, APPS_BOUND)

    def of_change(self, progress: Progress) -> Event | None:
        """The event of an intent's new status. The timeline is put in by the script that stores the change."""
        intent = progress.intent
        if intent.callback_url is None and not self._listens(intent.app):
            return None
        now = self._clock.now()
        shown = whole(progress, (), now)
        return Event(f"evt_{ulid()}", intent.app, f"intent.{progress.status}", now, shown, intent.callback_url)

    def tell(self, app: str, kind: str, fields: Mapping[str, Any]) -> None:
        """An event about a person, durable when this returns. Told again about the same SID, it is the same event."""
        if not self._listens(app):
            return
        about = f"{app}\n{kind}\n{fields.get('provider_sid') or ulid()}"
        self._outbox.put(Event(f"evt_{self._hash(about)}", app, kind, self._clock.now(), fields))

    def _listens(self, app: str) -> bool:
        remembered = self._known.get(app)
        if remembered is None:
            remembered = (self._apps.get(app),)
            self._known.put(app, remembered, None if _has_url(remembered[0]) else SILENT_REMEMBERED_FOR)
        return _has_url(remembered[0])


def _has_url(app: App | None) -> bool:
    return app is not None and bool(app.callback_url)
