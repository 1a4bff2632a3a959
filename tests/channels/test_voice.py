"""A call: its parameters and what the purpose's rules change in them."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from gateway.channels import CHANNELS
from gateway.channels.lacks import Lack
from gateway.channels.shape import Operation
from gateway.model import AttemptStatus, Channel, Content, Purpose, Recipient, Step, VoiceRules
from tests.channels.situations import NUMBER, OUR_NUMBER, URLS, a_policy, a_situation, an_intent, some_facts

VOICE = CHANNELS[Channel.VOICE]


def call(rules: VoiceRules | None = None, **changes: Any) -> Any:
    purpose = Purpose("notification", {}, voice=rules or VoiceRules())
    return VOICE.request(a_situation("voice", purpose=purpose, **changes)).params


def lack(content: Content, *, allow_dial: bool = False) -> str | None:
    policy = a_policy(purpose=Purpose("notification", {}, allow_dial=allow_dial))
    return VOICE.lacks(Step.parse("voice"), an_intent(content=content), some_facts(), policy)


def test_a_call_says_who_calls_whom_and_reports_its_end() -> None:
    request = VOICE.request(a_situation("voice"))
    assert request.operation is Operation.CALL
    params = request.params
    assert (params["to"], params["from_"]) == (NUMBER, OUR_NUMBER)
    assert params["status_callback"] == URLS.voice("intent-1", 2)
    assert "completed" in params["status_callback_event"]
    assert 0 < params["timeout"] <= 600
    assert "machine_detection" not in params
    assert "url" not in params


def test_a_sip_address_is_called_as_it_stands() -> None:
    uri = "sip:desk@pbx.example.com;transport=tls?x-order=1&x-shop=2"
    assert call(intent=an_intent(to=Recipient(uri)))["to"] == uri


@pytest.mark.parametrize(
    ("rules", "mode"),
    [
        (VoiceRules(machine_detection=True, voicemail_counts=True), "DetectMessageEnd"),
        (VoiceRules(machine_detection=True, voicemail_counts=False), "Enable"),
        (VoiceRules(machine_detection=False, voicemail_counts=False), None),
    ],
    ids=["waits_for_the_beep", "only_tells_apart", "not_asked_for"],
)
def test_a_machine_is_detected_where_the_purpose_asks(rules: VoiceRules, mode: str | None) -> None:
    assert call(rules).get("machine_detection") == mode


def test_the_key_is_reported_to_an_absolute_address() -> None:
    gather = ElementTree.fromstring(call()["twiml"]).find("Gather")
    assert gather is not None
    assert gather.get("action") == URLS.gather("intent-1", 2)


def test_a_call_that_is_connected_onwards_shows_our_number() -> None:
    twiml = call(intent=an_intent(content=Content("Hello", dial="+14155550111")))["twiml"]
    dial = ElementTree.fromstring(twiml).find("Dial")
    assert dial is not None
    assert dial.get("callerId") == OUR_NUMBER
    assert dial.findtext("Number") == "+14155550111"


@pytest.mark.parametrize(
    ("content", "allow_dial", "expected"),
    [
        (Content("Hello"), False, None),
        (Content(say="Hello"), False, None),
        (Content(), False, Lack.NO_BODY),
        (Content(" \x00 "), False, Lack.NO_BODY),
        (Content(dial="+14155550111"), True, None),
        (Content("Hello", dial="+14155550111"), False, Lack.DIAL_NOT_ALLOWED),
        (Content("x" * 1600), False, None),
        (Content("&" * 1600), False, Lack.TEXT_TOO_LONG),
        (Content("x" * 1600, say="&" * 1600), False, Lack.TEXT_TOO_LONG),
        (Content("Ж" * 1600), False, None),
    ],
    ids=[
        "body",
        "say",
        "nothing",
        "nothing_speakable",
        "dial",
        "dial_denied",
        "long",
        "escaped",
        "say_wins",
        "cyrillic",
    ],
)
def test_what_a_call_needs(content: Content, allow_dial: bool, expected: Lack | None) -> None:
    assert lack(content, allow_dial=allow_dial) == expected


@pytest.mark.parametrize(
    ("status", "read"),
    [
        ("queued", AttemptStatus.ACCEPTED),
        ("ringing", AttemptStatus.ACCEPTED),
        ("in-progress", AttemptStatus.SENT),
        ("completed", AttemptStatus.SENT),
        ("busy", AttemptStatus.FAILED),
        ("canceled", AttemptStatus.CANCELED),
    ],
)
def test_a_call_that_ended_was_not_yet_heard(status: str, read: AttemptStatus) -> None:
    assert VOICE.read({"sid": "CA1", "status": status}, a_situation("voice")).status is read
