"""L3: any order and any duplication of the callbacks of one message, call or verification ends in the same state.

Also of those that are quicker than the answer to the create call, and of those that name their SID alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.inbox import StatusReported, Subject
from gateway.model import AttemptStatus, IntentStatus
from tests.inbox.house import House

A, S = AttemptStatus, IntentStatus


@dataclass(frozen=True)
class Story:
    """What is told of the first attempt, and what must come of it however it is told."""

    name: str
    subject: Subject
    route: tuple[str, ...]
    words: tuple[tuple[str, int | None], ...]
    attempts: tuple[AttemptStatus, ...]
    status: IntentStatus
    proof: tuple[str, ...] = ()

    @property
    def calls(self) -> int:
        return len(self.attempts)


def words(*told: str | tuple[str, int]) -> tuple[tuple[str, int | None], ...]:
    return tuple((each, None) if isinstance(each, str) else each for each in told)


STORIES = (
    Story("message delivered", Subject.MESSAGE, ("sms", "voice"), words("queued", "sent", "delivered", "read"),
          (A.DELIVERED,), S.DELIVERED),
    Story("message sent", Subject.MESSAGE, ("sms", "voice"), words("queued", "sent", "sending"), (A.SENT,), S.SENT),
    Story("message not for this line", Subject.MESSAGE, ("sms", "voice"),
          words("queued", "sent", ("undelivered", 30006)), (A.FAILED, A.ACCEPTED), S.SENDING),
    Story("message filtered, last step", Subject.MESSAGE, ("sms",), words("sent", ("undelivered", 30007)),
          (A.FAILED,), S.FAILED),
    Story("message opted out", Subject.MESSAGE, ("sms",), words("queued", ("failed", 21610)),
          (A.FAILED,), S.SUPPRESSED),
    Story("message delivered after all", Subject.MESSAGE, ("sms", "voice"),
          words("sent", ("undelivered", 30007), "delivered"), (A.DELIVERED,), S.DELIVERED),
    Story("message filtered, last step, and delivered after all", Subject.MESSAGE, ("sms",),
          words("sent", ("undelivered", 30007), "delivered"), (A.DELIVERED,), S.DELIVERED),
    Story("unknown words", Subject.MESSAGE, ("sms",), words("something-new", "sent", "delivered"), (A.DELIVERED,),
          S.DELIVERED),
    Story("call heard", Subject.CALL, ("voice", "sms"), words("initiated", "ringing", "in-progress", "completed"),
          (A.DELIVERED,), S.DELIVERED),
    Story("call failed", Subject.CALL, ("voice", "sms"), words("initiated", "ringing", ("failed", 13224)),
          (A.FAILED, A.ACCEPTED), S.SENDING),
    Story("call canceled, last step", Subject.CALL, ("voice",), words("initiated", "canceled"),
          (A.CANCELED,), S.FAILED),
    Story("verification arrived", Subject.VERIFICATION, ("sms",), words("pending", "sent", "delivered"), (A.SENT,),
          S.AWAITING_VERIFICATION, proof=("verify",)),
)  # fmt: skip
BY_NAME = {story.name: story for story in STORIES}


def told(house: House, story: Story, order: list[tuple[str, int | None]], early: int, by_sid: bool) -> None:
    """Accept, send, tell in this order: the first `early` before the create call answers. Then check the end."""
    house.clock.move(timedelta(hours=2))  # nothing of the example before is still in the way
    before = len(house.provider.sent)
    intent_id = house.accept(*story.route, proof=story.proof)

    def report(sid: str, said: tuple[str, int | None]) -> None:
        event = StatusReported(story.subject, sid, said[0], intent_id, 1, error_code=said[1])
        house.tell(replace(event, intent=None, attempt=None) if by_sid else event)

    def meanwhile(sid: str) -> None:
        house.provider.meanwhile = lambda _: None
        for said in order[:early]:
            report(sid, said)

    house.provider.meanwhile = meanwhile
    house.run(intent_id, 1)
    sid = house.read(intent_id).attempts[0].provider_sid or ""
    for said in order[early:]:
        report(sid, said)
    end = house.run(intent_id)
    assert tuple(attempt.status for attempt in end.attempts) == story.attempts
    assert (end.status, len(house.provider.sent) - before) == (story.status, story.calls)
    house.gateway.client.delete(*house.gateway.client.keys("gw:suppression*"), "none")


@pytest.mark.parametrize("name", BY_NAME)
def test_every_permutation_ends_the_same(house: House, name: str) -> None:
    story = BY_NAME[name]
    for order in permutations(story.words):
        told(house, story, list(order), early=0, by_sid=False)


@pytest.mark.parametrize("by_sid", [False, True], ids=["by_url", "by_sid_alone"])
@pytest.mark.parametrize("name", BY_NAME)
def test_all_of_it_before_the_answer_ends_the_same(house: House, name: str, by_sid: bool) -> None:
    story = BY_NAME[name]
    told(house, story, list(story.words), early=len(story.words), by_sid=by_sid)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_order_with_repeats_ends_the_same(house: House, data: st.DataObject) -> None:
    story = data.draw(st.sampled_from(STORIES))
    repeats = data.draw(st.lists(st.sampled_from(story.words), max_size=6))
    order = data.draw(st.permutations([*story.words, *repeats]))
    told(house, story, list(order), data.draw(st.integers(0, len(order))), data.draw(st.booleans()))
