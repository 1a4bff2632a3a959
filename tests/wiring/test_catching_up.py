"""Inbound messages that no webhook brought: fetched, let in once, in order; and nothing is sent before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.adapters.store import names
from gateway.adapters.store.apps import Apps
from gateway.adapters.store.codec import Sealer
from gateway.adapters.store.connection import Client
from gateway.adapters.store.lease import Lease
from gateway.adapters.store.missed import MissedInbound
from gateway.channels.shape import Sender
from gateway.errors import ProviderSilent, StoreUnavailable
from gateway.inbox import Event, MessageReceived, Reply
from gateway.wiring.catching_up import EVERY, FIRST_LOOK, LEASE_TTL, OVERLAP, CatchUp, in_order
from tests.stack import until
from tests.wiring.conftest import Watch

OURS, SERVICE, POOLED, WHATSAPP = "+14155550190", "MG" + "5" * 32, "+14155550191", "+14155550192"
PERSON, OTHER = "+14155550100", "+14155550101"


class Twilio:
    """Messages by the address they came to; counts what it is asked, and fails while `away`."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.asked: list[tuple[str, datetime]] = []
        self.away = False
        self.meanwhile: Callable[[], None] = lambda: None

    def inbound_messages(
        self, to: str, since: datetime, *, until: datetime | None = None, test: bool = False
    ) -> Sequence[Mapping[str, Any]]:
        if self.away:
            raise ProviderSilent("no answer", sent=True)
        self.asked.append((to, since))
        self.meanwhile()
        inside = (
            r for r in self.rows if r["to"] == to and since <= r["date_sent"] and (not until or r["date_sent"] < until)
        )
        return list(inside)

    def service_senders(self, sid: str, *, test: bool = False) -> Sequence[str]:
        assert sid == SERVICE
        return [POOLED, OURS]

    def texted(self, body: str, at: datetime, sender: str = PERSON, to: str = OURS) -> str:
        sid = f"SM{len(self.rows):032d}"
        self.rows.append({"sid": sid, "from_": sender, "to": to, "body": body, "date_sent": at})
        return sid


class House:
    def __init__(self, client: Client, clock: Watch) -> None:
        self.client, self.clock, self.twilio = client, clock, Twilio()
        self.received: list[MessageReceived] = []
        self.alerts: list[str] = []
        self.missed = MissedInbound(client)

    def catch_up(self) -> CatchUp:
        senders = (Sender("default", SERVICE, OURS, WHATSAPP), Sender("brand", from_number="BRAND"))
        apps, lease = Apps(self.client, Sealer(b"d" * 32), self.clock), Lease(self.client, "inbound", LEASE_TTL)
        return CatchUp(
            self.missed, lease, self.twilio, self._receive, senders, apps, self.clock,
            lambda name, _: self.alerts.append(name),
        )  # fmt: skip

    def _receive(self, event: Event) -> Reply:
        assert isinstance(event, MessageReceived)
        self.received.append(event)
        return Reply("applied")

    @property
    def held(self) -> bool:
        return self.missed.read().held


@pytest.fixture
def house(client: Client, clock: Watch) -> House:
    return House(client, clock)


def test_a_worker_that_starts_holds_sending_until_all_is_in(house: House) -> None:
    sid = house.twilio.texted("Stop", house.clock.now() - timedelta(minutes=3))
    worker = house.catch_up()
    worker.ready()
    assert house.held
    assert worker.once()
    assert not house.held
    assert [(e.sid, e.sender, e.to, e.body, e.channel) for e in house.received] == [(sid, PERSON, OURS, "Stop", "sms")]


def test_every_own_sender_is_asked_for_once(house: House) -> None:
    house.catch_up().once()
    assert {to for to, _ in house.twilio.asked} == {POOLED, OURS, f"whatsapp:{WHATSAPP}"}
    assert min(since for _, since in house.twilio.asked) == house.clock.now() - FIRST_LOOK - OVERLAP


def test_a_whatsapp_message_is_told_as_one(house: House) -> None:
    house.twilio.texted("Hi", house.clock.now(), sender=f"whatsapp:{PERSON}", to=f"whatsapp:{WHATSAPP}")
    house.catch_up().once()
    (event,) = house.received
    assert (event.channel, event.sender, event.to) == ("whatsapp", PERSON, WHATSAPP)


def test_a_worker_that_starts_right_after_another_caught_up_waits_for_nothing(house: House) -> None:
    first = house.catch_up()
    first.ready()
    first.once()
    house.clock.move(timedelta(seconds=20))
    second = house.catch_up()
    second.ready()
    assert not house.held
    house.clock.move(timedelta(seconds=20))
    house.catch_up().ready()
    assert house.held


def test_it_is_done_again_after_ten_minutes_from_where_it_ended(house: House) -> None:
    worker = house.catch_up()
    assert worker.once()
    before = len(house.twilio.asked)
    house.clock.move(EVERY - timedelta(seconds=1))
    assert not worker.once()
    house.clock.move(timedelta(seconds=1))
    assert worker.once()
    assert min(since for _, since in house.twilio.asked[before:]) == house.clock.now() - EVERY - OVERLAP
    assert not house.held


def test_one_process_at_a_time(house: House) -> None:
    other = Lease(house.client, "inbound", LEASE_TTL)
    assert other.held()
    worker = house.catch_up()
    worker.ready()
    assert not worker.once()
    other.give_up()
    assert worker.once()


def test_a_wish_while_it_is_fetching_is_not_lost(house: House) -> None:
    """A webhook was refused when the list had been read already."""
    worker = house.catch_up()
    worker.ready()
    house.twilio.meanwhile = worker.wish_now
    worker.once()
    assert house.held
    house.twilio.meanwhile = lambda: None
    worker.once()
    assert not house.held


def test_sending_resumes_with_an_alert_when_twilio_cannot_be_asked(house: House) -> None:
    house.twilio.away = True
    house.missed = MissedInbound(house.client, hold=timedelta(seconds=60))
    worker = house.catch_up()
    worker.ready()
    assert not worker.once()
    assert (house.held, house.alerts) == (True, [])
    house.client.delete(names.INBOUND_HOLD)  # as if it were over
    for _ in range(3):
        worker._not_before = 0
        assert not worker.once()
    assert house.alerts == ["inbound_not_caught_up"]
    house.twilio.away = False
    worker._not_before = 0
    assert worker.once(), "it is still wished for"


def test_a_failure_moves_nothing_forward(house: House) -> None:
    worker = house.catch_up()
    worker.once()
    house.clock.move(timedelta(hours=2))
    house.twilio.away = True
    worker.once()
    assert house.missed.read().caught == house.clock.now() - timedelta(hours=2)


def test_the_store_away_is_remembered_until_the_wish_can_be_written(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, failures = house.missed.wish, [StoreUnavailable("away")] * 3

    def wish(_: MissedInbound) -> None:
        if failures:
            raise failures.pop()
        written()

    monkeypatch.setattr(MissedInbound, "wish", wish)
    house.catch_up().wish_now()
    until(lambda: failures, lambda left: not left)
    until(lambda: _held(house), bool)


def test_a_worker_that_lost_the_store_fetches_before_it_goes_on(house: House) -> None:
    worker = house.catch_up()
    worker.ready()
    worker.once()

    def away() -> None:
        raise StoreUnavailable("away")

    with pytest.raises(StoreUnavailable):
        worker.noticing(away)()
    worker.ready()
    assert house.held


def test_what_was_missed_comes_in_the_order_it_was_written(clock: Watch) -> None:
    early, late = _event("1", "Hello", clock.now()), _event("2", "Hello again", clock.now() + timedelta(seconds=1))
    assert in_order([late, early]) == [early, late]


@pytest.mark.parametrize(("words", "left"), [(("STOP", "START"), "START"), (("START", "STOP"), "STOP")])
def test_of_two_keywords_only_the_later_counts(clock: Watch, words: tuple[str, str], left: str) -> None:
    """The later may have come by webhook: an earlier one that was missed must not have the last word."""
    first, second = (_event(str(n), word, clock.now() + timedelta(minutes=n)) for n, word in enumerate(words))
    mine = _event("9", "STOP", clock.now(), sender=OTHER)
    assert {(e.sender, e.body) for e in in_order([second, first, mine])} == {(PERSON, left), (OTHER, "STOP")}


def test_a_yes_to_a_toll_free_number_takes_no_stop_back(clock: Watch) -> None:
    stop, yes = (
        replace(_event(str(n), word, clock.now() + timedelta(minutes=n)), to="+18885550100")
        for n, word in enumerate(("STOP", "YES"))
    )
    assert in_order([stop, yes]) == [stop, yes]


def _event(sid: str, body: str, at: datetime, sender: str = PERSON) -> MessageReceived:
    return MessageReceived(sid, "sms", sender, OURS, body, received_at=at)


def _held(house: House) -> bool:
    return house.client.exists("gw:inbound:hold") == 1
