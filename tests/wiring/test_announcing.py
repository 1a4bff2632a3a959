"""Whether an application listens is remembered for a moment; one that has just been set up hears of the next change."""

from __future__ import annotations

from datetime import timedelta

from gateway.adapters.store.apps import Apps
from gateway.adapters.store.codec import Sealer
from gateway.adapters.store.connection import Client
from gateway.adapters.store.names import Hasher
from gateway.adapters.store.outbox import Outbox
from gateway.wiring.announcing import Announcer
from tests.wiring.conftest import Watch

FIELDS = {"provider_sid": "SM1", "body": "Hello."}


def test_an_application_that_was_set_up_just_now_is_told(client: Client, clock: Watch) -> None:
    sealer = Sealer(b"d" * 32)
    apps, outbox = Apps(client, sealer, clock), Outbox(client, sealer, clock)
    announcer = Announcer(apps, outbox, clock, Hasher(b"h" * 32))
    announcer.tell("shop", "message.received", FIELDS)
    assert outbox.waiting() == 0
    apps.set("shop", "https://example.com/events")
    clock.move(timedelta(seconds=1))
    announcer.tell("shop", "message.received", FIELDS)
    assert outbox.waiting() == 1
