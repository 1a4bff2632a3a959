"""Of STOP and START the last by time counts, in whatever order they are told, however long a process stands still."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations

import pytest

from gateway.inbox import MessageReceived
from gateway.wiring.desk import StoreDesk
from tests.inbox.house import PERSON, House

OURS = "+15005550006"
FIRST, SECOND, THIRD = ("SM" + digit * 32 for digit in "123")


def text(sid: str, body: str, at: datetime | None = None) -> MessageReceived:
    return MessageReceived(sid, "sms", PERSON, OURS, body, received_at=at)


def sent_now(house: House) -> int:
    before = len(house.provider.sent)
    house.run(house.accept("sms"))
    return len(house.provider.sent) - before


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
@pytest.mark.parametrize("last", ["STOP", "opted out"])
def test_who_said_stop_last_gets_nothing_in_whatever_order_it_is_told(
    house: House, order: tuple[int, int, int], last: str
) -> None:
    began = house.clock.now()
    story = [
        text(FIRST, "STOP", began),
        text(SECOND, "START", began + timedelta(minutes=10)),
        replace(text(THIRD, last, began + timedelta(minutes=20)), opt_out_type="STOP" if last != "STOP" else None),
    ]
    house.clock.move(timedelta(hours=1))
    for n in order:
        house.tell(story[n])
    assert sent_now(house) == 0


def test_a_start_after_the_last_stop_is_heard(house: House) -> None:
    for sid, body in ((FIRST, "STOP"), (SECOND, "STOP"), (THIRD, "START")):
        house.clock.move(timedelta(minutes=1))
        house.tell(text(sid, body))
    assert sent_now(house) == 1


def test_a_start_whose_process_stands_still_leaves_a_stop_that_came_meanwhile(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.tell(text(FIRST, "STOP"))
    house.clock.move(timedelta(minutes=1))

    def elsewhere() -> None:
        house.clock.move(timedelta(seconds=30))
        house.tell(text(SECOND, "START"))
        house.clock.move(timedelta(seconds=10))
        house.tell(text(THIRD, "STOP"))
        house.clock.move(timedelta(seconds=20))

    _once_after_the_first_look(monkeypatch, elsewhere)
    house.tell(text(SECOND, "START"))
    assert [entry.why for entry in house.gateway.suppressions.entries(PERSON)] == [f"STOP {THIRD}"]
    assert sent_now(house) == 0


def test_a_start_that_comes_again_is_as_old_as_it_was(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its process was killed before it did anything, and Twilio tells it again after the STOP."""
    house.tell(text(FIRST, "STOP"))
    house.clock.move(timedelta(minutes=1))

    def killed() -> None:
        raise InterruptedError("killed here")

    _once_after_the_first_look(monkeypatch, killed)
    with pytest.raises(InterruptedError):
        house.tell(text(SECOND, "START"))
    house.clock.move(timedelta(minutes=1))
    house.tell(text(THIRD, "STOP"))
    house.clock.move(timedelta(minutes=1))
    assert house.tell(text(SECOND, "START")).effect == "applied"
    assert sent_now(house) == 0


def _once_after_the_first_look(monkeypatch: pytest.MonkeyPatch, then: Callable[[], None]) -> None:
    look, left = StoreDesk.arrived, [then]

    def arrived(desk: StoreDesk, event_id: str, now: datetime) -> datetime | None:
        known = look(desk, event_id, now)
        if left:
            left.pop()()
        return known

    monkeypatch.setattr(StoreDesk, "arrived", arrived)
