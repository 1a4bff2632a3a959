"""What the SDK raises, in our words: codes kept, people left out."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.response import Response

from gateway.adapters.twilio.errors import MESSAGE_LENGTH, asked_wait, impersonal, refusal, translated, wait_seconds
from gateway.errors import ProviderRefused, ProviderSilent


def refused(err: TwilioException) -> ProviderRefused:
    error = refusal(err)
    assert isinstance(error, ProviderRefused)
    return error


def test_a_rest_exception_keeps_status_and_code() -> None:
    error = refused(TwilioRestException(400, "/x", "Invalid 'To' Phone Number: +14155550100", 21211, "POST"))
    assert (error.status, error.code, error.message) == (400, 21211, "Invalid 'To' Phone Number: <number>")


@pytest.mark.parametrize("code", [None, "", "E-1"])
def test_a_code_that_is_none_is_the_status(code: object) -> None:
    assert refused(TwilioRestException(502, "/x", "bad gateway", code)).code == 502


def test_a_problem_document_keeps_status_code_and_both_sentences() -> None:
    error = refused(TwilioServiceException("urn:x", "Bad recipient", 422, 70001, "ann@example.com is not known"))
    assert (error.status, error.code, error.message) == (422, 70001, "Bad recipient: <address> is not known")


def test_a_list_that_was_refused_keeps_what_its_body_says() -> None:
    body = json.dumps({"code": 20003, "message": "Authenticate"})
    error = refused(TwilioException("Unable to fetch page", Response(401, body)))
    assert (error.status, error.code, error.message) == (401, 20003, "Authenticate")


@pytest.mark.parametrize("body", ["<html>", "[]", "", "null"])
def test_a_list_refused_by_something_that_is_not_twilio_keeps_the_status(body: str) -> None:
    assert refused(TwilioException("Unable to fetch page", Response(503, body))).code == 503


def test_what_the_sdk_could_not_read_is_silence_after_sending() -> None:
    error = refusal(TwilioException("Page Records can not be deserialized"))
    assert isinstance(error, ProviderSilent)
    assert error.sent is True


def test_inside_the_block_the_wait_comes_along_and_an_older_one_does_not() -> None:
    asked_wait.set(99.0)
    with pytest.raises(ProviderRefused) as caught, translated():
        raise TwilioRestException(429, "/x", "", 20429)
    assert caught.value.retry_after_seconds is None
    with pytest.raises(ProviderRefused) as caught, translated():
        asked_wait.set(3.0)
        raise TwilioRestException(429, "/x", "", 20429)
    assert caught.value.retry_after_seconds == 3.0


def test_broken_json_is_silence_after_sending() -> None:
    with pytest.raises(ProviderSilent) as caught, translated():
        json.loads("{")
    assert caught.value.sent is True


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("to +14155550100 failed", "to <number> failed"),
        ("whatsapp:+447700900123", "whatsapp:<number>"),
        ("/v2/PhoneNumbers/+14155550100 was not found", "/v2/PhoneNumbers/<number> was not found"),
        ("(415) 555-0100 and 415.555.0100", "<number> and <number>"),
        ("write to <ann.b+c@example.com>, please", "write to <<address>>, please"),
        ("sip:ann@pbx.example.com", "sip:<address>"),
        ("error 21211 in MG12345678901234567890123456789012", "error 21211 in MG12345678901234567890123456789012"),
        ("two\n lines", "two lines"),
    ],
)
def test_numbers_and_addresses_are_taken_out_and_sids_and_codes_stay(text: str, clean: str) -> None:
    assert impersonal(text) == clean


def test_a_message_is_cut() -> None:
    assert len(impersonal("word " * 1000)) == MESSAGE_LENGTH


def test_the_error_itself_shows_codes_only(caplog: pytest.LogCaptureFixture) -> None:
    error = refused(TwilioRestException(400, "/x/+14155550100", "+14155550100", 21211))
    logging.getLogger("any").error("failed: %s", error)
    assert "4155550100" not in caplog.text


def test_a_wait_may_be_seconds_a_date_or_nonsense() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    past = format_datetime(datetime.now(UTC) - timedelta(seconds=60), usegmt=True)
    assert wait_seconds({"Retry-After": " 12 "}) == 12.0
    assert 50 < (wait_seconds({"Retry-After": later}) or 0) <= 60
    assert wait_seconds({"Retry-After": past}) == 0.0
    assert [wait_seconds({"Retry-After": value}) for value in ("", "soon", "-3", "²")] == [None] * 4
    assert wait_seconds({}) is None
