"""An application hears of its intents, its people's texts and their opt-outs: signed, once each, whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from standardwebhooks.webhooks import Webhook

from tests.adapters.loopback import Loopback, Reply, loopback
from tests.stack import FLOW_CONFIG, Stack, running, until

CONFIG = FLOW_CONFIG + "[events]\nallow_private_destinations = true\n"


@pytest.fixture(scope="module")
def receiver() -> Iterator[Loopback]:
    with loopback(lambda _: Reply(204)) as server:
        yield server


@pytest.fixture(scope="module")
def stack(redis_url: str, tmp_path_factory: pytest.TempPathFactory, receiver: Loopback) -> Iterator[Stack]:
    home: Path = tmp_path_factory.mktemp("stack")
    with running(redis_url, home, CONFIG) as found:
        found.gateway.apps.set("default", f"{receiver.url}/events")
        inbound = {"webhook_url": f"{found.url}/webhooks/messages/inbound"}
        requests.post(f"{found.sandbox_url}/_sandbox/inbound_url", json=inbound, timeout=5).raise_for_status()
        yield found


def bodies(receiver: Loopback, kind: str = "") -> list[dict[str, Any]]:
    found = [json.loads(asked.body) for asked in receiver.asked]
    return [body for body in found if body["type"].startswith(kind)]


def of_intent(receiver: Loopback, intent_id: str) -> list[dict[str, Any]]:
    return [body for body in bodies(receiver, "intent.") if body["data"]["id"] == intent_id]


def person_texts(stack: Stack, body: str, sender: str = "+14155550100") -> str:
    said = {"from": sender, "body": body}
    answer = requests.post(f"{stack.sandbox_url}/_sandbox/inbound", json=said, timeout=10)
    assert answer.status_code == 201, answer.text
    sid: str = answer.json()["message_sid"]
    return sid


def test_every_status_is_told_once_with_the_intent_as_it_was_then(stack: Stack, receiver: Loopback) -> None:
    accepted = stack.send("+14155550101", metadata={"order": "17"})
    done = stack.until(accepted["id"], "delivered")
    reached = [e["event"] for e in done["timeline"] if e["event"] in ("sent", "delivered")]  # `sent` may be overtaken
    expected = [f"intent.{status}" for status in ("queued", "sending", *reached)]
    told = until(lambda: of_intent(receiver, accepted["id"]), lambda found: len(found) >= len(expected))
    told.sort(key=lambda body: body["data"]["version"])
    assert [body["type"] for body in told] == expected
    versions = [body["data"]["version"] for body in told]
    assert versions == sorted(set(versions))
    for body in told:
        assert body["type"] == f"intent.{body['data']['status']}"
        assert body["data"]["timeline"] == done["timeline"][: len(body["data"]["timeline"])]
        assert body["data"]["metadata"] == {"order": "17"}
    last = told[-1]["data"]
    assert set(last) == set(done)
    volatile = ("version", "updated_at", "lookup", "attempts")  # the bill may be told after the last word
    assert {k: v for k, v in last.items() if k not in volatile} == {k: v for k, v in done.items() if k not in volatile}


def test_each_is_signed_as_standard_webhooks_says(stack: Stack, receiver: Loopback) -> None:
    before = len(receiver.asked)
    stack.until(stack.send("+14155550102")["id"], "delivered")
    until(lambda: receiver.asked[before:], lambda found: len(found) >= 3)
    secrets = stack.gateway.apps.signing_secrets("default")
    assert len(secrets) == 1
    for asked in receiver.asked[before:]:
        assert Webhook(secrets[0]).verify(asked.body, dict(asked.headers)) == json.loads(asked.body)
    ids = [asked.headers["webhook-id"] for asked in receiver.asked]
    assert len(set(ids)) == len(ids)


def test_an_intents_own_url_wins_and_a_private_one_needs_no_default(stack: Stack) -> None:
    """Only https is accepted there, so what is seen is where the event was going."""
    accepted = stack.send("+14155550103", callback_url="https://hooks.invalid/x")
    stack.until(accepted["id"], "delivered")
    sealed = stack.gateway.client.zrange("gw:events:due", 0, -1)
    assert sealed, "an event for a destination that does not answer waits"


def test_a_persons_text_goes_to_whoever_wrote_to_them(stack: Stack, receiver: Loopback) -> None:
    stack.until(stack.send("+14155550104")["id"], "delivered")
    sid = person_texts(stack, "Where is my order?", "+14155550104")
    (told,) = until(lambda: bodies(receiver, "message.received"), bool)
    assert told["data"] == {
        "from": "+14155550104",
        "to": told["data"]["to"],
        "provider_sid": sid,
        "channel": "sms",
        "body": "Where is my order?",
    }
    assert told["data"]["to"] in {sender.from_number for sender in stack.gateway.settings.senders}


def test_stop_and_start_are_told(stack: Stack, receiver: Loopback) -> None:
    stack.until(stack.send("+14155550105")["id"], "delivered")
    out = person_texts(stack, "STOP", "+14155550105")
    person_texts(stack, "stop", "+14155550105")
    back = person_texts(stack, "START", "+14155550105")
    until(lambda: bodies(receiver, "recipient.opted_in"), bool)
    told = until(lambda: bodies(receiver, "recipient."), lambda found: len(found) >= 2)
    assert [(b["type"], b["data"]["keyword"], b["data"]["provider_sid"]) for b in sorted(told, key=_when)] == [
        ("recipient.opted_out", "STOP", out),
        ("recipient.opted_in", "START", back),
    ]


def test_an_application_without_a_callback_costs_nothing(stack: Stack) -> None:
    _, secret = stack.gateway.keys.create("quiet", ["send"])
    document = {"to": "+14155550106", "body": "Hello."}
    before = stack.gateway.client.zcard("gw:events:due")
    answer = requests.post(
        f"{stack.url}/send", json=document, headers={"Authorization": f"Bearer {secret}"}, timeout=10
    )
    assert answer.status_code == 202
    assert stack.gateway.client.zcard("gw:events:due") <= before


def _when(body: dict[str, Any]) -> str:
    found: str = body["timestamp"]
    return found
