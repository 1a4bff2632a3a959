"""Catching up goes on: past a text that cannot be taken, a list beyond its bound, a wrong clock, a store long away."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.adapters.store.apps import Apps
from gateway.adapters.store.codec import Sealer
from gateway.adapters.store.connection import Client
from gateway.adapters.store.lease import Lease
from gateway.adapters.store.missed import MissedInbound
from gateway.channels.shape import Sender
from gateway.errors import ProviderSilent, StoreUnavailable
from gateway.inbox import Event, MessageReceived, Reply, Unavailable
from gateway.wiring.catching_up import FIRST_LOOK, LEASE_TTL, OVERLAP, CatchUp
from tests.stack import until
from tests.wiring.conftest import Watch

OURS, SECOND = "+14155550190", "+14155550191"
REFUSALS = 200
MINUTE = timedelta(minutes=1)


class House:
    """Twilio's list of what came in, of at most `bound` texts, and a door that takes all but `poison`."""

    def __init__(self, client: Client, clock: Watch) -> None:
        self.client, self.clock, self.missed = client, clock, MissedInbound(client)
        self.bound, self.silent, self.poison = 10**9, False, Exception("not at all")
        self.rows: list[dict[str, Any]] = []
        self.asked: list[tuple[str, datetime]] = []
        self.alerts: list[tuple[str, Mapping[str, object]]] = []
        self.taken: list[str] = []
        self.catch_up = CatchUp(
            self.missed, Lease(client, "inbound", LEASE_TTL), self, self.receive,
            (Sender("default", "", OURS), Sender("other", "", SECOND)), Apps(client, Sealer(b"d" * 32), clock), clock,
            lambda name, fields: self.alerts.append((name, fields)),
        )  # fmt: skip

    def service_senders(self, sid: str, *, test: bool = False) -> Sequence[str]:
        return []

    def inbound_messages(
        self, to: str, since: datetime, *, until: datetime | None = None, test: bool = False
    ) -> Sequence[Mapping[str, Any]]:
        self.asked.append((to, since))
        found = [
            r for r in self.rows if r["to"] == to and since <= r["date_sent"] and (not until or r["date_sent"] < until)
        ]
        if self.silent or len(found) > self.bound:
            raise ProviderSilent("the list did not end", sent=True)
        return found

    def texted(self, body: str, ago: timedelta) -> str:
        sid = f"SM{len(self.rows):032d}"
        sender, at = f"+1415556{len(self.rows):04d}", self.clock.now() - ago
        self.rows.append({"sid": sid, "from_": sender, "to": OURS, "body": body, "date_sent": at})
        return sid

    def receive(self, event: Event) -> Reply:
        assert isinstance(event, MessageReceived)
        if event.body == "poison":
            raise self.poison
        self.taken.append(event.sid)
        return Reply("applied")


@pytest.fixture
def house(client: Client, clock: Watch) -> House:
    return House(client, clock)


def test_a_text_that_cannot_be_taken_keeps_no_stop_behind_it_out(house: House) -> None:
    bad, stop = house.texted("poison", 3 * MINUTE), house.texted("STOP", 2 * MINUTE)
    house.poison = ValueError("poison, +14155560000")
    house.missed.wish()
    assert house.catch_up.once()
    assert house.taken == [stop]
    assert house.alerts == [("inbound_not_taken", {"sid": bad, "error": "ValueError"})]
    assert (house.missed.read().held, house.missed.read().caught) == (False, house.clock.now())


def test_a_door_without_its_store_ends_the_pass_and_moves_nothing(house: House) -> None:
    house.texted("poison", 3 * MINUTE)
    house.poison = Unavailable("away")
    house.missed.wish()
    with pytest.raises(StoreUnavailable):
        house.catch_up.once()
    assert (house.missed.read().held, house.missed.read().caught, house.alerts) == (True, None, [])


def test_more_than_a_list_shows_is_read_in_narrower_windows(house: House) -> None:
    crowd = [house.texted("hi", 30 * MINUTE + n * 3 * MINUTE) for n in range(100)]
    crowd += [house.texted("hi", 40 * MINUTE + timedelta(seconds=n)) for n in range(100)]
    stop = house.texted("STOP", MINUTE)
    house.bound = 20
    assert house.catch_up.once()
    assert sorted(house.taken) == sorted([*crowd, stop])
    assert house.taken[-1] == stop
    assert len(house.asked) < len(crowd)


def test_a_crowd_within_a_second_is_a_failure_and_not_an_endless_question(house: House) -> None:
    for _ in range(30):
        house.texted("hi", 40 * MINUTE)
    house.bound = 20
    assert not house.catch_up.once()
    assert house.missed.read().caught is None


def test_a_provider_that_says_nothing_is_not_asked_without_end(house: House) -> None:
    house.silent = True
    assert not house.catch_up.once()
    assert [to for to, _ in house.asked].count(OURS) <= 8
    assert [to for to, _ in house.asked].count(SECOND) == 1


@pytest.mark.parametrize("wished", [True, False])
def test_what_was_caught_by_a_clock_that_was_ahead_is_fetched_again(house: House, wished: bool) -> None:
    house.clock.move(timedelta(hours=1))
    assert house.catch_up.once()
    house.clock.move(timedelta(hours=-1) + 20 * MINUTE)
    stop = house.texted("STOP", 10 * MINUTE)
    house.asked.clear()
    if wished:
        house.missed.wish()
    assert house.catch_up.once()
    assert house.taken == [stop]
    assert min(since for _, since in house.asked) == house.clock.now() - FIRST_LOOK - OVERLAP
    assert house.missed.read().caught == house.clock.now()


def test_clocks_that_differ_a_little_cost_no_far_look(house: House) -> None:
    assert house.catch_up.once()
    house.clock.move(-MINUTE)
    stop = house.texted("STOP", MINUTE)
    house.asked.clear()
    house.missed.wish()
    assert house.catch_up.once()
    assert house.taken == [stop]
    assert min(since for _, since in house.asked) == house.clock.now() - OVERLAP


def test_a_worker_after_a_clock_that_was_ahead_does_not_trust_it(house: House) -> None:
    house.clock.move(timedelta(hours=1))
    assert house.catch_up.once()
    house.clock.move(timedelta(hours=-1))
    house.catch_up.ready()
    assert house.missed.read().held


def test_many_refused_webhooks_are_one_wish(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    back, written, tries, wishers = threading.Event(), house.missed.wish, [], wishers_from_now()

    def wish(missed: MissedInbound) -> None:
        if missed is not house.catch_up.missed or not back.is_set():
            raise StoreUnavailable("away")
        tries.append(len(wishers()))
        written()

    monkeypatch.setattr(MissedInbound, "wish", wish)
    for _ in range(REFUSALS):
        house.catch_up.wish_soon()
    assert len(wishers()) == 1
    back.set()
    until(wishers, lambda left: not left, 30)
    assert max(tries) == 1
    assert house.missed.read().held


def test_a_webhook_refused_while_a_wish_is_written_is_wished_for_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first may be fetched and over before the second was refused."""
    writing, go_on, written, wishers = threading.Event(), threading.Event(), [], wishers_from_now()

    def wish(missed: MissedInbound) -> None:
        if missed is not house.catch_up.missed:
            raise StoreUnavailable("away")
        writing.set()
        assert go_on.wait(30)
        written.append(1)

    monkeypatch.setattr(MissedInbound, "wish", wish)
    house.catch_up.wish_soon()
    assert writing.wait(30)
    house.catch_up.wish_soon()
    go_on.set()
    until(wishers, lambda left: not left, 30)
    assert len(written) == 2
    house.catch_up.wish_soon()
    until(wishers, lambda left: not left, 30)
    assert len(written) == 3, "a wisher that has ended is followed by another"


def wishers_from_now() -> Callable[[], list[threading.Thread]]:
    """Without those of earlier tests, whose store never comes back."""
    before = set(threading.enumerate())
    return lambda: [one for one in threading.enumerate() if one.name == "inbound-wish" and one not in before]
