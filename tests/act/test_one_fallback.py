"""Law L6: a failed attempt starts the next step exactly once, whoever reports it and however often."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from gateway import pipeline
from gateway.model import AttemptStatus, IntentStatus, Progress
from tests.act.world import FALLBACK_SECONDS, World

RACES, MOST_RACES = 200, 3000


def together(*works: Callable[[], object]) -> None:
    """All at once; what one of them raises is raised here."""
    start, failed = threading.Barrier(len(works)), []

    def run(work: Callable[[], object]) -> None:
        start.wait()
        try:
            work()
        except BaseException as err:
            failed.append(err)
            raise

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not failed, failed


def steps_of(progress: Progress) -> list[str]:
    return [str(attempt.step) for attempt in progress.attempts]


@pytest.mark.parametrize("turn", range(20))
def test_two_callbacks_and_the_poller_at_once_start_one_next_step(world: World, turn: int) -> None:
    intent_id = world.accept("sms", "voice", "email", email="ann@example.com")
    world.run(intent_id)
    resource = world.provider.made[0]
    resource.status, resource.error_code = "undelivered", 30006
    world.clock.pass_by(3700)
    callbacks = [lambda: world.report(intent_id, 1, "undelivered", 30006)] * 2
    together(*callbacks, lambda: pipeline.run(world.house, intent_id))
    done = world.step(intent_id)
    assert (steps_of(done), done.position) == (["sms", "voice"], 1)
    assert world.provider.channels == ["message", "call"]


def test_a_failure_that_comes_again_later_moves_nothing(world: World) -> None:
    intent_id = world.accept("sms", "voice", "email", email="ann@example.com")
    world.run(intent_id)
    world.report(intent_id, 1, "undelivered", 30006)
    world.step(intent_id)
    assert world.report(intent_id, 1, "undelivered", 30006) == "duplicate"
    assert world.load(intent_id).position == 1


@pytest.fixture
def passed_on(world: World) -> str:
    """A text that was not delivered in time: the call is next, and has not begun."""
    intent_id = world.accept("sms", "voice", "email", email="ann@example.com", purpose="hasty")
    world.run(intent_id)
    world.clock.pass_by(FALLBACK_SECONDS)
    moved = world.run(intent_id)
    assert (moved.status, moved.position) == (IntentStatus.QUEUED, 1)
    return intent_id


def test_before_the_time_is_over_nothing_is_passed_on(world: World) -> None:
    intent_id = world.accept("sms", "voice", purpose="hasty")
    world.run(intent_id)
    world.clock.pass_by(FALLBACK_SECONDS - 1)
    assert world.run(intent_id).position == 0


def test_a_failure_after_passing_on_does_not_skip_the_next_step(world: World, passed_on: str) -> None:
    world.report(passed_on, 1, "undelivered", 30006)
    assert steps_of(world.step(passed_on)) == ["sms", "voice"]
    assert world.load(passed_on).position == 1


def test_a_word_that_is_no_end_does_not_keep_the_next_step_from_starting(world: World, passed_on: str) -> None:
    world.report(passed_on, 1, "sent")
    assert (world.load(passed_on).status, steps_of(world.step(passed_on))) == (IntentStatus.QUEUED, ["sms", "voice"])


def test_delivered_after_passing_on_drops_the_step_not_begun_and_is_late(world: World, passed_on: str) -> None:
    world.report(passed_on, 1, "delivered")
    done = world.run(passed_on)
    assert (done.status, done.late, world.provider.channels) == (IntentStatus.DELIVERED, True, ["message"])


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_of_two_that_were_both_delivered_one_is_late(world: World, passed_on: str, order: tuple[int, int]) -> None:
    world.step(passed_on)
    for number in order:
        world.report(passed_on, number, {1: "delivered", 2: "completed"}[number])
    done = world.load(passed_on)
    assert [attempt.status for attempt in done.attempts] == [AttemptStatus.DELIVERED] * 2
    assert (done.status, done.late) == (IntentStatus.DELIVERED, True)


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_the_one_that_was_delivered_counts_also_after_the_last_step_has_failed(
    world: World, passed_on: str, order: tuple[int, int]
) -> None:
    world.step(passed_on)
    for number in order:
        world.report(passed_on, number, {1: "delivered", 2: "failed"}[number])
    done = world.load(passed_on)
    assert (done.status, done.failure, done.late) == (IntentStatus.DELIVERED, None, True)
    assert [attempt.status for attempt in done.attempts] == [AttemptStatus.DELIVERED, AttemptStatus.FAILED]


def test_the_only_one_delivered_is_not_late(world: World, passed_on: str) -> None:
    world.step(passed_on)
    world.report(passed_on, 2, "completed")
    world.report(passed_on, 2, "completed")
    assert world.load(passed_on).late is False


def test_delivered_at_the_deadline_is_never_two_successes_without_late(world: World) -> None:
    """`delivered` within 50 ms of the deadline, against two workers, in whatever order the threads come."""
    dice = random.Random(6)
    ways: set[tuple[int, bool]] = set()
    for turn in range(MOST_RACES):
        if turn >= RACES and len(ways) > 1:
            break
        intent_id = world.accept("sms", "voice", purpose="hasty", body=f"Order {turn} has shipped.")
        world.run(intent_id)
        world.clock.pass_by(FALLBACK_SECONDS + dice.uniform(-0.05, 0.05))
        together(
            lambda i=intent_id: world.report(i, 1, "delivered"),  # type: ignore[misc]
            lambda i=intent_id: (pipeline.run(world.house, i), pipeline.run(world.house, i)),  # type: ignore[misc]
            lambda i=intent_id: pipeline.run(world.house, i),  # type: ignore[misc]
        )
        progress = world.load(intent_id)
        for attempt in progress.attempts[1:]:
            world.report(intent_id, attempt.number, "completed")
        done = world.load(intent_id)
        delivered = [attempt.number for attempt in done.attempts if attempt.status is AttemptStatus.DELIVERED]
        assert done.status is IntentStatus.DELIVERED and delivered[0] == 1
        assert len(steps_of(done)) == len(set(steps_of(done))), "a step was taken twice"
        assert len(delivered) == 1 or done.late
        ways.add((len(delivered), done.late))
        world.clock.pass_by(1)
    assert len(ways) > 1, "the races were no races"


def test_expiry_ends_an_intent_that_nothing_was_sent_for(world: World) -> None:
    intent_id = world.accept("sms", ttl=timedelta(seconds=30))
    world.clock.pass_by(31)
    done = world.run(intent_id)
    assert (done.status, done.failure and done.failure.code) == (IntentStatus.EXPIRED, "expired")
    assert world.provider.calls == 0


def test_an_intent_is_not_sent_before_its_time_and_lives_from_then_on(world: World) -> None:
    at = world.clock.now() + timedelta(hours=2)
    intent_id = world.accept("sms", send_at=at, ttl=timedelta(seconds=60))
    world.clock.pass_by(7199)
    assert (world.run(intent_id).status, world.provider.calls) == (IntentStatus.QUEUED, 0)
    assert world.load(intent_id).wake_at == at
    world.clock.pass_by(30)
    assert world.run(intent_id).attempts[0].status is AttemptStatus.ACCEPTED
