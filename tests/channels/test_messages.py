"""SMS and WhatsApp: sender, text, template, validity."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.channels import CHANNELS
from gateway.channels.lacks import Lack
from gateway.channels.shape import Operation
from gateway.model import Channel, Content, Step
from tests.channels.situations import (
    NOW,
    NUMBER,
    OUR_NUMBER,
    SENDER,
    SERVICE,
    a_policy,
    a_situation,
    an_intent,
    some_facts,
)

SMS, WHATSAPP = CHANNELS[Channel.SMS], CHANNELS[Channel.WHATSAPP]
TEMPLATE = Content(body="Hello Ann", content_sid="HX" + "0" * 32, content_variables={"1": "Zoë", "2": '"quoted"'})


def whatsapp(**changes: Any) -> Any:
    return WHATSAPP.request(a_situation("whatsapp", **changes)).params


def sms(**changes: Any) -> Any:
    return SMS.request(a_situation("sms", **changes)).params


def test_a_text_goes_out_with_its_callback_and_validity() -> None:
    request = SMS.request(a_situation("sms"))
    assert request.operation is Operation.MESSAGE
    assert dict(request.params) == {
        "to": NUMBER,
        "from_": OUR_NUMBER,
        "body": "Your parcel is here.",
        "status_callback": a_situation("sms").urls.message("intent-1", 2),
        "validity_period": 3600,
    }


def test_a_messaging_service_goes_before_a_number() -> None:
    params = sms(sender=replace(SENDER, messaging_service_sid=SERVICE))
    assert params["messaging_service_sid"] == SERVICE
    assert "from_" not in params


def test_media_go_along() -> None:
    content = Content(body="Look", media_urls=("https://media.example.com/1.png", "https://media.example.com/2.png"))
    assert sms(intent=an_intent(content=content))["media_url"] == list(content.media_urls)


@pytest.mark.parametrize(
    ("left", "seconds"),
    [
        (timedelta(seconds=90.9), 90),
        (timedelta(0), 1),
        (timedelta(seconds=-5), 1),
        (timedelta(hours=10), 36000),
        (timedelta(days=3), 36000),
    ],
    ids=["whole_seconds", "now", "late", "the_most", "beyond_the_most"],
)
@pytest.mark.parametrize("step", ["sms", "whatsapp"])
def test_twilio_is_told_what_is_left_before_expiry(step: str, left: timedelta, seconds: int) -> None:
    situation = a_situation(step, expires_at=NOW + left)
    assert CHANNELS[Channel(step)].request(situation).params["validity_period"] == seconds


@pytest.mark.parametrize(("length", "lack"), [(1600, None), (1601, Lack.TEXT_TOO_LONG)])
def test_a_text_has_a_longest_length(length: int, lack: Lack | None) -> None:
    intent = an_intent(content=Content(body="x" * length))
    assert SMS.lacks(Step.parse("sms"), intent, some_facts(), a_policy()) == lack


def test_whatsapp_writes_both_addresses_with_its_prefix() -> None:
    params = whatsapp(whatsapp_window_open=True)
    assert (params["to"], params["from_"]) == (f"whatsapp:{NUMBER}", "whatsapp:+14155550198")
    prefixed = whatsapp(sender=replace(SENDER, whatsapp_from="whatsapp:+14155550198"))
    assert prefixed["from_"] == "whatsapp:+14155550198"


def test_an_open_window_takes_the_text() -> None:
    params = whatsapp(whatsapp_window_open=True, intent=an_intent(content=TEMPLATE))
    assert params["body"] == "Hello Ann"
    assert "content_sid" not in params


def test_a_closed_window_takes_the_template_and_its_variables_as_json() -> None:
    params = whatsapp(intent=an_intent(content=TEMPLATE))
    assert params["content_sid"] == TEMPLATE.content_sid
    assert json.loads(params["content_variables"]) == TEMPLATE.content_variables
    assert "body" not in params


def test_a_template_without_variables_sends_none() -> None:
    content = replace(TEMPLATE, content_variables={})
    assert "content_variables" not in whatsapp(intent=an_intent(content=content))


@pytest.mark.parametrize(
    ("content", "hours", "senders", "lack"),
    [
        (Content(body="Hi"), 1, True, None),
        (Content(body="Hi"), 0, True, Lack.NO_TEMPLATE),
        (Content(body="Hi"), None, True, Lack.NO_TEMPLATE),
        (TEMPLATE, None, True, None),
        (Content(), 1, True, Lack.NO_BODY),
        (TEMPLATE, 1, False, Lack.NO_SENDER),
    ],
    ids=["open", "just_closed", "never_open", "template", "nothing_to_say", "no_sender"],
)
def test_whatsapp_needs_a_window_or_a_template(
    content: Content, hours: int | None, senders: bool, lack: Lack | None
) -> None:
    until = None if hours is None else NOW + timedelta(hours=hours)
    found = WHATSAPP.lacks(
        Step.parse("whatsapp"),
        an_intent(content=content),
        some_facts(whatsapp_window_until=until),
        a_policy(whatsapp_senders=senders),
    )
    assert found is lack
