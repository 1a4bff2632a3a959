"""Pages of intents: each on one of them, also when many share a millisecond."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from benchmarks.seeding import gateway_of
from gateway.act import moves
from gateway.adapters.store.connection import Client
from gateway.console import lists
from gateway.ids import ulid
from gateway.model import Content, Decision, Intent, IntentStatus, Recipient, Step
from gateway.wiring import Gateway
from tests.stack import environment

NOW = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
MANY = 2 * lists.PAGE + 7


@pytest.fixture
def gateway(client: Client, redis_url: str) -> Gateway:
    return gateway_of(environment(redis_url, "http://127.0.0.1:9", "http://127.0.0.1:9"), client)


def accepted(gateway: Gateway, app: str) -> str:
    intent = Intent(ulid(), app, "notification", Recipient("+14155550100", "US"), Content(body="x"), NOW)
    progress = moves.accepted(intent, Decision(route=(Step.parse("sms"),)), None, pending=False)
    gateway.intents.accept(progress, None, ring=False)
    return intent.id


def paged(read: object) -> list[str]:
    found: list[str] = []
    cursor: str | None = None
    for _ in range(10):
        page = read(lists.before_in(cursor))  # type: ignore[operator]
        found += [progress.intent.id for progress in page.intents]
        cursor = page.cursor
        if cursor is None:
            return found
    raise AssertionError("the list does not end")


def test_intents_of_one_millisecond_are_all_listed_once(gateway: Gateway) -> None:
    made = [accepted(gateway, app) for app in ("shop", "mail") for _ in range(MANY // 2)]
    assert sorted(paged(lambda before: lists.newest(gateway, None, lambda p: True, before))) == sorted(made)


def test_dead_ends_of_one_millisecond_are_all_listed_once(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [accepted(gateway, "shop") for _ in range(MANY)]
    monkeypatch.setattr(type(gateway.clock), "now", lambda self: NOW)
    for intent_id in made:
        gateway.intents.update(intent_id, lambda stored: moves.ended(stored, IntentStatus.FAILED, NOW))
    assert sorted(paged(lambda before: lists.dead(gateway, lambda p: True, before))) == sorted(made)
