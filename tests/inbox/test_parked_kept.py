"""What was parked stays until it is applied: a kill in between, or two who take it at once, loses nothing of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from gateway.inbox import Event, Reply, StatusReported, Subject
from gateway.inbox.door import Inbox
from gateway.model import AttemptStatus
from tests.inbox.house import House

TAKERS = 4


def parked(house: House, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """An intent whose report came before its SID had an owner, and whose worker was killed when it took that up."""
    receive, sids = Inbox.receive, []

    def killed(inbox: Inbox, event: Event) -> Reply:
        raise InterruptedError("killed here")

    def meanwhile(sid: str) -> None:
        sids.append(sid)
        assert house.tell(StatusReported(Subject.MESSAGE, sid, "delivered", event_id="event-1")).effect == "orphan"
        monkeypatch.setattr(Inbox, "receive", killed)

    house.provider.meanwhile = meanwhile
    intent_id = house.accept("sms")
    with pytest.raises(InterruptedError):
        house.run(intent_id, 1)
    monkeypatch.setattr(Inbox, "receive", receive)
    return intent_id, sids[0]


def test_a_kill_before_the_effect_loses_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    intent_id, sid = parked(house, monkeypatch)
    assert [a.status for a in house.read(intent_id).attempts] == [AttemptStatus.ACCEPTED]
    house.gateway.house.acting.bound(sid)
    assert [a.status for a in house.read(intent_id).attempts] == [AttemptStatus.DELIVERED]
    assert not house.gateway.client.keys("gw:parked:*")


def test_several_who_take_it_at_once_apply_it_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    intent_id, sid = parked(house, monkeypatch)
    together = Barrier(TAKERS)
    read = house.gateway.desk.parked

    def taken(_: int) -> None:
        house.gateway.house.acting.bound(sid)

    def held(desk: object, asked: str) -> list[StatusReported]:
        found = read(asked)
        together.wait(30)
        return found

    monkeypatch.setattr(type(house.gateway.desk), "parked", held)
    with ThreadPoolExecutor(TAKERS) as pool:
        list(pool.map(taken, range(TAKERS)))
    events = [entry.event for entry in house.gateway.intents.timeline(intent_id)]
    assert house.read(intent_id).status == "delivered"
    assert events.count("delivered") <= 1, events
    assert not house.gateway.client.keys("gw:parked:*")
