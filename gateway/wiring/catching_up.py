"""Fetches the inbound messages that webhooks may have missed, and lets them in by the same door.

A STOP that never reached us would else be lost: Twilio gives up on a webhook after 15 seconds. Until the messages are
in, nothing is sent (see adapters/store/missed.py).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from gateway.adapters.store.apps import Apps
from gateway.adapters.store.lease import Lease
from gateway.adapters.store.missed import Missed, MissedInbound
from gateway.channels.shape import Sender
from gateway.errors import ProviderError, ProviderRefused, ProviderSilent, StoreUnavailable
from gateway.inbox import Event, MessageReceived, Reply, Unavailable
from gateway.inbox.inbound import wished
from gateway.inbox.keywords import Asked
from gateway.ports import Clock

EVERY = timedelta(minutes=10)
RECENT = timedelta(seconds=30)
FIRST_LOOK = timedelta(hours=24)
OVERLAP = timedelta(minutes=5)
"""Looked at twice, because Twilio's clock and ours differ and a webhook may still be on its way."""
WINDOW, NARROWEST = timedelta(hours=6), timedelta(seconds=5)
RETRY_SECONDS = 5.0
WISH_RETRY_SECONDS = 0.2
LEASE_TTL = timedelta(seconds=10)
"""Sending may be waiting: a killed holder must not keep others from it for long. Two at once do no harm."""
WHATSAPP = "whatsapp:"
STARTED, LOST = "started", "lost"
"""Why a worker doubts that all is in."""


class InboundReads(Protocol):
    """What is asked of Twilio. Each raises ProviderError."""

    def inbound_messages(
        self, to: str, since: datetime, *, until: datetime | None = None, test: bool = False
    ) -> Sequence[Mapping[str, Any]]: ...

    def service_senders(self, sid: str, *, test: bool = False) -> Sequence[str]: ...


@dataclass(slots=True)
class CatchUp:
    """One per process. `receive` is the door."""

    missed: MissedInbound
    lease: Lease
    reads: InboundReads
    receive: Callable[[Event], Reply]
    senders: Sequence[Sender]
    apps: Apps
    clock: Clock
    alert: Callable[[str, Mapping[str, object]], None]
    _not_before: float = 0.0
    _alerted: str | None = None
    _doubt: str | None = STARTED
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _refused: bool = False
    _wisher: threading.Thread | None = None
    _wishing: threading.Lock = field(default_factory=threading.Lock)

    # ---- wishing

    def ready(self) -> None:
        """Before a worker takes anything: once after its start, and after each time the store was away.

        Wishes that what may have been missed is fetched first. Raises StoreUnavailable.
        """
        if self._doubt is None:
            return
        with self._lock:
            if self._doubt == LOST or (self._doubt == STARTED and not self._just_caught()):
                self.missed.wish()
            self._doubt = None

    def lost(self) -> None:
        """The store was away: webhooks may have been refused meanwhile."""
        self._doubt = LOST

    def noticing(self, work: Callable[[], None]) -> Callable[[], None]:
        """`work`, which tells of it when it finds the store away."""

        def watched() -> None:
            try:
                work()
            except StoreUnavailable:
                self.lost()
                raise

        return watched

    def _just_caught(self) -> bool:
        """Another process did it a moment ago."""
        caught = self.missed.read().caught
        return caught is not None and abs(self.clock.now() - caught) <= RECENT

    def wish_soon(self) -> None:
        """After a webhook was refused: the store may be away, so the wish is kept here until it can be written.

        One thread writes it, however many were refused.
        """
        with self._wishing:
            self._refused = True
            if self._wisher is None or not self._wisher.is_alive():
                self._wisher = threading.Thread(target=self._wish, name="inbound-wish", daemon=True)
                self._wisher.start()

    def wish_now(self) -> None:
        """At a web process' start: whatever came before it was missed."""
        try:
            self.missed.wish()
        except StoreUnavailable:
            self.wish_soon()

    def _wish(self) -> None:
        while self._refused_again():
            while not self._wish_written():
                time.sleep(WISH_RETRY_SECONDS)

    def _refused_again(self) -> bool:
        """Since the last wish was begun: that one may have been granted before."""
        with self._wishing:
            again, self._refused = self._refused, False
            if not again:
                self._wisher = None
            return again

    def _wish_written(self) -> bool:
        try:
            self.missed.wish()
        except StoreUnavailable:
            return False
        return True

    # ---- fetching

    def once(self) -> bool:
        """Fetch if somebody wished or it is time again; True when it was done. Raises StoreUnavailable."""
        if time.monotonic() < self._not_before:
            return False
        missed, now = self.missed.read(), self.clock.now()
        since = _since(missed.caught, now)
        if not (missed.wish or now - since >= EVERY) or not self.lease.held():
            return False
        try:
            self._fetch(since, now)
            self.missed.caught(missed.wish, now)
        except ProviderError as error:
            self._failed(missed, error)
            return False
        finally:
            self.lease.give_up()
        if _ahead(missed.caught, now):  # that clock may go on so, and it and ours would take turns without a pause
            self._not_before = time.monotonic() + RETRY_SECONDS
        return True

    def _failed(self, missed: Missed, error: ProviderError) -> None:
        """Tried again soon; the operator is told once per wish, when sending does not wait for it any more.

        A clear no of Twilio (no such service, not allowed) does not become a yes within the hold: sending goes on.
        """
        self._not_before = time.monotonic() + RETRY_SECONDS
        refused = isinstance(error, ProviderRefused) and error.status < 500 and error.status != 429
        if refused and missed.held:
            self.missed.give_up(missed.wish)
        if (refused or not missed.held) and missed.wish != self._alerted:
            self._alerted = missed.wish
            self.alert("inbound_not_caught_up", {"error": str(error), "sending": "resumed"})

    def _fetch(self, caught: datetime, now: datetime) -> None:
        """What can be read is let in even when something else cannot; then the first failure is raised."""
        failure: ProviderError | None = None
        found: dict[str, MessageReceived] = {}
        narrowest = NARROWEST
        for to in self._own_senders():
            try:
                for row in self._rows(to, caught - OVERLAP, now, narrowest):
                    event = _event(row)
                    found[event.sid] = event
            except ProviderError as error:
                failure = failure or error
                if isinstance(error, ProviderSilent):
                    narrowest = WINDOW  # it may answer nothing at all, so the others are asked once
        for event in in_order(found.values()):
            self._let_in(event)
        if failure is not None:
            raise failure

    def _let_in(self, event: MessageReceived) -> None:
        """One that cannot be taken keeps no other out: there may be a STOP behind it."""
        self.lease.held()
        try:
            self.receive(event)
        except Unavailable as error:
            raise StoreUnavailable(str(error)) from error
        except Exception as error:  # noqa: BLE001 - the boundary of a text; by name alone, because it may quote it
            self.alert("inbound_not_taken", {"sid": event.sid, "error": type(error).__name__})

    def _own_senders(self) -> Iterable[str]:
        """Every address that people can write to, once."""
        own: dict[str, None] = {}
        for sender in self.senders:
            if sender.messaging_service_sid:
                own |= dict.fromkeys(self.reads.service_senders(sender.messaging_service_sid))
            own |= dict.fromkeys([sender.from_number] if _answerable(sender.from_number) else [])
            own |= dict.fromkeys([WHATSAPP + sender.whatsapp_from] if sender.whatsapp_from else [])
        for app in self.apps.list():
            own |= dict.fromkeys(named for named in app.senders if _answerable(named.removeprefix(WHATSAPP)))
        return own

    def _rows(self, to: str, since: datetime, until: datetime, narrowest: timedelta) -> Iterator[Mapping[str, Any]]:
        """In windows, because a list has a bound; the last is open, so that a quick clock of Twilio's hides none.

        What does not end within the bound looks like silence, so a silent window is asked for again in quarters; behind
        a crowd they widen again.
        """
        window = WINDOW
        while since < until:
            end = since + window
            self.lease.held()
            try:
                rows = self.reads.inbound_messages(to, since, until=end if end < until else None)
            except ProviderSilent as error:
                if not error.sent or window / 4 < narrowest:
                    raise
                window /= 4
                continue
            yield from rows
            since, window = end, min(2 * window, WINDOW)


def _since(caught: datetime | None, now: datetime) -> datetime:
    """Up to when all is known to be in."""
    return now - FIRST_LOOK if caught is None or _ahead(caught, now) else min(caught, now)


def _ahead(caught: datetime | None, now: datetime) -> bool:
    """Noted by a clock that was wrong, so it tells nothing."""
    return caught is not None and caught - now > OVERLAP


def in_order(events: Iterable[MessageReceived]) -> list[MessageReceived]:
    """Oldest first, without keywords that the same person took back by a later one.

    The later one may have come by webhook already, and then the earlier must not be the last word.
    """
    ordered = sorted(events, key=lambda event: event.received_at or datetime.min.replace(tzinfo=UTC))
    last: dict[str, str] = {}
    for event in ordered:
        if _changes_consent(event):
            last[event.sender] = event.sid
    return [event for event in ordered if not _changes_consent(event) or last[event.sender] == event.sid]


def _changes_consent(event: MessageReceived) -> bool:
    return wished(event) in (Asked.STOP, Asked.START)


def _answerable(number: str) -> bool:
    """An alphanumeric sender cannot be written to."""
    return number.removeprefix("+").isdigit()


def _event(row: Mapping[str, Any]) -> MessageReceived:
    sender, to = str(row.get("from_") or ""), str(row.get("to") or "")
    channel = "whatsapp" if to.startswith(WHATSAPP) else "sms"
    at = row.get("date_sent") or row.get("date_created")
    return MessageReceived(
        sid=str(row["sid"]),
        channel=channel,
        sender=sender.removeprefix(WHATSAPP),
        to=to.removeprefix(WHATSAPP),
        body=str(row.get("body") or ""),
        messaging_service_sid=row.get("messaging_service_sid"),
        account_sid=row.get("account_sid"),
        received_at=(at if at.tzinfo else at.replace(tzinfo=UTC)) if isinstance(at, datetime) else None,
    )
