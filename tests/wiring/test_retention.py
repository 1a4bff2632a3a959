"""What has ended is cut to a summary, later deleted, and nothing points to it any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway import wiring
from gateway.act import moves
from gateway.adapters.store.connection import Client
from gateway.ids import ulid
from gateway.model import Content, Decision, Intent, IntentStatus, Recipient, Step
from gateway.settings import Settings
from gateway.wiring import Gateway
from gateway.wiring import retention as retention_module
from gateway.wiring.retention import Keeping
from tests.stack import environment
from tests.wiring.conftest import Watch

NUMBER = "+14155550100"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def gateway(redis_url: str, client: Client, clock: Watch) -> Iterator[Gateway]:
    settings = Settings.load(environ=environment(redis_url, "http://127.0.0.1:9", "http://127.0.0.1:9"))
    yield wiring.build(settings, client=client, clock=clock)


@pytest.fixture
def whole_for(gateway: Gateway) -> timedelta:
    return timedelta(seconds=gateway.settings.retention.summary_after_seconds)


@pytest.fixture
def kept_for(gateway: Gateway) -> timedelta:
    return timedelta(seconds=gateway.settings.retention.delete_after_seconds)


@pytest.fixture
def accept(gateway: Gateway) -> Callable[[], str]:
    def one() -> str:
        intent = Intent(
            id=ulid(),
            app="shop",
            purpose="notification",
            to=Recipient(NUMBER, "US", "ann@example.com"),
            content=Content(body="Your parcel is here.", subject="Parcel"),
            created_at=gateway.clock.now(),
            parameters={"name": "Ann"},
            metadata={"order": "77"},
        )
        progress = moves.accepted(intent, Decision(route=(Step.parse("sms"),)), None, pending=False)
        gateway.intents.accept(progress, None, ring=False)
        return intent.id

    return one


@pytest.fixture
def ended(gateway: Gateway, accept: Callable[[], str]) -> Callable[[], str]:
    def one() -> str:
        intent_id = accept()
        now = gateway.clock.now()
        gateway.intents.update(intent_id, lambda p: moves.ended(p, IntentStatus.DELIVERED, now))
        return intent_id

    return one


def test_before_its_time_it_stays_whole(
    gateway: Gateway, clock: Watch, ended: Callable[[], str], whole_for: timedelta
) -> None:
    intent_id = ended()
    clock.move(whole_for - MINUTE)
    assert Keeping(gateway).once() == 0
    stored = gateway.intents.load(intent_id)
    assert stored is not None and stored.intent.content.body == "Your parcel is here."


def test_then_its_content_is_gone_and_its_end_is_still_told(
    gateway: Gateway, clock: Watch, ended: Callable[[], str], whole_for: timedelta
) -> None:
    intent_id = ended()
    before = gateway.intents.load(intent_id)
    clock.move(whole_for + MINUTE)
    assert Keeping(gateway).once() == 1
    stored = gateway.intents.load(intent_id)
    assert stored is not None and before is not None
    assert (stored.status, stored.version, stored.intent.to.number) == (IntentStatus.DELIVERED, before.version, NUMBER)
    assert stored.intent.content == Content()
    assert (stored.intent.to.email, stored.intent.parameters, stored.intent.metadata) == (None, {}, {})
    assert gateway.intents.timeline(intent_id) == ()
    assert Keeping(gateway).once() == 0


def test_at_last_nothing_is_left_of_it(
    gateway: Gateway, client: Client, clock: Watch, ended: Callable[[], str], kept_for: timedelta
) -> None:
    intent_id = ended()
    clock.move(kept_for + MINUTE)
    keeping = Keeping(gateway)
    while keeping.once():
        pass
    assert gateway.intents.load(intent_id) is None
    assert gateway.intents.newest("shop", None, 10) == []
    assert gateway.intents.newest_to(NUMBER, 10) == []
    left = {key.decode() for key in client.keys("gw:*")}
    assert not {key for key in left if intent_id in key or key in ("gw:ended", "gw:summaries")}


def test_one_that_was_cut_first_is_deleted_too(
    gateway: Gateway, clock: Watch, ended: Callable[[], str], whole_for: timedelta, kept_for: timedelta
) -> None:
    intent_id = ended()
    clock.move(whole_for + MINUTE)
    assert Keeping(gateway).once() == 1
    clock.move(kept_for - whole_for)
    assert Keeping(gateway).once() == 1
    assert gateway.intents.load(intent_id) is None


def test_what_is_open_is_never_touched(
    gateway: Gateway, clock: Watch, accept: Callable[[], str], kept_for: timedelta
) -> None:
    intent_id = accept()
    clock.move(2 * kept_for)
    assert Keeping(gateway).once() == 0
    stored = gateway.intents.load(intent_id)
    assert stored is not None and stored.intent.content.body == "Your parcel is here."


def test_each_round_does_a_bounded_batch(
    gateway: Gateway,
    clock: Watch,
    ended: Callable[[], str],
    whole_for: timedelta,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retention_module, "BATCH", 4)
    for _ in range(6):
        ended()
    clock.move(whole_for + MINUTE)
    keeping = Keeping(gateway)
    assert [keeping.once(), keeping.once(), keeping.once()] == [4, 2, 0]


def test_a_late_report_on_a_summary_is_taken_and_brings_no_content_back(
    gateway: Gateway, clock: Watch, accept: Callable[[], str], whole_for: timedelta
) -> None:
    intent_id = accept()
    gateway.intents.update(intent_id, lambda p: moves.gone_silent(p, clock.now()))
    clock.move(whole_for + MINUTE)
    keeping = Keeping(gateway)
    keeping.once()
    gateway.intents.update(intent_id, lambda p: replace(p, status=IntentStatus.DELIVERED))
    clock.move(whole_for + MINUTE)
    keeping.once()
    stored = gateway.intents.load(intent_id)
    assert stored is not None
    assert (stored.status, stored.intent.content) == (IntentStatus.DELIVERED, Content())


def test_what_another_key_sealed_is_deleted_all_the_same(
    gateway: Gateway, client: Client, clock: Watch, ended: Callable[[], str], kept_for: timedelta
) -> None:
    intent_id = ended()
    client.hset(f"gw:intent:{intent_id}", "i", b"sealed with a key that is gone")
    clock.move(kept_for + MINUTE)
    keeping = Keeping(gateway)
    while keeping.once():
        pass
    assert not client.exists(f"gw:intent:{intent_id}")
    assert gateway.intents.newest("shop", None, 10) == []
