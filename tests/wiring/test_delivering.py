"""Events out: tried until taken, under one id, and given up after a day."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import pairwise

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from gateway.adapters.posting import EventPoster
from gateway.adapters.store.apps import Apps
from gateway.adapters.store.codec import Sealer
from gateway.adapters.store.connection import Client
from gateway.adapters.store.doorbell import Doorbell
from gateway.adapters.store.names import Hasher
from gateway.adapters.store.outbox import LEASE, Event, Outbox
from gateway.wiring.delivering import GIVEN_UP_AFTER, LANE, Delivery, next_try
from tests.adapters.loopback import Loopback, Reply, loopback
from tests.wiring.conftest import Watch

APP = "shop"


class House:
    """A delivery with all its parts, and a receiver that answers with what `answers` holds, 204 at the end of it."""

    def __init__(self, client: Client, clock: Watch, receiver: Loopback) -> None:
        sealer = Sealer(b"d" * 32)
        self.clock, self.client, self.receiver = clock, client, receiver
        self.alerts: list[tuple[str, Mapping[str, object]]] = []
        self.outbox, self.apps = Outbox(client, sealer, clock), Apps(client, sealer, clock)
        self.apps.set(APP, receiver.url + "/events")
        self.delivery = self.delivery_within(10)

    def delivery_within(self, seconds: float) -> Delivery:
        poster = EventPoster(allow_private=True, total_seconds=seconds)
        return Delivery(
            self.outbox, self.apps, Doorbell(self.client), poster, self.clock, Hasher(b"h" * 32),
            lambda name, fields: self.alerts.append((name, fields)),
        )  # fmt: skip

    def put(self, event_id: str = "evt_1", url: str | None = None) -> None:
        data = {"from": "+14155550100", "body": "Hello."}
        self.outbox.put(Event(event_id, APP, "message.received", self.clock.now(), data, url))

    def due_in(self, event_id: str = "evt_1") -> timedelta | None:
        score = self.client.zscore("gw:events:due", event_id)
        return None if score is None else timedelta(seconds=score / 1000 - self.clock.now().timestamp())

    def counted(self, word: str) -> int:
        return int(self.client.hget("gw:counts", f"events:{word}") or 0)


@pytest.fixture
def answers() -> list[Reply]:
    return []


@pytest.fixture
def house(client: Client, clock: Watch, answers: list[Reply]) -> Iterator[House]:
    with loopback(lambda _: answers.pop(0) if answers else Reply(204)) as receiver:
        yield House(client, clock, receiver)


def test_an_event_that_was_taken_is_gone(house: House) -> None:
    house.put()
    house.delivery.deliver("evt_1")
    (asked,) = house.receiver.asked
    assert json.loads(asked.body)["data"] == {"from": "+14155550100", "body": "Hello."}
    assert (house.due_in(), house.outbox.waiting(), house.counted("delivered")) == (None, 0, 1)
    assert not house.client.keys("gw:event:*")


def test_a_refused_event_comes_again_with_growing_pauses_under_the_same_id(house: House, answers: list[Reply]) -> None:
    answers += [Reply(500), Reply(302, headers={"Location": house.receiver.url + "/elsewhere"}), Reply(404), Reply(429)]
    house.put()
    pauses = []
    for _ in range(4):
        house.delivery.deliver("evt_1")
        pauses.append(house.due_in() or timedelta(0))
        house.clock.move(pauses[-1])
    house.delivery.deliver("evt_1")
    assert [asked.path for asked in house.receiver.asked] == ["/events"] * 5
    assert {asked.headers["webhook-id"] for asked in house.receiver.asked} == {"evt_1"}
    assert len({asked.body for asked in house.receiver.asked}) == 1
    assert all(earlier * 2 < later for earlier, later in pairwise(pauses))
    assert (house.counted("failed"), house.counted("delivered")) == (4, 1)


def test_every_try_is_signed_for_its_own_time(house: House, answers: list[Reply]) -> None:
    answers.append(Reply(500))
    house.put()
    house.delivery.deliver("evt_1")
    house.clock.move(timedelta(seconds=30))
    house.delivery.deliver("evt_1")
    first, second = house.receiver.asked
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 30
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


def test_it_is_not_posted_before_its_time(house: House, answers: list[Reply]) -> None:
    answers.append(Reply(500))
    house.put()
    house.delivery.deliver("evt_1")
    house.delivery.deliver("evt_1")
    assert len(house.receiver.asked) == 1


def test_two_at_once_post_it_once(house: House) -> None:
    house.put()
    assert house.outbox.claim("evt_1") is not None
    house.delivery.deliver("evt_1")
    assert not house.receiver.asked


def test_a_crash_between_the_post_and_its_mark_repeats_it_under_the_same_id(house: House) -> None:
    house.put()
    assert house.outbox.claim("evt_1") is not None  # posted, and then nothing more
    house.clock.move(LEASE)
    assert house.delivery.ring() == 1
    house.delivery.deliver("evt_1")
    assert [asked.headers["webhook-id"] for asked in house.receiver.asked] == ["evt_1"]


def test_after_a_day_it_is_dropped_with_an_alert(house: House, answers: list[Reply]) -> None:
    answers += [Reply(503)] * 100
    house.put()
    while (due := house.due_in()) is not None:
        house.clock.move(max(due, timedelta(0)))
        house.delivery.deliver("evt_1")
    assert 12 <= len(house.receiver.asked) <= 18
    assert [name for name, _ in house.alerts] == ["event_dropped"]
    assert house.alerts[0][1]["why"] == "status_503"
    assert "+1415" not in str(house.alerts)
    assert not house.client.keys("gw:event:*")


def test_the_last_try_is_within_a_day(clock: Watch) -> None:
    born = clock.now()
    assert next_try(born, 30, born + timedelta(hours=19), 1.0) == born + timedelta(hours=23)
    assert next_try(born, 30, born + timedelta(hours=20), 1.0) is None
    assert timedelta(hours=24) == GIVEN_UP_AFTER


def test_gone_means_gone(house: House, answers: list[Reply]) -> None:
    answers.append(Reply(410))
    house.put()
    house.delivery.deliver("evt_1")
    assert (house.due_in(), house.counted("dropped"), len(house.alerts)) == (None, 1, 1)


def test_the_first_secret_is_made_when_it_is_needed_and_a_rotated_one_signs_beside_the_old(house: House) -> None:
    house.put("evt_1")
    house.delivery.deliver("evt_1")
    (old,) = house.apps.signing_secrets(APP)
    new = house.apps.secret(APP, rotate=True)
    house.put("evt_2")
    house.delivery.deliver("evt_2")
    first, second = house.receiver.asked
    for secret in (old, new):
        Webhook(secret).verify(second.body, dict(second.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(first.body, dict(first.headers))


def test_a_slow_destination_holds_up_only_its_own(house: House, answers: list[Reply]) -> None:
    with loopback(lambda _: Reply(204)) as other:
        silent = _silent()
        house.put("evt_slow", silent)
        house.put("evt_behind", silent)
        house.put("evt_other", other.url)
        house.delivery_within(0.5).deliver("evt_slow")
        for event_id in ("evt_behind", "evt_other"):
            house.delivery.deliver(event_id)
        assert len(other.asked) == 1
    assert house.counted("failed") == 1, "the one behind was not even tried"
    assert timedelta(seconds=10) < (house.due_in("evt_behind") or timedelta(0)) < timedelta(seconds=23)


def test_an_application_whose_callback_was_taken_away_is_told_nothing(house: House) -> None:
    house.put()
    house.apps.set(APP, "")
    house.delivery.deliver("evt_1")
    assert (house.receiver.asked, house.due_in()) == ([], None)


def test_what_is_due_is_rung_for_once(house: House) -> None:
    for number in range(5):
        house.put(f"evt_{number}")
    assert (house.delivery.ring(), house.delivery.ring()) == (5, 0)
    assert sorted(Doorbell(house.client).waiting_ids(LANE)) == [f"evt_{number}" for number in range(5)]


def test_the_same_event_told_twice_is_one(house: House) -> None:
    house.put()
    house.put()
    assert house.outbox.waiting() == 1


def test_nothing_of_a_person_is_stored_in_clear(house: House) -> None:
    house.put()
    stored = b"".join(key + b"".join(house.client.hgetall(key).values()) for key in house.client.keys("gw:event:*"))
    assert stored
    assert b"4155550100" not in stored
    assert b"Hello" not in stored


_KEPT = []


def _silent() -> str:
    """Where connections are taken and nothing is ever said."""
    import socket

    listening = socket.create_server(("127.0.0.1", 0))
    _KEPT.append(listening)
    return f"http://127.0.0.1:{listening.getsockname()[1]}/"


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while _KEPT:
        _KEPT.pop().close()
