"""What a report holds beyond what is documented stays in the timeline, once, and moves nothing."""

from __future__ import annotations

import pytest

from gateway.inbox import StatusReported, Subject
from gateway.model import AttemptStatus, IntentStatus, TimelineEntry
from tests.inbox.house import House

DOCUMENTED = {
    Subject.MESSAGE: {"AccountSid": "AC1", "MessagingServiceSid": "MG1", "RawDlrDoneDate": "2611241402"},
    Subject.CALL: {
        "AccountSid": "AC1",
        "CallDuration": "17",
        "SequenceNumber": "3",
        "Timestamp": "x",
        "Direction": "y",
    },
}


def begun(house: House, step: str = "sms") -> tuple[str, str]:
    intent_id = house.accept(step)
    return intent_id, house.run(intent_id, 1).attempts[0].provider_sid or ""


def extras(house: House, intent_id: str) -> list[tuple[str, str]]:
    timeline = house.gateway.intents.timeline(intent_id)
    return [(entry.event, entry.detail) for entry in timeline if entry.event.endswith("_fields")]


def test_a_field_that_is_new_is_kept_beside_the_move_it_came_with(house: House) -> None:
    intent_id, sid = begun(house)
    fields = DOCUMENTED[Subject.MESSAGE] | {"ZoneOfCarrier": "north", "Ahead": "of time"}
    report = StatusReported(Subject.MESSAGE, sid, "sent", intent_id, 1, fields=fields)
    effects = [house.tell(report).effect for _ in range(2)]
    assert extras(house, intent_id) == [("message_fields", "1: Ahead=of time, ZoneOfCarrier=north")]
    assert (effects, house.read(intent_id).status) == (["applied", "duplicate"], IntentStatus.SENT)


def test_it_is_kept_beside_a_word_that_is_new_too(house: House) -> None:
    intent_id, sid = begun(house)
    before = house.read(intent_id)
    report = StatusReported(Subject.MESSAGE, sid, "teleported", intent_id, 1, fields={"Through": "the wall"})
    effects = [house.tell(report).effect for _ in range(2)]
    told = [(entry.event, entry.detail) for entry in house.gateway.intents.timeline(intent_id)][-2:]
    assert told == [("message_status", "1: teleported"), ("message_fields", "1: Through=the wall")]
    after = house.read(intent_id)
    assert (effects, after.status, after.attempts) == (["applied", "duplicate"], before.status, before.attempts)


def test_it_is_kept_when_the_report_was_quicker_than_the_answer(house: House) -> None:
    def meanwhile(sid: str) -> None:
        house.tell(StatusReported(Subject.MESSAGE, sid, "delivered", fields={"Early": "bird"}))

    intent_id = house.accept("sms")
    house.provider.meanwhile = meanwhile
    end = house.run(intent_id, 1)
    assert extras(house, intent_id) == [("message_fields", "1: Early=bird")]
    assert end.attempts[0].status is AttemptStatus.DELIVERED


def test_two_of_a_kind_in_one_moment_leave_one_line(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    intent_id, sid = begun(house)
    report = StatusReported(Subject.MESSAGE, sid, "teleported", intent_id, 1)
    read, others = house.gateway.intents.timeline, [report]

    def read_while_another_writes(wanted: str) -> tuple[TimelineEntry, ...]:
        found = read(wanted)
        if others:
            house.tell(others.pop())
        return found

    monkeypatch.setattr(house.gateway.intents, "timeline", read_while_another_writes)
    house.tell(report)
    assert [entry.event for entry in read(intent_id)].count("message_status") == 1


@pytest.mark.parametrize(("subject", "step"), [(Subject.MESSAGE, "sms"), (Subject.CALL, "voice")])
def test_what_is_documented_needs_no_line_of_its_own(house: House, subject: Subject, step: str) -> None:
    intent_id, sid = begun(house, step)
    house.tell(StatusReported(subject, sid, "queued", intent_id, 1, fields=DOCUMENTED[subject]))
    assert extras(house, intent_id) == []


def test_a_line_has_a_bound(house: House) -> None:
    intent_id, sid = begun(house)
    fields = {f"New{number:02d}": "x" * 500 for number in range(40)}
    house.tell(StatusReported(Subject.MESSAGE, sid, "sent", intent_id, 1, fields=fields))
    ((_, detail),) = extras(house, intent_id)
    assert len(detail) <= 520
