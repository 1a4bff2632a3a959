"""A call without an answer: searched for before anything may be sent again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway import pipeline
from gateway.model import AttemptStatus, IntentStatus
from tests.act.world import OTHER, World, accepts, accepts_silently, loses, refuses


@pytest.fixture
def unknown(world: World) -> str:
    """An intent whose text was accepted without an answer."""
    world.provider.moods = [accepts_silently]
    intent_id = world.accept("sms", "voice")
    assert world.run(intent_id).attempts[0].status is AttemptStatus.UNKNOWN
    return intent_id


def test_a_message_whose_answer_was_lost_is_found_and_not_sent_again(world: World, unknown: str) -> None:
    began = world.clock.now()
    world.step(unknown)
    found = world.step(unknown)
    assert (found.attempts[0].status, found.attempts[0].provider_sid) == ("accepted", world.provider.made[0].sid)
    assert (world.provider.calls, world.clock.now() - began) == (1, timedelta(seconds=30))


def test_nothing_is_searched_for_before_the_first_of_the_two_moments(world: World, unknown: str) -> None:
    world.clock.pass_by(29)
    world.run(unknown)
    assert world.provider.searches == 0


def test_what_is_not_there_after_two_searches_is_sent_again_on_the_same_step(world: World) -> None:
    world.provider.moods = [loses]
    intent_id = world.accept("sms", "voice")
    began = world.run(intent_id).attempts[0].started_at
    moments = []
    while world.provider.calls < 2:
        before = world.provider.searches
        progress = world.step(intent_id)
        if world.provider.searches > before:
            moments.append(round((world.clock.now() - began).total_seconds()))
    assert moments == [30, 120]
    assert [str(a.step) for a in progress.attempts] == ["sms", "sms"]
    assert len(world.provider.made) == 1


def test_a_report_during_the_last_search_wins_over_not_finding_it(world: World) -> None:
    """The list lags behind: the message is there, its first callback comes while the empty page is on its way."""
    world.provider.moods = [accepts_silently]
    intent_id = world.accept("sms", "voice")
    world.run(intent_id)
    hidden, world.provider.made = world.provider.made, []

    def called_back() -> None:
        if world.provider.searches == 2:
            world.report(intent_id, 1, "sent", sid=hidden[0].sid)

    world.provider.while_searching = called_back
    for _ in range(6):
        progress = world.step(intent_id)
    assert (progress.status, progress.attempts[0].status) == (IntentStatus.SENT, AttemptStatus.SENT)
    assert world.provider.calls == 1


def test_a_callback_resolves_an_unknown_attempt_without_a_search(world: World, unknown: str) -> None:
    world.report(unknown, 1, "delivered", sid=world.provider.made[0].sid)
    done = world.step(unknown)
    assert (done.status, done.late, world.provider.searches) == (IntentStatus.DELIVERED, False, 0)


def test_while_the_list_fails_nothing_is_sent_and_the_search_is_repeated(world: World, unknown: str) -> None:
    world.provider.list_fails = True
    for _ in range(8):
        progress = world.step(unknown)
    assert (progress.attempts[0].searches, world.provider.calls) == (0, 1)
    assert world.provider.searches >= 5
    world.provider.list_fails = False
    assert world.step(unknown).attempts[0].status is AttemptStatus.ACCEPTED


def test_a_sid_that_belongs_to_another_attempt_is_not_taken(world: World) -> None:
    """Two intents with the same words to the same person: the first one's message is not the second's."""
    first = world.accept("sms")
    world.run(first)
    world.provider.moods = [loses]
    second = world.accept("sms")
    world.run(second)
    while world.provider.calls < 3:
        progress = world.step(second)
    assert [one.request.operation for one in world.provider.made] == ["message", "message"]
    sids = {world.load(first).attempts[0].provider_sid, progress.attempts[1].provider_sid}
    assert len(sids) == 2 and progress.attempts[0].provider_sid is None


def test_another_intent_with_the_same_words_waits_while_the_first_is_unknown(world: World, unknown: str) -> None:
    second = world.accept("sms", "voice")
    waiting = world.run(second)
    assert (waiting.status, waiting.attempts, world.provider.calls) == (IntentStatus.QUEUED, (), 1)
    assert any("no outcome yet" in entry for entry in world.timeline(second))
    world.step(unknown)
    assert world.step(unknown).attempts[0].status is AttemptStatus.ACCEPTED
    assert world.step(second).attempts[0].status is AttemptStatus.ACCEPTED


@pytest.mark.parametrize("different", [{"body": "Something else."}, {"to": OTHER}])
def test_other_words_or_another_person_need_not_wait(world: World, unknown: str, different: dict[str, str]) -> None:
    assert world.run(world.accept("sms", **different)).attempts[0].status is AttemptStatus.ACCEPTED


def test_an_email_without_an_answer_is_never_sent_again(world: World) -> None:
    world.provider.moods = [accepts_silently]
    intent_id = world.accept("email", email="ann@example.com", ttl=timedelta(hours=1))
    world.run(intent_id)
    done = world.until_final(intent_id)
    assert (done.status, done.failure and done.failure.code) == (IntentStatus.FAILED, "unknown_outcome")
    assert (world.provider.calls, world.provider.searches) == (1, 0)


def test_an_attempt_that_is_still_unknown_at_expiry_is_not_called_expired(world: World, unknown: str) -> None:
    world.provider.list_fails = True
    world.clock.pass_by(14_400)
    done = world.run(unknown)
    assert (done.status, done.failure and done.failure.code) == (IntentStatus.FAILED, "unknown_outcome")


def test_a_server_error_to_a_create_counts_as_no_answer(world: World) -> None:
    world.provider.moods = [refuses(503, 20503)]
    assert world.run(world.accept("sms")).attempts[0].status is AttemptStatus.UNKNOWN


def test_a_refusal_counts_as_an_answer(world: World) -> None:
    world.provider.moods = [refuses(429, 20429)]
    progress = world.run(world.accept("sms"))
    assert (progress.status, progress.attempts[0].status) == (IntentStatus.QUEUED, AttemptStatus.FAILED)


def test_a_worker_that_stood_still_after_the_mark_does_not_send(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was paused so long that others may have looked for its message already, and may have sent theirs."""
    intent_id = world.accept("sms")
    begin = type(world.gateway.intents).begin

    def slow(self: object, *given: object, **named: object) -> object:
        answer = begin(self, *given, **named)  # type: ignore[arg-type]
        world.clock.pass_by(40)
        return answer

    monkeypatch.setattr(type(world.gateway.intents), "begin", slow)
    pipeline.run(world.house, intent_id)
    assert (world.provider.calls, world.load(intent_id).attempts[0].status) == (0, AttemptStatus.STARTED)
    monkeypatch.undo()
    while world.provider.calls == 0:
        progress = world.step(intent_id)
    assert (len(progress.attempts), world.provider.channels) == (2, ["message"])


def test_provider_moods_are_what_they_say(world: World) -> None:
    """The fake itself: an accepted message is there, a lost one is not."""
    world.provider.moods = [accepts, accepts_silently, loses]
    for body in ("one", "two", "three"):
        world.run(world.accept("sms", body=body))
    assert [one.request.params["body"] for one in world.provider.made] == ["one", "two"]


def test_of_two_calls_to_one_person_the_second_waits_whatever_it_says(world: World) -> None:
    """A list of calls shows no words: the second would be taken for the first, and the first be made again."""
    world.provider.moods = [accepts_silently]
    first, second = world.accept("voice", body="Your code is 1."), world.accept("voice", body="Your order is here.")
    world.run(first)
    assert world.run(second).attempts == ()
    world.step(first)
    world.step(first)
    while not world.load(second).attempts:
        world.step(second)
    sids = [world.load(intent_id).attempts[0].provider_sid for intent_id in (first, second)]
    assert sids == [one.sid for one in world.provider.made]


def test_others_wait_as_long_as_an_unknown_attempt_can_still_be_found(world: World) -> None:
    world.provider.moods = [accepts_silently]
    world.run(world.accept("sms", ttl=timedelta(hours=30)))
    left = [world.gateway.client.pttl(key) for key in world.gateway.client.keys("gw:guard:*")]
    assert [round(one / 3_600_000) for one in left] == [31]
