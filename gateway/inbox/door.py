"""The one narrow door: every event from outside comes in here, and its effect is durable when it returns."""

from __future__ import annotations

from gateway.errors import StoreError
from gateway.inbox.calls import key_pressed
from gateway.inbox.desk import Desk
from gateway.inbox.events import (
    Event,
    FactorReported,
    KeyPressed,
    MessageReceived,
    Reply,
    StatusReported,
    Unavailable,
)
from gateway.inbox.inbound import message_received
from gateway.inbox.statuses import status_reported


class Inbox:
    """`receive` may be called at any time, in any order, any number of times with the same event."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def receive(self, event: Event) -> Reply:
        """Raises Unavailable when the effect could not be made durable."""
        try:
            return self._take(event)
        except StoreError as err:
            raise Unavailable(str(err)) from err

    def _take(self, event: Event) -> Reply:
        match event:
            case StatusReported():
                return status_reported(self._desk, event)
            case MessageReceived():
                return message_received(self._desk, event)
            case KeyPressed():
                return key_pressed(self._desk, event)
            case FactorReported():
                return self._factor(event)

    def _factor(self, event: FactorReported) -> Reply:
        if event.event_id is not None and self._desk.seen(event.event_id):
            return Reply("duplicate")
        effect = self._desk.factor_reported(event.kind, event.identity, event.factor_sid)
        if event.event_id is not None:
            self._desk.remember(event.event_id)
        return Reply(effect)
