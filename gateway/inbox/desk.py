"""What the door works with beside act's powers: memory of events, the opt-out list, the applications to tell."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from gateway.act import Acting
from gateway.inbox.events import StatusReported
from gateway.model import SuppressionEntry


class OptOuts(Protocol):
    """The opt-out list as the door needs it."""

    def add(self, address: str, entry: SuppressionEntry) -> bool: ...

    def entries(self, address: str) -> tuple[SuppressionEntry, ...]: ...

    def lift(self, address: str, sources: frozenset[str], *, who: str, why: str, up_to: datetime) -> bool:
        """Take away entries of these sources that are not younger than `up_to`; True when there were any."""


class Desk(Protocol):
    """Made by wiring."""

    @property
    def acting(self) -> Acting: ...

    @property
    def opt_outs(self) -> OptOuts: ...

    def seen(self, event_id: str) -> bool: ...

    def arrived(self, event_id: str, now: datetime) -> datetime | None:
        """When it came first, to whichever process: `now`, if nobody has met it yet. None: it was seen."""

    def remember(self, event_id: str) -> None:
        """After the effect is durable, so that an event whose effect failed is not taken for a duplicate."""

    def park(self, event: StatusReported) -> tuple[str, int] | None:
        """Keep an event whose SID nobody owns yet; the owner, when there is one after all."""

    def open_window(self, person: str, sender: str, at: datetime) -> None:
        """A person wrote to a WhatsApp sender: free text may be sent for 24 hours."""

    def app_for(self, senders: tuple[str, ...], person: str) -> str | None:
        """The application that owns one of the senders, else the one that last wrote to this person from one.

        `senders`: the number that was written to under each of its names, and its Messaging Service where it was told.
        """

    def tell_app(self, app: str, kind: str, fields: Mapping[str, Any]) -> None:
        """An event for the application: `message.received`, `recipient.opted_out`, `recipient.opted_in`.

        Durable when it returns; about the same SID again, it is the same event.
        """

    def factor_reported(self, kind: str, identity: str, factor_sid: str) -> str:
        """What came of it, as in `Reply.effect`."""
