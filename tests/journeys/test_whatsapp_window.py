"""The 24 hours after a person's WhatsApp message are open for the sender they wrote to, and for no other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway import sandbox
from tests.stack import Stack, running

OTHER_SENDER = "+14155550198"
CONFIG = f"""
[senders.other]
whatsapp_from = "{OTHER_SENDER}"
from_number = "{sandbox.SANDBOX_FROM_NUMBER}"

[purposes.chat]
mobile = ["whatsapp", "sms"]

[purposes.reminder]
mobile = ["whatsapp", "sms"]
sender = "other"
"""


@pytest.fixture(scope="module")
def stack(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    home: Path = tmp_path_factory.mktemp("stack")
    with running(redis_url, home, CONFIG) as found:
        for_it = {"sender": f"whatsapp:{OTHER_SENDER}"}
        requests.post(f"{found.sandbox_url}/_sandbox/senders", json=for_it, timeout=10).raise_for_status()
        yield found


def person_writes(stack: Stack, person: str, to: str) -> None:
    text = {"from": person, "to": to, "body": "Where is it?", "webhook_url": f"{stack.url}/webhooks/messages/inbound"}
    requests.post(f"{stack.sandbox_url}/_sandbox/inbound", json=text, timeout=10).raise_for_status()


def route(stack: Stack, person: str, purpose: str) -> Any:
    answer = stack.post("/route", {"to": person, "body": "It is on its way.", "purpose": purpose})
    assert answer.status_code == 200, answer.text
    return answer.json()["route"]


def channels(intent: dict[str, Any]) -> list[str]:
    return [attempt["channel"] for attempt in intent["attempts"]]


@pytest.mark.parametrize(
    ("person", "sender", "open_for", "closed_for"),
    [
        ("+14155550101", sandbox.SANDBOX_WHATSAPP_FROM, "chat", "reminder"),
        ("+14155550102", f"whatsapp:{OTHER_SENDER}", "reminder", "chat"),
    ],
)
def test_whoever_wrote_to_a_sender_is_answered_by_it_as_one_likes(
    stack: Stack, person: str, sender: str, open_for: str, closed_for: str
) -> None:
    assert route(stack, person, open_for) == ["sms"]
    person_writes(stack, person, sender)
    assert route(stack, person, open_for) == ["whatsapp", "sms"]
    assert route(stack, person, closed_for) == ["sms"]
    told = stack.until(stack.send(person, "It is on its way.", purpose=open_for)["id"], "delivered")
    assert channels(told) == ["whatsapp"]
    reminded = stack.until(stack.send(person, "Still on its way.", purpose=closed_for)["id"], "delivered")
    assert channels(reminded) == ["sms"]


def test_a_window_that_closes_while_the_text_waits_is_not_tried(stack: Stack) -> None:
    """Open when it was decided, closed by the time it goes out."""
    person = "+14155550103"
    person_writes(stack, person, sandbox.SANDBOX_WHATSAPP_FROM)
    held = stack.send(person, "It is on its way.", purpose="chat", send_at=soon(stack))
    assert held["route"] == ["whatsapp", "sms"]
    stack.gateway.learned.forget(person)
    told = stack.until(held["id"], "delivered")
    assert channels(told) == ["sms"]


def soon(stack: Stack) -> str:
    return (stack.gateway.clock.now() + timedelta(seconds=5)).isoformat()
