"""An operator edits a purpose's priority while its intents are on their way: each is in one list, the one of today."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.adapters.store.connection import Client
from gateway.wiring.sweep import Sweep
from tests.act.world import World, world_on

CONFIG = '[purposes.promo]\nmobile = ["sms"]\npriority = "{}"\n'


@pytest.fixture
def edited(client: Client, redis_url: str, tmp_path: Path) -> tuple[World, str]:
    """The house after the edit, and an intent that was accepted before it."""
    before = world_on(client, redis_url, tmp_path, CONFIG.format("normal"))
    intent_id = before.accept("sms", purpose="promo")
    after = world_on(client, redis_url, tmp_path, CONFIG.format("bulk"))
    after.clock.at = before.clock.at
    return after, intent_id


def lists_of(client: Client) -> dict[str, list[str]]:
    return {key.decode(): [m.decode() for m in client.zrange(key, 0, -1)] for key in client.keys("gw:open:*")}


def test_what_is_begun_moves_to_the_list_of_today(edited: tuple[World, str], client: Client) -> None:
    house, intent_id = edited
    assert lists_of(client) == {"gw:open:normal|shop": [intent_id]}
    house.run(intent_id)
    assert lists_of(client) == {"gw:open:bulk|shop": [intent_id]}
    assert "bulk|shop" in house.gateway.intents.open_names()
    assert client.hget(f"gw:intent:{intent_id}", "o") == b"bulk|shop"


def test_what_is_changed_moves_too(edited: tuple[World, str], client: Client) -> None:
    house, intent_id = edited
    later = house.clock.now() + timedelta(hours=1)
    house.gateway.intents.update(intent_id, lambda stored: replace(stored, wake_at=later, ring=False))
    assert lists_of(client) == {"gw:open:bulk|shop": [intent_id]}


def test_an_ended_intent_is_rung_for_no_more(edited: tuple[World, str], client: Client) -> None:
    house, intent_id = edited
    house.run(intent_id)
    house.report(intent_id, 1, "sent")
    house.report(intent_id, 1, "delivered")
    assert house.load(intent_id).final
    assert all("bulk|~billing" in name for name in lists_of(client))
    sweep = Sweep(house.gateway)
    house.clock.pass_by(400)
    sweep.once()  # its price is looked up once
    house.run(intent_id)
    house.clock.pass_by(400)
    assert sweep.once() == 0
