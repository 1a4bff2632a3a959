"""Law L7 for proofs: no code, secret or binding URI in a log line, in the store in clear, or in an answer or event."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import structlog

from gateway.adapters.store.connection import Client
from tests.journeys.codes import (
    CONFIG,
    code_sent,
    enrolled,
    enter,
    listen_to_events,
    other_than,
    post,
    start,
    wrong_for,
)
from tests.stack import Stack, running
from tests.stored import everything, holds

NUMBER, VOIP, PERSON = "+12125550100", "+12125550120", "person-00000001"


@pytest.fixture
def stack(redis_url: str, tmp_path: Path) -> Iterator[Stack]:
    with running(redis_url, tmp_path, CONFIG) as found:
        yield found


def told_by(client: Client) -> str:
    return "\n".join(map(repr, everything(client)))


def test_neither_codes_nor_secrets_are_kept_or_told(
    stack: Stack, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    listen_to_events(stack)
    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as entries:
        made = post(stack, "/totp/factors", {"identity": "person-00000002", "label": "Ann"}).json()
        app = enrolled(stack, PERSON)
        by_text, by_app = start(stack, NUMBER), start(stack, VOIP, identity=PERSON)
        right, wrong = code_sent(stack, NUMBER), other_than(code_sent(stack, NUMBER), 7)
        stack.faults({"kind": "5xx_before", "product": "verify", "operation": "check", "count": 1})
        secrets = [right, wrong, app.now(), wrong_for(app), app.secret, made["uri"]]
        secrets.append(parse_qs(urlsplit(made["uri"]).query)["secret"][0])
        answers = [enter(stack, by_text, code) for code in (wrong, wrong, right, right)]
        answers += [enter(stack, by_app, code) for code in (wrong_for(app), app.now(), app.now())]
        answers += [stack.get(f"/intents/{each}") for each in (by_text, by_app)]
    printed = capfd.readouterr()
    told = {
        "log": caplog.text + repr(entries) + printed.out + printed.err,
        "store": told_by(stack.gateway.client),
        "answer": "\n".join(answer.text for answer in answers),
    }
    assert {a.status_code for a in answers} == {200, 409, 422, 503}
    assert "intent_accepted" in told["log"]
    for place, text in told.items():
        assert [secret for secret in secrets if holds(text, secret)] == [], place


def test_the_search_finds_what_is_there(stack: Stack) -> None:
    """The scan above sees what it looks for."""
    for write in (
        lambda key: stack.gateway.client.set(key, "code 135790."),
        lambda key: stack.gateway.client.hset(key, "field", "135790"),
        lambda key: stack.gateway.client.sadd(key, "135790"),
        lambda key: stack.gateway.client.zadd(key, {"135790": 1}),
        lambda key: stack.gateway.client.rpush(key, "135790"),
    ):
        write("planted")
        assert holds(told_by(stack.gateway.client), "135790")
        stack.gateway.client.delete("planted")
    assert not holds("21357901", "135790")
