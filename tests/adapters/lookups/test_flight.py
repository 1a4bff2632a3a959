"""Whoever asks while the same number is being bought waits for that answer, in this process or in another."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from gateway.adapters.lookups import Flights, Lookups, Offline, Room, flight, renewal
from gateway.adapters.lookups.room import serving_requests
from gateway.adapters.store import names
from gateway.errors import LookupUnavailable
from gateway.model import LookupSource
from tests.adapters.lookups.scene import NAME, NUMBER, TYPE, Scene, Until, at_once, until


def ask(lookups: Lookups, fields: tuple[str, ...] = (TYPE,), **more: Any) -> Any:
    return lookups.lookup(NUMBER, fields, app="shop", **more)


@pytest.mark.parametrize("cached", [True, False], ids=["with a cache", "without one"])
def test_all_who_ask_at_once_share_one_call(client: Any, cached: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(client, cached=cached)
    processes = [scene.process() for _ in range(4)]
    scene.provider.gate = waiting(monkeypatch, in_a_process=36, for_another=3)
    found = at_once(40, lambda place: ask(processes[place % 4]))
    assert len(scene.provider.asked) == 1
    sources = [one.source for one in found]
    assert (sources.count(LookupSource.LIVE), sources.count(LookupSource.SHARED)) == (1, 39)
    assert {one.carrier for one in found} == {"T-Mobile USA, Inc."}
    for process in processes:
        process.ledger.flush()
    assert scene.booked() == {("paid", TYPE): 1, ("shared", TYPE): 39}


def test_without_a_cache_the_next_who_asks_pays_again(client: Any) -> None:
    scene = Scene(client, cached=False)
    assert [scene.ask().source for _ in range(2)] == [LookupSource.LIVE] * 2


def test_who_wants_more_than_is_being_bought_buys_only_the_rest(client: Any) -> None:
    scene = Scene(client)
    scene.provider.seconds = 0.2
    wanted = [(TYPE,), (TYPE, NAME), (TYPE, NAME), (NAME,)]
    at_once(4, lambda place: ask(scene.process(), wanted[place]))
    bought = [field for _, fields, _ in scene.provider.asked for field in fields]
    assert sorted(bought) == [NAME, TYPE]


def test_a_failure_is_shared_too(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(client)
    scene.provider.gate = waiting(monkeypatch, in_a_process=9, for_another=2)
    scene.provider.answers[NUMBER] = LookupUnavailable("http_503", retry_after_seconds=7)
    processes = [scene.process() for _ in range(3)]

    def cause(place: int) -> tuple[str, int]:
        with pytest.raises(LookupUnavailable) as caught:
            ask(processes[place % 3])
        return caught.value.cause, caught.value.retry_after_seconds

    assert set(at_once(12, cause)) == {("http_503", 7)}
    assert len(scene.provider.asked) == 1


def test_nobody_waits_longer_than_the_request_may_take(client: Any) -> None:
    scene = Scene(client, budget_seconds=0.3)
    client.set(names.flight(scene.lookups.flights._hash(NUMBER)), "somebody", px=60_000)
    began = time.monotonic()
    assert scene.cause() == "out_of_time"
    assert 0.25 < time.monotonic() - began < 30
    assert scene.provider.asked == []


def test_an_owner_that_died_is_followed_when_its_lease_ends(client: Any) -> None:
    scene = Scene(client)
    client.set(names.flight(scene.lookups.flights._hash(NUMBER)), "a process that is no more", px=300)
    assert scene.ask().source is LookupSource.LIVE


def test_who_waits_is_told_when_the_answer_has_landed_and_not_when_a_lease_ends(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the process that buys and in another, and there is no cache in which the answer would be found."""
    come = [counted(monkeypatch, flight._Board, "wait"), counted(monkeypatch, Flights, "_awaited")]
    scene = Scene(client, cached=False)
    scene.provider.gate, elsewhere = threading.Event(), scene.process()
    with ThreadPoolExecutor(7) as pool:
        asked = [pool.submit(ask, scene.lookups)]
        scene.provider.entered.wait(10)
        asked += [pool.submit(ask, lookups) for lookups in (scene.lookups, elsewhere) for _ in range(3)]
        until(lambda: list(map(len, come)) == [5, 1])
        began = time.monotonic()
        scene.provider.gate.set()
        found = [each.result(40) for each in asked]
    assert time.monotonic() - began < 10  # the lease is three times as long
    assert [one.source for one in found] == [LookupSource.LIVE] + [LookupSource.SHARED] * 6
    assert len(scene.provider.asked) == 1


def test_a_call_that_takes_longer_than_the_lease_stays_the_only_one(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease is brought near its end by hand, and is a whole one again each time."""
    monkeypatch.setattr(renewal, "RENEW_SECONDS", 0.05)
    come = counted(monkeypatch, Flights, "_awaited")
    scene, renewed = Scene(client), 0
    lock = names.flight(scene.lookups.flights._hash(NUMBER))

    def three_times_renewed() -> bool:
        nonlocal renewed
        if len(come) < 3 or client.pttl(lock) <= 10_000:
            return False
        client.pexpire(lock, 10_000)
        renewed += 1
        return renewed > 3

    scene.provider.gate = Until(three_times_renewed)
    found = at_once(4, lambda place: ask(scene.process()))
    assert len(scene.provider.asked) == 1
    assert sorted(one.source for one in found) == ["live", "shared", "shared", "shared"]


def test_an_owner_that_was_stopped_is_followed_and_its_late_answer_takes_nothing_away(client: Any) -> None:
    scene, late = Scene(client), Scene(client)
    late.provider.gate = threading.Event()
    owner = threading.Thread(target=late.ask)
    owner.start()
    late.provider.entered.wait(10)
    [lock] = client.keys("gw:flight:*")
    client.set(lock, "another, when the lease had run out", px=60_000)
    late.provider.gate.set()
    owner.join()
    assert client.get(lock) == b"another, when the lease had run out"
    assert scene.ask().source is LookupSource.CACHE


def test_one_thread_holds_all_flights_of_a_process_and_none_when_there_are_none(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "IDLE_SECONDS", 0.1)
    monkeypatch.setattr(renewal, "RENEW_SECONDS", 0.05)
    holding = renewal.Renewal(client)
    with holding.holding("a", "1", time.monotonic() + 9), holding.holding("b", "2", time.monotonic() - 1):
        client.mset({"a": "1", "b": "2"})
        [thread] = [one for one in threading.enumerate() if one is holding._thread]
        until(lambda: client.pttl("a") > 0)
    assert client.pttl("b") == -1, "held beyond its time"
    thread.join(5)
    assert not thread.is_alive()
    with holding.holding("a", "1", time.monotonic() + 9):
        client.set("a", "1")
        until(lambda: client.pttl("a") > 0)


def test_a_lock_that_is_another_s_is_not_renewed(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal, "RENEW_SECONDS", 0.05)
    client.mset({"mine": "1", "lost": "another"})
    until_when, holding = time.monotonic() + 9, renewal.Renewal(client)
    with holding.holding("lost", "0", until_when), holding.holding("mine", "1", until_when):
        until(lambda: client.pttl("mine") > 0)
    assert client.pttl("lost") == -1


def counted(monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> list[str]:
    """Grows by one whenever somebody begins to wait there."""
    come, original = [], getattr(owner, name)

    def call(*given: Any) -> Any:
        come.append(name)
        return original(*given)

    monkeypatch.setattr(owner, name, call)
    return come


def waiting(monkeypatch: pytest.MonkeyPatch, *, in_a_process: int, for_another: int) -> Until:
    """Open when so many wait for a thread of their own process, and so many for another process."""
    boards, locks = counted(monkeypatch, flight._Board, "wait"), counted(monkeypatch, Flights, "_awaited")
    return Until(lambda: len(boards) >= in_a_process and len(locks) >= for_another)


def test_nothing_that_is_left_for_others_can_be_read(client: Any) -> None:
    scene = Scene(client, cached=False)
    scene.ask(fields=(TYPE, NAME))
    stored = b"".join(key + (client.get(key) or b"") for key in client.keys("gw:landed:*"))
    assert stored
    for personal in (b"ANN EXAMPLE", b"4155550100", b"Mobile", NUMBER.encode()):
        assert personal not in stored


def test_beyond_the_calls_in_flight_the_answer_is_no_at_once(client: Any) -> None:
    scene = Scene(client, max_in_flight=1)
    scene.provider.gate = threading.Event()
    first = threading.Thread(target=scene.ask)
    first.start()
    scene.provider.entered.wait(10)
    began = time.monotonic()
    assert scene.cause("+14155550101") == "too_many_in_flight"
    assert time.monotonic() - began < 10
    scene.provider.gate.set()
    first.join()
    assert scene.cause("+14155550101") == "answered: live"


def test_request_threads_have_half_of_the_places_and_other_threads_their_own(client: Any) -> None:
    scene = Scene(client, request_places=threading.Semaphore(1))
    scene.provider.gate = threading.Event()
    said: list[str] = []

    def request(number: str, patient: bool = False) -> None:
        serving_requests()
        said.append(scene.cause(number, patient=patient))

    def started(number: str, **more: bool) -> threading.Thread:
        thread = threading.Thread(target=request, args=(number,), kwargs=more)
        thread.start()
        return thread

    first = started("+14155550100")
    scene.provider.entered.wait(10)
    started("+14155550101").join()
    assert said == ["too_many_in_flight"]
    patient = started("+14155550102", patient=True)
    scene.provider.gate.set()
    elsewhere: list[str] = []
    other = threading.Thread(target=lambda: elsewhere.append(scene.cause("+14155550103")))  # serves no requests
    other.start()
    other.join()
    assert elsewhere == ["answered: live"]
    first.join()
    patient.join()
    assert sorted(said) == ["answered: live", "answered: live", "too_many_in_flight"]


def test_a_free_provider_that_is_asked_takes_a_place_and_the_digits_take_none(client: Any) -> None:
    scene = Scene(client, request_places=threading.Semaphore(0))
    scene.provider.paid = False
    offline = replace(scene.lookups, provider=Offline())
    said: list[str] = []

    def request() -> None:
        serving_requests()
        said.append(scene.cause())
        said.append(ask(offline).source)

    thread = threading.Thread(target=request)
    thread.start()
    thread.join(10)
    assert said == ["too_many_in_flight", "offline"]
    assert scene.provider.asked == []


def test_a_place_is_given_back_after_a_failure() -> None:
    room = Room(1)
    for _ in range(2):
        with pytest.raises(ValueError, match="broken"), room.call():
            raise ValueError("broken")
