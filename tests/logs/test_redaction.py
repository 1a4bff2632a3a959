"""The last defence: what looks personal or secret does not get through, and what does not is left readable."""

from __future__ import annotations

import time

import pytest

from gateway.logs import correlation, redacted
from gateway.logs.redaction import HIDDEN, redact

SECRETS = (
    ("+14155550100", "no answer from +14155550100 in time"),
    ("14155550100", "GET /v2/PhoneNumbers/14155550100"),
    ("14155550100", "/v2/PhoneNumbers/%2B14155550100?Fields=x"),
    ("14155550100", "To=14155550100&From=1"),
    ("14155550100", "whatsapp:+14155550100"),
    ("4155550100", "call 4155550100 now"),
    ("555-0100", "+1 (415) 555-0100 is wrong"),
    ("555-0100", "(415) 555-0100 is wrong"),
    ("555-0100", "415-555-0100"),
    ("7946 0123", "020 7946 0123 in London"),
    ("900123", "07700 900123"),
    ("jane.doe", "mail to jane.doe@example.com failed"),
    ("jane.doe", "to=jane.doe%40example.com"),
    ("jane", "<jane@example.com>: bounced"),
    ("abcdefgh12345678", "Authorization: Bearer abcdefgh12345678"),
    ("QUMwMDAwOjAwMDI=", "authorization: Basic QUMwMDAwOjAwMDI="),
    ("s3cretbody", "key gw_live_s3cretbody-and_more"),
    ("hunter2", "redis://user:hunter2@redis.example.com:6379/0"),
    ("hunter2", "password=hunter2"),
    ("123456", "VerificationCheck code=123456"),
    ("123456", '{"code": "123456"}'),
    ("123456", "Code: 123456"),
    ("123456", "your code is 123456"),
    ("Dinner", "Body=Dinner&To=x"),
)  # fmt: skip


@pytest.mark.parametrize(("secret", "text"), SECRETS, ids=[text for _, text in SECRETS])
def test_what_is_personal_or_secret_is_masked(secret: str, text: str) -> None:
    assert secret not in redacted(text)


@pytest.mark.parametrize(
    "text",
    [
        "intent_accepted",
        "01M86Q8VPNS1TT2V9FB1TKRF79",
        "SM" + "0a1b2c3d" * 4,
        "2026-11-24T11:50:00.123456Z",
        "127.0.0.1:8000",
        "gateway/act/dispatch.py:57",
        "route ['sms', 'voice']",
        "403/21610",
        "r9433b4b68e94",
        "took 1234 ms, 21610 seen",
        "Twilio refused: error 30006",
    ],
)
def test_what_is_not_stays_readable(text: str) -> None:
    assert redacted(text) == text


def test_a_masked_number_still_shows_where_it_belongs() -> None:
    assert redacted("to +14155550100") == "to +1415555****"


def test_fields_are_masked_by_name_and_at_every_depth() -> None:
    record = {
        "event": "x",
        "to": "anything",
        "number": "anything",
        "code": "123456",
        "error": 21610,
        "ms": 12.5,
        "nested": {"body": "Dinner?", "list": ["+14155550100", {"email": "jane@example.com"}]},
        "whole": 14155550100,
        "object": ValueError("no +14155550100"),
    }
    clean = redact(None, "info", dict(record))
    assert (clean["to"], clean["number"], clean["code"], clean["whole"]) == (HIDDEN,) * 4
    assert (clean["error"], clean["ms"]) == (21610, 12.5)
    assert all(word not in repr(clean) for word in ("Dinner", "14155550100", "jane"))


def test_the_short_name_of_a_recipient_can_be_followed_through_the_log() -> None:
    record = {"event": "intent_accepted", "recipient": correlation("9433b4b68e94a0b1")}
    assert redact(None, "info", dict(record))["recipient"] == "r9433b4b68e94"
    assert redact(None, "info", {"recipient": "+14155550100"})["recipient"] == "+1415555****"


def test_a_twilio_error_code_is_not_taken_for_a_verification_code() -> None:
    assert redact(None, "info", {"code": 21610})["code"] == 21610


def test_a_very_long_text_is_cut() -> None:
    assert len(redacted("x1 " * 20_000)) < 20_000


@pytest.mark.parametrize(
    "text", ["a", "1", "a1", "code", "code ", "a%", "+1", "1 ", "(", "bearer ", "x@", "://", "gw_"]
)
def test_no_text_makes_the_masking_slow(text: str) -> None:
    """A pattern whose time grows with the square of the length takes seconds here."""
    began = time.thread_time()
    redacted(text * 16_000 + " @ %40")
    assert time.thread_time() - began < 0.5
