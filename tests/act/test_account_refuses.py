"""The account itself is refused: everything waits, and what tries again does so less and less often."""

from __future__ import annotations

from datetime import timedelta

from gateway.act.pace import ACCOUNT_PAUSE
from gateway.model import IntentStatus
from tests.act.world import World, refuses


def test_a_day_with_wrong_credentials_costs_an_intent_a_hundred_or_two_attempts(world: World) -> None:
    intent_id = world.accept("sms", ttl=timedelta(days=1))
    world.provider.moods = [refuses(401, 20003)] * 1000
    waits = []
    while not (after := world.step(intent_id)).final:
        assert after.status is IntentStatus.QUEUED and after.tries == 0, "it has used up no try"
        waits.append((after.wake_at - world.clock.at).total_seconds())  # type: ignore[operator]
    assert waits[:3] == [ACCOUNT_PAUSE.total_seconds()] * 3, "what is mended at once is noticed at once"
    assert max(waits) < 20 * 60
    assert 50 < len(after.attempts) < 250
    assert after.failure is not None and after.failure.code == "account"
