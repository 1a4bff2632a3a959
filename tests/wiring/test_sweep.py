"""The sweep rings for what is due: fairly, boundedly, and again for every bell that was lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway import wiring
from gateway.act import moves
from gateway.adapters.store.connection import Client
from gateway.adapters.store.doorbell import queue_of
from gateway.adapters.store.intents import SAFETY
from gateway.ids import ulid
from gateway.model import Content, Decision, Intent, Recipient, Step
from gateway.settings import Settings
from gateway.wiring import Gateway
from gateway.wiring.sweep import QUEUE_BOUND, Sweep
from tests.stack import environment
from tests.wiring.conftest import Watch

LANE = "normal"


@pytest.fixture
def gateway(redis_url: str, client: Client, clock: Watch) -> Iterator[Gateway]:
    settings = Settings.load(environ=environment(redis_url, "http://127.0.0.1:9", "http://127.0.0.1:9"))
    yield wiring.build(settings, client=client, clock=clock)


def accept(gateway: Gateway, app: str, count: int, *, ring: bool = False) -> list[str]:
    accepted = []
    for n in range(count):
        now = gateway.clock.now()
        intent = Intent(
            ulid(), app, "notification", Recipient(f"+1415555{n % 10_000:04}", "US"), Content(body="Shipped."), now
        )
        progress = moves.accepted(intent, Decision(route=(Step.parse("sms"),)), None, pending=False)
        gateway.intents.accept(progress, None, ring=ring)
        accepted.append(intent.id)
    return accepted


def queued(client: Client) -> list[str]:
    """Whose bells are in the queue, first to last."""
    return [job_id.rpartition("-")[0] for job_id in queue_of(LANE, client).job_ids]


def drained(client: Client, count: int) -> list[str]:
    """What a worker would take: `count` bells, from the front."""
    queue = queue_of(LANE, client)
    found = queue.job_ids[:count]
    client.ltrim(queue.key, count, -1)
    return [job_id.rpartition("-")[0] for job_id in found]


def test_a_lost_bell_is_rung_again_after_the_configured_seconds(
    redis_url: str, client: Client, clock: Watch, tmp_path: Path
) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text("[dispatch]\nsweep_seconds = 7\n")
    settings = Settings.load(file, environment(redis_url, "http://127.0.0.1:9", "http://127.0.0.1:9"))
    gateway = wiring.build(settings, client=client, clock=clock)
    accept(gateway, "shop", 1, ring=True)
    client.delete(queue_of(LANE, client).key)
    clock.move(timedelta(seconds=6))
    assert Sweep(gateway).once() == 0
    clock.move(timedelta(seconds=1))
    assert Sweep(gateway).once() == 1


def test_what_is_due_is_rung_for_once(gateway: Gateway, client: Client) -> None:
    accepted = accept(gateway, "shop", 3)
    sweep = Sweep(gateway)
    assert [sweep.once(), sweep.once()] == [3, 0]
    assert sorted(queued(client)) == sorted(accepted)


def test_what_is_not_due_is_left_alone(gateway: Gateway, client: Client, clock: Watch) -> None:
    accept(gateway, "shop", 1, ring=True)
    assert Sweep(gateway).once() == 0
    clock.move(SAFETY / 2)
    assert Sweep(gateway).once() == 0


def test_a_queue_is_never_filled_beyond_its_bound(gateway: Gateway, client: Client) -> None:
    accept(gateway, "shop", QUEUE_BOUND + 300)
    sweep = Sweep(gateway)
    assert sweep.once() == QUEUE_BOUND
    assert sweep.once() == 0
    drained(client, 100)
    assert sweep.once() == 100
    assert len(queued(client)) == QUEUE_BOUND


def test_every_lost_bell_is_rung_again_within_a_minute(gateway: Gateway, client: Client, clock: Watch) -> None:
    accepted = accept(gateway, "shop", 40, ring=True) + accept(gateway, "bank", 40, ring=True)
    sweep = Sweep(gateway)
    sweep.once()
    client.delete(*client.keys("rq:*"))
    clock.move(timedelta(seconds=60))
    while sweep.once():
        pass
    assert sorted(queued(client)) == sorted(accepted)


def test_a_bell_that_still_waits_is_not_rung_again(gateway: Gateway, client: Client, clock: Watch) -> None:
    accept(gateway, "shop", 5, ring=True)
    clock.move(timedelta(seconds=60))
    assert Sweep(gateway).once() == 0
    assert len(queued(client)) == 5


def test_an_application_with_thousands_waiting_delays_another_by_one_fill_of_the_queue(
    gateway: Gateway, client: Client
) -> None:
    [first] = accept(gateway, "campaign", 1)
    with client.pipeline() as pipe:  # as `accept` would, in one go
        for n in range(5_000):
            pipe.hset(f"gw:intent:{first}{n}", "v", 1)
            pipe.zadd(f"gw:open:{LANE}|campaign", {f"{first}{n}": 1})
        pipe.execute()
    sweep = Sweep(gateway)
    sweep.once()
    alone = accept(gateway, "bank", 3)
    before = 0
    while set(alone) - set(queued(client)):
        before += len(drained(client, 75))
        sweep.once()
    position = max(queued(client).index(intent_id) for intent_id in alone)
    assert before <= 75
    assert before + position <= QUEUE_BOUND + 75


def test_a_narrow_room_is_shared_by_all(gateway: Gateway, client: Client) -> None:
    """Fewer places than applications: over some rounds each gets its turn."""
    sweep = Sweep(gateway)
    accept(gateway, "first", QUEUE_BOUND)
    sweep.once()
    apps = {f"app{n}": accept(gateway, f"app{n}", 4) for n in range(6)}
    for _ in range(6):
        drained(client, 2)
        sweep.once()
    owners = {intent_id: app for app, ids in apps.items() for intent_id in ids}
    served = Counter(owners[intent_id] for intent_id in queued(client) if intent_id in owners)
    assert len(served) == len(apps), served


def test_an_id_without_an_intent_is_forgotten(gateway: Gateway, client: Client) -> None:
    [lost] = accept(gateway, "shop", 1)
    client.delete(f"gw:intent:{lost}")
    Sweep(gateway).once()
    assert client.zcard(f"gw:open:{LANE}|shop") == 0
    assert queued(client) == []
