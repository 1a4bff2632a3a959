"""Quiet hours: what comes in while it is quiet waits, every attempt is judged again, the time to live counts after."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway import pipeline
from gateway.act import moves
from gateway.adapters.store.connection import Client
from gateway.ids import ulid
from gateway.model import Content, Decision, Intent, IntentStatus, Progress, Recipient
from tests.act.world import MOBILE, OTHER, START, World, refuses, world_on

CONFIG = """
[purposes.calm]
mobile = ["sms", "voice"]
unknown = ["sms", "voice"]
quiet_hours = "21:00-08:00"

[purposes.calm_proof]
mobile = ["verify"]
unknown = ["verify"]
quiet_hours = "21:00-08:00"

[purposes.loud]
unknown = ["sms"]

[senders.default]
calls_per_second = 0
"""
EIGHT_THERE = START + timedelta(hours=1)
"""It is 07:00 in Los Angeles at START."""


@pytest.fixture
def world(client: Client, redis_url: str, tmp_path: Path) -> World:
    return world_on(client, redis_url, tmp_path, CONFIG)


def judged(world: World, purpose: str = "calm", **more: Any) -> Progress:
    wanted = Intent(
        ulid(), "shop", purpose, Recipient(more.pop("to", MOBILE), "US"), Content(body=more.pop("body", "It is here.")),
        world.clock.now(), **more,
    )  # fmt: skip
    known = world.house.acting.known(wanted)
    return pipeline.judge(world.house, wanted, known, free=True)


def accepted(world: World, purpose: str = "calm", **more: Any) -> str:
    progress = judged(world, purpose, **more)
    world.gateway.intents.accept(progress, None, ring=False)
    return progress.intent.id


def test_what_comes_in_while_it_is_quiet_says_so_and_waits(world: World) -> None:
    progress = judged(world)
    assert (progress.wake_at, progress.ring) == (EIGHT_THERE, False)
    reason = progress.decision.reasons[-1]
    assert (reason.code, "2026-11-02T16:00Z" in reason.detail) == ("quiet_hours", True)


def test_a_purpose_without_quiet_hours_goes_at_once(world: World) -> None:
    progress = judged(world, "loud")
    assert (progress.wake_at, progress.ring, progress.earliest) == (START, True, None)
    assert "quiet_hours" not in [reason.code for reason in progress.decision.reasons]


def test_a_bell_in_quiet_hours_sends_nothing(world: World) -> None:
    sent = accepted(world)
    for _ in range(3):
        world.run(sent)
    assert world.provider.calls == 0
    world.clock.at = EIGHT_THERE - timedelta(seconds=1)
    assert world.run(sent).status is IntentStatus.QUEUED
    world.clock.at = EIGHT_THERE
    assert world.run(sent).status is IntentStatus.SENDING
    assert world.provider.channels == ["message"]


def test_proof_steps_wait_too(world: World) -> None:
    sent = accepted(world, "calm_proof")
    assert world.run(sent).attempts == ()
    world.clock.at = EIGHT_THERE
    world.provider.moods = [refuses(403, 60410)]
    assert [str(attempt.step) for attempt in world.run(sent).attempts] == ["verify"]


def test_a_text_does_not_wait_at_twilio_until_it_is_quiet(world: World) -> None:
    """Its time to live would last until midnight."""
    world.clock.at = START + timedelta(hours=13, minutes=30)  # 20:30 in Los Angeles
    sent = accepted(world, ttl=timedelta(hours=4))
    world.run(sent)
    assert world.provider.made[0].request.params["validity_period"] == 30 * 60
    world.run(accepted(world, "loud", to=OTHER, ttl=timedelta(hours=4)))
    assert world.provider.made[1].request.params["validity_period"] == 4 * 3600


def test_what_twilio_did_not_deliver_in_time_waits_for_the_morning(world: World) -> None:
    world.clock.at = START + timedelta(hours=13, minutes=30)
    sent = accepted(world, ttl=timedelta(hours=24))
    world.run(sent)
    world.clock.pass_by(30 * 60)
    world.report(sent, 1, "failed", 30036)
    assert world.step(sent).wake_at == EIGHT_THERE + timedelta(days=1)
    world.step(sent)
    assert world.provider.channels == ["message", "message"]


def test_a_moment_before_it_is_quiet_nothing_is_begun(world: World) -> None:
    world.clock.at = START + timedelta(hours=14) - timedelta(seconds=15)
    sent, late = accepted(world, ttl=timedelta(hours=24)), accepted(world, to=OTHER)
    world.clock.pass_by(10)
    assert judged(world).earliest == EIGHT_THERE + timedelta(days=1)
    assert world.run(late).wake_at == world.clock.at - timedelta(seconds=10) + timedelta(hours=4)
    assert world.run(sent).wake_at == EIGHT_THERE + timedelta(days=1)
    assert world.provider.calls == 0


def test_a_later_step_is_judged_by_its_own_time(world: World) -> None:
    """The text goes out in the evening; the call that follows its failure would ring at night."""
    world.clock.at = evening = START + timedelta(hours=13, minutes=50)  # 20:50 in Los Angeles
    sent = accepted(world, ttl=timedelta(hours=24))
    world.run(sent)
    world.clock.pass_by(15 * 60)
    world.report(sent, 1, "undelivered", 30006)
    waiting = world.step(sent)
    assert world.provider.channels == ["message"]
    assert waiting.wake_at == EIGHT_THERE + timedelta(days=1)
    assert waiting.earliest is None
    assert waiting.intent.created_at == evening
    world.step(sent)
    assert world.provider.channels == ["message", "call"]


def test_the_time_to_live_counts_from_their_end(world: World) -> None:
    sent = accepted(world, ttl=timedelta(minutes=30))
    world.clock.at = EIGHT_THERE + timedelta(minutes=29)
    assert world.run(sent).status is IntentStatus.SENDING
    late = accepted_at(world, START, ttl=timedelta(minutes=30))
    world.clock.at = EIGHT_THERE + timedelta(minutes=30)
    assert world.run(late).status is IntentStatus.EXPIRED


def accepted_at(world: World, moment: datetime, **more: Any) -> str:
    now, world.clock.at = world.clock.at, moment
    intent_id = accepted(world, to="+14155550101", **more)
    world.clock.at = now
    return intent_id


def test_what_is_wanted_later_waits_for_the_end_of_the_quiet_hours_it_falls_into(world: World) -> None:
    world.clock.at = START + timedelta(hours=3)
    night = START + timedelta(hours=20)
    progress = judged(world, send_at=night)
    assert progress.wake_at == EIGHT_THERE + timedelta(days=1)
    noon = START + timedelta(hours=5)
    assert judged(world, send_at=noon).wake_at == noon


def test_what_cannot_go_before_it_expires_expires_in_time(world: World) -> None:
    """It was not quiet when it came in, so its time counts from then."""
    world.clock.at = START + timedelta(hours=13, minutes=59)
    sent = accepted(world, ttl=timedelta(minutes=10))
    world.clock.pass_by(120)
    assert world.run(sent).wake_at == START + timedelta(hours=14, minutes=9)
    assert world.step(sent).status is IntentStatus.EXPIRED
    assert world.provider.calls == 0


def test_it_is_known_also_after_it_was_stored(world: World) -> None:
    stored = world.load(accepted(world))
    assert stored.earliest == EIGHT_THERE


def test_a_worker_that_decides_keeps_the_reason(world: World) -> None:
    """Lookup was away when it came in: it waits for both."""
    progress = replace(judged(world), decision=Decision(route=judged(world).decision.route))
    pending = moves.accepted(progress.intent, Decision(), None, pending=True, quiet_until=EIGHT_THERE)
    after = moves.decided(pending, progress.decision, progress.lookup, EIGHT_THERE)  # type: ignore[arg-type]
    assert "quiet_hours" in [reason.code for reason in after.decision.reasons]


def test_a_sip_address_lives_in_no_zone(world: World) -> None:
    intent = judged(world).intent
    assert world.house.acting.quiet_until(replace(intent, to=Recipient("sip:a@pbx.example.com")), START) is None
