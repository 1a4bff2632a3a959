from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from gateway.adapters.store import names
from gateway.adapters.store.verifications import HELD_FOR, WAITING_TTL, Verifications
from gateway.errors import StoreUnavailable
from gateway.ports import Check, Started

SID = "VE" + "1" * 32
AT_ONCE = timedelta(0)
START = "VA1\n+14155550100\nsms\nFalse"


@pytest.fixture
def verifications(client: Any, hasher: Any) -> Verifications:
    return Verifications(client, hasher)


def test_all_that_wait_are_found_and_forgotten_in_time(verifications: Verifications, client: Any) -> None:
    for intent in ("B", "A", "B"):
        verifications.expect(SID, intent)
    assert verifications.waiting(SID) == ("A", "B")
    assert verifications.waiting("VE" + "2" * 32) == ()
    assert 0 < client.ttl(names.waiting(SID)) <= WAITING_TTL.total_seconds()


def test_one_checks_at_a_time(verifications: Verifications) -> None:
    first = verifications.begin_check(SID, "A", AT_ONCE)
    assert first is not None
    assert not first.lost
    for intent in ("B", "A"):
        assert verifications.begin_check(SID, intent, AT_ONCE) is None
    assert verifications.begin_check("VE" + "2" * 32, "B", AT_ONCE) is not None
    verifications.end_check(SID, first)
    assert verifications.begin_check(SID, "B", AT_ONCE) is not None


def test_a_check_waits_for_its_turn(verifications: Verifications) -> None:
    first = verifications.begin_check(SID, "A", AT_ONCE)
    assert first is not None
    later: list[Check | None] = []
    waits = threading.Thread(target=lambda: later.append(verifications.begin_check(SID, "B", timedelta(seconds=10))))
    waits.start()
    verifications.end_check(SID, first)
    waits.join(10)
    assert [check and check.intent for check in later] == ["B"]


def test_a_lost_check_keeps_all_others_out_but_its_own_intent(verifications: Verifications, client: Any) -> None:
    first = verifications.begin_check(SID, "A", AT_ONCE)
    assert first is not None
    verifications.lose_check(SID, first)
    assert verifications.begin_check(SID, "B", AT_ONCE) is None
    held = verifications.checker(SID)
    assert held is not None
    assert (held.intent, held.lost) == ("A", True)
    again = verifications.begin_check(SID, "A", AT_ONCE)
    assert again is not None
    assert again.lost
    assert client.pttl(names.checking(SID)) <= HELD_FOR.total_seconds() * 1000
    verifications.end_check(SID, again)
    assert verifications.checker(SID) is None


def test_only_its_holder_ends_a_check(verifications: Verifications) -> None:
    mine = verifications.begin_check(SID, "A", AT_ONCE)
    assert mine is not None
    for strange in (Check("A", "another"), Check("B", mine.token), Check("", "")):
        verifications.end_check(SID, strange)
        verifications.lose_check(SID, strange)
    held = verifications.checker(SID)
    assert held == mine


def test_the_check_of_a_process_that_died_ends_by_itself(verifications: Verifications, client: Any) -> None:
    verifications.begin_check(SID, "A", AT_ONCE)
    assert 0 < client.pttl(names.checking(SID)) <= HELD_FOR.total_seconds() * 1000


def test_a_start_is_remembered_for_a_while(verifications: Verifications, clock: Any, client: Any, hasher: Any) -> None:
    started = Started(SID, clock.now() + timedelta(minutes=10))
    verifications.note_started(START, started, timedelta(seconds=30))
    assert verifications.started(START, clock.now()) == started
    assert verifications.started(START.replace("sms", "call"), clock.now()) is None
    assert verifications.started(START, clock.now() + timedelta(minutes=10)) is None
    assert 0 < client.pttl(names.started(hasher(START))) <= 30_000
    verifications.forget_started(START)
    assert verifications.started(START, clock.now()) is None


def test_nothing_is_shared_where_the_setting_says_so(verifications: Verifications, clock: Any) -> None:
    verifications.note_started(START, Started(SID, clock.now() + timedelta(minutes=10)), timedelta(0))
    assert verifications.started(START, clock.now()) is None


def test_no_number_is_readable_in_the_store(
    verifications: Verifications, clock: Any, everything: Callable[[], bytes]
) -> None:
    verifications.note_started(START, Started(SID, clock.now() + timedelta(minutes=10)), timedelta(seconds=30))
    assert SID.encode() in everything()
    assert b"4155550100" not in everything()


def test_without_the_store_nobody_checks(away: Any, hasher: Any) -> None:
    verifications = Verifications(away, hasher)
    with pytest.raises(StoreUnavailable):
        verifications.begin_check(SID, "A", AT_ONCE)
    with pytest.raises(StoreUnavailable):
        verifications.waiting(SID)
