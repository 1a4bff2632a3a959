"""Cancel against begin: exactly one of them wins."""

from __future__ import annotations

from gateway import pipeline
from gateway.act import moves
from gateway.model import IntentStatus, Progress
from tests.act.test_one_fallback import together
from tests.act.world import World

RACES, MOST_RACES = 150, 3000


def test_either_the_cancel_holds_and_nothing_is_sent_or_it_comes_too_late(world: World) -> None:
    seen: set[IntentStatus] = set()
    for turn in range(MOST_RACES):
        if turn >= RACES and len(seen) > 1:
            break
        intent_id = world.accept("sms", body=f"Order {turn} has shipped.")
        calls = world.provider.calls
        together(lambda i=intent_id: cancel(world, i), lambda i=intent_id: pipeline.run(world.house, i))  # type: ignore[misc]
        done, sent = world.load(intent_id), world.provider.calls - calls
        seen.add(done.status)
        assert (done.status is IntentStatus.CANCELED) == (sent == 0)
        assert (done.status is IntentStatus.CANCELED) == (done.attempts == ())
    assert seen == {IntentStatus.CANCELED, IntentStatus.SENDING}, "the races were no races"


def test_two_workers_at_once_send_once(world: World) -> None:
    for turn in range(RACES):
        intent_id = world.accept("sms", body=f"Order {turn} has shipped.")
        calls = world.provider.calls
        together(*[lambda i=intent_id: pipeline.run(world.house, i)] * 3)
        assert (len(world.load(intent_id).attempts), world.provider.calls - calls) == (1, 1)


def cancel(world: World, intent_id: str) -> None:
    now = world.clock.now()

    def change(stored: Progress) -> Progress | None:
        return moves.canceled(stored, now) if stored.status is IntentStatus.QUEUED else None

    world.gateway.intents.update(intent_id, change)
