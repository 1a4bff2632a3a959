"""A provider that is too busy: sends go slower for all, nobody fails for want of tries, and nobody gets it twice."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway.act import failing
from gateway.adapters.store import names, pacing
from gateway.channels.shape import ProviderRequest
from gateway.errors import ProviderRefused
from gateway.model import AttemptStatus, IntentStatus, Progress
from tests.act.world import Provider, World, refuses
from tests.chaos.caller import AREAS
from tests.stack import FLOW_CONFIG, Stack, running, until

BUSY = refuses(429, 20429)
INTENTS, STORM_SECONDS = 18, 4
STORM_CONFIG = f"""{FLOW_CONFIG}
[dispatch]
retry_first_seconds = 1

[senders.default]
calls_per_second = 0
"""


def busy_for(seconds: float) -> Any:
    def mood(provider: Provider, request: ProviderRequest) -> Mapping[str, Any]:
        raise ProviderRefused(429, 20429, "too many", retry_after_seconds=seconds)

    return mood


def step(world: World, intent_id: str) -> Progress:
    """As if everybody had kept the slower pace: its clock is Redis' own and stands still here."""
    for name in world.gateway.client.keys(names.pace("*")):
        world.gateway.client.delete(name)
    return world.step(intent_id)


def slowed(world: World) -> set[str]:
    return set(world.gateway.pacing.slowed())


def test_refusals_of_a_busy_provider_cost_no_try(world: World) -> None:
    world.provider.moods = [BUSY] * 20
    intent_id = world.accept("sms", "voice", ttl=timedelta(days=1))
    while not world.provider.made:
        step(world, intent_id)
    progress = world.load(intent_id)
    assert world.provider.channels == ["message"]
    assert ([str(a.step) for a in progress.attempts], progress.tries) == (["sms"] * 21, 1)


def test_other_failures_still_cost_one(world: World) -> None:
    world.provider.moods = [BUSY, BUSY, *[refuses(400, 30017)] * 5]
    intent_id = world.accept("sms", "voice")
    while not world.provider.made:
        step(world, intent_id)
    assert world.provider.channels == ["call"]
    assert world.provider.calls == 8


def test_a_provider_that_stays_busy_is_left_for_the_next_step(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failing, "MOST_REFUSALS", 3)
    world.provider.moods = [BUSY] * 4
    intent_id = world.accept("sms", "voice")
    while not world.provider.made:
        step(world, intent_id)
    assert (world.provider.channels, world.provider.calls) == (["call"], 5)


def test_the_pauses_grow_and_the_provider_s_own_wish_is_kept(world: World) -> None:
    world.provider.moods = [BUSY, BUSY, BUSY, busy_for(300)]
    intent_id, waits = world.accept("sms"), []
    for _ in range(4):
        after = step(world, intent_id)
        waits.append(((after.wake_at or world.clock.at) - world.clock.at).total_seconds())
    assert waits[:3] == sorted(waits[:3])
    assert waits[2] > 2 * waits[0]
    assert waits[3] == 300


def test_what_goes_to_the_account_at_once_slows_all_of_it_down(world: World) -> None:
    world.provider.moods = [busy_for(30)]
    world.run(world.accept("sms"))
    assert slowed(world) == {"account"}
    other = world.run(world.accept("voice", to="+14155550101"))
    assert (other.status, other.attempts, world.provider.calls) == (IntentStatus.QUEUED, (), 1)
    assert other.wake_at is not None
    assert other.wake_at > world.clock.at + timedelta(seconds=20)


def test_a_full_queue_slows_its_sender_and_that_once_for_each_message(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "SETTLES_WITHIN", timedelta(0))
    intent_id = world.accept("sms")
    world.run(intent_id)
    for _ in range(3):
        world.report(intent_id, 1, "failed", 30001)
    assert slowed(world) == {"messages:default"}
    assert world.gateway.client.hgetall(names.TALLY) == {b"slowed|messages:default": b"1"}
    assert world.run(world.accept("voice", to="+14155550101")).attempts[0].status is AttemptStatus.ACCEPTED


def test_a_busy_mail_service_leaves_texts_and_calls_alone(world: World) -> None:
    world.provider.moods = [refuses(429, 429)]
    world.run(world.accept("email", email="ann@example.com"))
    assert slowed(world) == {"mails:default"}


def test_a_wait_for_a_place_ends_with_the_intent_s_time(world: World) -> None:
    world.provider.moods = [busy_for(200)]
    world.run(world.accept("sms"))
    late = world.accept("sms", to="+14155550101", ttl=timedelta(seconds=60))
    world.run(late)
    assert world.load(late).wake_at == world.clock.at + timedelta(seconds=60)
    assert world.step(late).status is IntentStatus.EXPIRED


@pytest.mark.timeout(90)
def test_a_storm_of_refusals_slows_the_sends_and_all_arrive_once(redis_url: str, tmp_path: Path) -> None:
    with running(redis_url, tmp_path, STORM_CONFIG, concurrency=24) as stack:
        stack.faults({"kind": "429", "product": "messages", "operation": "create"})
        sent = [stack.send(f"+1{area}5550100")["id"] for area in AREAS[:INTENTS]]
        until(lambda: busy_seconds(stack), lambda seconds: seconds >= STORM_SECONDS, seconds=20)
        requests.post(f"{stack.sandbox_url}/_sandbox/faults", json={"faults": [], "replace": True}, timeout=5)
        for intent_id in sent:
            found = stack.until(intent_id, "delivered", "failed", "expired", seconds=60)
            assert (found["status"], found["channel"]) == ("delivered", "sms")
        creates = [r for r in stack.received(product="messages") if r["operation"] == "create"]
        metrics = stack.get("/metrics").text
    made = Counter(r["form"]["To"] for r in creates if r["status"] == 201)
    assert (len(made), set(made.values())) == (INTENTS, {1})
    early = [at for r in creates if 1 < (at := moment(r) - moment(creates[0])) < STORM_SECONDS]
    assert len(early) < INTENTS, "each of them would have come twice in that time"
    assert 'gateway_pace_slowed_total{bucket="account"}' in metrics


def moment(request: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(request["at"]).timestamp()


def busy_seconds(stack: Stack) -> float:
    """How long ago the first was refused."""
    first = next((r for r in stack.received(product="messages") if r["status"] == 429), None)
    return time.time() - moment(first) if first else 0.0


def test_sends_that_were_slowed_down_are_told_by_the_metrics(redis_url: str, tmp_path: Path) -> None:
    with running(redis_url, tmp_path) as stack:
        stack.gateway.pacing.slow("default", "sms", account=False, pause=timedelta(0))
        until(
            lambda: stack.get("/metrics").text,
            lambda text: 'gateway_pace_per_second{bucket="messages:default"}' in text,
        )
