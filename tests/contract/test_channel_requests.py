"""Every request a channel builds, sent through the SDK and judged where it would go onto the wire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from twilio.http.response import Response

from gateway.adapters.twilio import TwilioAccess, TwilioCalls, twilio_client
from gateway.channels import CHANNELS
from gateway.channels.shape import Operation, Situation
from gateway.model import Content, Purpose, Recipient, Step, VoiceRules
from tests.channels.situations import NUMBER, SENDER, SERVICE, a_situation, an_intent
from tests.contract.judge import judge_mail
from tests.contract.recording import AnsweringHttpClient, RecordingHttpClient

ACCESS = TwilioAccess("AC" + "0" * 32, "SK" + "0" * 32, "secret")
LONG = "é" * 1600


class JudgedMail:
    def __init__(self) -> None:
        self.violations: list[str] = []

    def send(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        self.violations += judge_mail(json.loads(json.dumps(document)))
        return {"sid": "id", "status": "accepted"}


def voice(**rules: bool) -> Purpose:
    return Purpose("notification", {}, allow_dial=True, voice=VoiceRules(**rules))


def content(**parts: Any) -> Any:
    return an_intent(content=Content(**parts))


SITUATIONS: dict[str, Situation] = {
    "sms from a number": a_situation("sms"),
    "sms from a service": a_situation("sms", sender=replace(SENDER, messaging_service_sid=SERVICE)),
    "sms of the longest text": a_situation("sms", intent=content(body=LONG)),
    "mms": a_situation("sms", intent=content(body="See", media_urls=("https://a.test/1.png", "https://a.test/2.png"))),
    "mms without a text": a_situation("sms", intent=content(media_urls=("https://a.test/1.png",))),
    "whatsapp in the window": a_situation("whatsapp", whatsapp_window_open=True),
    "whatsapp by template": a_situation(
        "whatsapp", intent=content(content_sid="HX" + "0" * 32, content_variables={"1": "Ann", "2": "é"})
    ),
    "voice": a_situation("voice"),
    "voice to SIP": a_situation("voice", intent=an_intent(to=Recipient("sip:ann@pbx.example.com"))),
    "voice with all its options": a_situation(
        "voice",
        purpose=voice(confirm=True, machine_detection=True),
        intent=content(say="1 < 2 & 3", voice="Polly.Joanna", language="en-US", dial="+14155550102"),
    ),
    "voice that tells machines from people": a_situation(
        "voice", purpose=voice(machine_detection=True, voicemail_counts=False)
    ),
    "voice of a long text": a_situation("voice", intent=content(body="word " * 300)),
    "verify": a_situation("verify"),
    "verify by call": a_situation("verify:call"),
    "verify by whatsapp": a_situation("verify:whatsapp"),
    "verify by e-mail": a_situation("verify:email"),
    "studio": a_situation("studio:welcome", intent=an_intent(flow="welcome", parameters={"name": "Ann", "n": [1]})),
    "studio without lookup": a_situation("studio:welcome", lookup=None),
    "studio from a service": a_situation("studio:welcome", sender=replace(SENDER, messaging_service_sid=SERVICE)),
    "e-mail": a_situation("email"),
    "e-mail with html": a_situation("email", intent=content(subject="Héllo", html="<p>Hi</p>")),
}


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS.keys())
def test_what_a_channel_sends_is_accepted_by_the_published_documents(situation: Situation) -> None:
    http = RecordingHttpClient(AnsweringHttpClient(lambda method, url: Response(201, "{}")))
    mail = JudgedMail()
    request = CHANNELS[situation.step.channel].request(situation)
    TwilioCalls(twilio_client(ACCESS, http), mail=mail).send(request)
    assert http.violations + mail.violations == []
    assert len(http.recorded) == (0 if request.operation is Operation.MAIL else 1)


def test_every_operation_is_among_the_situations() -> None:
    built = {CHANNELS[one.step.channel].request(one).operation for one in SITUATIONS.values()}
    assert built == set(Operation)


def test_a_request_that_is_wrong_is_found_at_this_place() -> None:
    http = RecordingHttpClient(AnsweringHttpClient(lambda method, url: Response(201, "{}")))
    situation = a_situation("sms", intent=content(body="x" * 1601))
    TwilioCalls(twilio_client(ACCESS, http)).send(CHANNELS[Step.parse("sms").channel].request(situation))
    assert http.violations == ["message create: form's Body is above 1600"]
    assert NUMBER not in str(http.violations)
