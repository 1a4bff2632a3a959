"""A report that names only its SID waits until the SID has an owner, and is taken then, once."""

from __future__ import annotations

from gateway.inbox import StatusReported, Subject
from gateway.model import AttemptStatus
from tests.inbox.house import House


def delivered(sid: str, event_id: str | None = None) -> StatusReported:
    return StatusReported(Subject.MESSAGE, sid, "delivered", event_id=event_id)


def test_it_is_taken_when_the_answer_to_the_create_call_comes(house: House) -> None:
    told: list[str] = []

    def meanwhile(sid: str) -> None:
        told.append(house.tell(delivered(sid, "event-1")).effect)

    house.provider.meanwhile = meanwhile
    intent_id = house.accept("sms", "voice")
    end = house.run(intent_id, 1)
    assert told == ["orphan"]
    assert [a.status for a in end.attempts] == [AttemptStatus.DELIVERED]
    assert end.status == "delivered"
    assert not house.gateway.client.keys("gw:parked:*")


def test_the_same_event_again_has_no_effect(house: House) -> None:
    seen: list[str] = []
    house.provider.meanwhile = lambda sid: (seen.append(sid), house.tell(delivered(sid, "event-1")))[0]
    intent_id = house.accept("sms")
    before = house.run(intent_id, 1).version
    assert house.tell(delivered(seen[0], "event-1")).effect == "duplicate"
    assert house.read(intent_id).version == before


def test_a_sid_that_is_never_ours_is_forgotten_after_a_while(house: House) -> None:
    house.tell(delivered("SM" + "9" * 32))
    (key,) = house.gateway.client.keys("gw:parked:*")
    assert 0 < house.gateway.client.ttl(key) <= 600


def test_a_send_with_nothing_parked_asks_for_nothing(house: House) -> None:
    intent_id = house.accept("sms")
    commands = house.gateway.client.info("commandstats")
    house.run(intent_id, 1)
    after = house.gateway.client.info("commandstats")
    assert after.get("cmdstat_lrange", {}).get("calls", 0) == commands.get("cmdstat_lrange", {}).get("calls", 0)
