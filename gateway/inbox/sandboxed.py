"""The door for what the sandbox has signed: its keys are known to everybody, so it opens to test intents alone."""

from __future__ import annotations

from dataclasses import replace

from gateway.errors import StoreError
from gateway.inbox.desk import Desk
from gateway.inbox.door import Inbox
from gateway.inbox.events import Event, KeyPressed, Reply, StatusReported, Unavailable


class SandboxDoor:
    """What people write to the sandbox, and what it says of factors, concerns nobody here."""

    def __init__(self, inbox: Inbox, desk: Desk) -> None:
        self._inbox = inbox
        self._desk = desk

    def receive(self, event: Event) -> Reply:
        """Raises Unavailable when the effect could not be made durable."""
        if not isinstance(event, StatusReported | KeyPressed):
            return Reply("ignored")
        try:
            known = self._is_of_a_test(event)
        except StoreError as err:
            raise Unavailable(str(err)) from err
        if not known:
            return Reply("orphan", hang_up=True)
        if isinstance(event, StatusReported):
            event = replace(event, address=None)  # an address would leave the list of those who get real e-mail
        return self._inbox.receive(event)

    def _is_of_a_test(self, event: StatusReported | KeyPressed) -> bool:
        writes = self._desk.acting.writes
        owner = writes.owner_of(event.sid)
        named = {intent for intent in (event.intent, owner[0] if owner else None) if intent}
        found = [writes.intents.load(intent) for intent in named]
        return bool(found) and all(progress is not None and progress.intent.test for progress in found)
