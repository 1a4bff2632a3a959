"""Hostile input: a problem with 4xx every time, never a 500, and Twilio is never asked."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.conftest import Api, problem_of
from tests.normalize.hostile import HOSTILE_TO

OUR_WORDS = {"sip:", "whatsapp:"}  # what a refusal of ours says too

DEEP: Any = "x"
for _ in range(400):
    DEEP = [DEEP]


def _as_json(value: str) -> bytes:
    return json.dumps({"to": value, "body": "Hello.", "country": "US"}).encode()


def test_there_are_enough_of_them() -> None:
    assert len(set(HOSTILE_TO)) >= 300
    assert len(_hostile_bodies()) >= 200


def test_every_hostile_recipient_is_refused_and_twilio_never_asked(api: Api) -> None:
    before = len(api.asked())
    for value, key in zip(HOSTILE_TO, _keys(api), strict=False):
        document = problem_of(api.raw("/send", _as_json(value), key=key))
        assert document["status"] in (400, 413), (value[:80], document)
        assert value[:40] not in document["detail"] or len(value) < 4 or value in OUR_WORDS
    assert len(api.asked()) == before


@pytest.mark.parametrize("path", ["/send", "/route", "/intents/search"])
def test_every_hostile_body_is_refused_and_twilio_never_asked(api: Api, path: str) -> None:
    before = len(api.asked())
    for body, key in zip(_hostile_bodies(), _keys(api), strict=False):
        document = problem_of(api.raw(path, body, key=key))
        assert document["status"] in (400, 413), (body[:120], document)
    assert len(api.asked()) == before


def _keys(api: Api) -> Iterator[str]:
    """One for each request, a new one before its limit is used up: a request that is limited is not looked at."""
    while True:
        key = api.gateway.keys.create("hostile", ("send",))[1]
        yield from [key] * 50


def _hostile_bodies() -> list[bytes]:
    """Broken JSON, wrong types in every place, names and sizes that nobody sends in good faith; repeatable."""
    chance = random.Random(7)
    good = {"to": "+14155550100", "body": "Hello."}
    values: list[Any] = [None, True, 0, -1, 1e308, "", "\x00", "x" * 70_000, [], {}, [[]], {"a": {}}, DEEP]
    fields = ["to", "body", "purpose", "content", "channels", "metadata", "ttl_seconds", "send_at", "flow", "country"]
    wrong = [good | {name: value} for name in fields for value in values if _is_wrong(name, value)]
    unknown = [good | {name: 1} for name in ("__proto__", "constructor", "to\x00", "TO", "", "\u202e", "a" * 5000)]
    texts = [json.dumps(each).encode() for each in wrong + unknown]
    noise = [bytes(chance.randrange(256) for _ in range(chance.randrange(1, 300))) for _ in range(60)]
    ascii_noise = ["".join(chance.choices(string.printable, k=120)).encode() for _ in range(30)]
    broken = [
        b"{" * 5000, b"[" * 5000, b'{"to": ', b'{"to": "+1415', b"NaN", b"Infinity", b'{"to": NaN}', b"\x00", b"null",
        b'{"to": "\\ud800", "body": "Hello."}', b"\xef\xbb\xbf{}", b'{"to"' * 2000, b"{'to': 1}", b"<to/>",
        b'{"to":1e999999,"body":"x"}', b"-" * 10_000, b'{"a":' * 3000 + b"1" + b"}" * 3000,
    ]  # fmt: skip
    return texts + noise + ascii_noise + broken


def _is_wrong(name: str, value: Any) -> bool:
    """Some of the values are harmless in some places."""
    harmless = {
        ("body", "\x00"), ("purpose", None), ("flow", None), ("country", None), ("send_at", None), ("channels", None),
    }  # fmt: skip
    if name in ("content", "metadata") and value == {}:
        return False
    return not (isinstance(value, str | type(None)) and (name, value) in harmless)
