"""What every channel must do, tried on each."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from twilio.rest import Client

from gateway.channels import CHANNELS
from gateway.channels.lacks import Lack
from gateway.channels.shape import ChannelShape, Operation, ProviderRequest
from gateway.model import AttemptStatus, Channel, Content, LineType, Recipient, Step
from tests.channels.situations import (
    FLOW_SID,
    NUMBER,
    VERIFY_SERVICE,
    a_policy,
    a_situation,
    an_intent,
    some_facts,
)

STEPS = [
    "sms", "whatsapp", "voice", "verify", "verify:call", "verify:email", "verify:whatsapp", "studio:welcome",
    "email", "totp",
]  # fmt: skip
CALLED = [step for step in STEPS if step != "totp"]
SIP = Recipient("sip:desk@pbx.example.com")


def of(step: str) -> ChannelShape:
    return CHANNELS[Step.parse(step).channel]


def test_every_channel_has_its_file() -> None:
    assert set(CHANNELS) == set(Channel)
    assert all(shape.channel is channel for channel, shape in CHANNELS.items())


@pytest.mark.parametrize("step", STEPS)
def test_a_step_with_all_it_needs_lacks_nothing(step: str) -> None:
    facts = some_facts(factor_sid="YF1", whatsapp_window_until=a_situation(step).expires_at)
    assert of(step).lacks(Step.parse(step), an_intent(), facts, a_policy()) is None


@pytest.mark.parametrize("step", ["sms", "whatsapp", "voice", "email"])
def test_a_delivery_step_lacks_a_body_where_there_is_none(step: str) -> None:
    facts = some_facts(whatsapp_window_until=a_situation(step).expires_at)
    assert of(step).lacks(Step.parse(step), an_intent(content=Content()), facts, a_policy()) is Lack.NO_BODY


@pytest.mark.parametrize("step", ["sms", "whatsapp", "verify", "verify:call", "verify:whatsapp", "studio:welcome"])
def test_a_sip_address_can_only_be_called(step: str) -> None:
    assert of(step).lacks(Step.parse(step), an_intent(to=SIP), some_facts(), a_policy()) is Lack.NOT_FOR_SIP


@pytest.mark.parametrize("channel", list(Channel))
def test_whether_a_line_type_is_reached_is_known_for_all(channel: Channel) -> None:
    answers = {line_type: CHANNELS[channel].reaches(line_type) for line_type in LineType}
    assert answers[LineType.MOBILE]
    assert all(isinstance(answer, bool) for answer in answers.values())


@pytest.mark.parametrize(
    ("channel", "line_type", "reached"),
    [
        (Channel.SMS, LineType.LANDLINE, False),
        (Channel.SMS, LineType.TOLL_FREE, False),
        (Channel.WHATSAPP, LineType.LANDLINE, False),
        (Channel.VOICE, LineType.LANDLINE, True),
        (Channel.VOICE, LineType.PREMIUM, False),
        (Channel.STUDIO, LineType.PAGER, False),
        (Channel.EMAIL, LineType.PAGER, True),
    ],
)
def test_what_a_channel_reaches(channel: Channel, line_type: LineType, reached: bool) -> None:
    assert CHANNELS[channel].reaches(line_type) is reached


def creators() -> dict[Operation, Any]:
    client = Client("AC" + "0" * 32, "token")
    return {
        Operation.MESSAGE: client.messages.create,
        Operation.CALL: client.calls.create,
        Operation.VERIFICATION: client.verify.v2.services(VERIFY_SERVICE).verifications.create,
        Operation.EXECUTION: client.studio.v2.flows(FLOW_SID).executions.create,
    }


@pytest.mark.parametrize("step", [step for step in CALLED if step != "email"])
def test_twilios_own_library_takes_the_parameters(step: str) -> None:
    request = of(step).request(a_situation(step))
    inspect.signature(creators()[request.operation]).bind(**request.params)


@pytest.mark.parametrize("step", CALLED)
def test_a_request_is_the_same_each_time_and_names_its_recipient(step: str) -> None:
    first, second = of(step).request(a_situation(step)), of(step).request(a_situation(step))
    assert first == second
    assert isinstance(first, ProviderRequest)
    assert ("ann@example.com" if "email" in step else NUMBER) in str(first.params)


@pytest.mark.parametrize("step", STEPS)
def test_an_answer_gives_the_sid_back(step: str) -> None:
    outcome = of(step).read({"sid": "XX1"}, a_situation(step))
    assert outcome.provider_sid == "XX1"
    assert outcome.failure is None


@pytest.mark.parametrize("step", STEPS)
def test_an_answer_of_a_status_nobody_knows_is_accepted(step: str) -> None:
    outcome = of(step).read({"sid": "XX1", "status": "brand-new"}, a_situation(step))
    assert outcome.status is AttemptStatus.ACCEPTED


def test_a_lack_is_named_in_words_and_by_code() -> None:
    assert Lack.NO_EMAIL_ADDRESS.code == "no_email_address"
    assert len({lack.code for lack in Lack}) == len(list(Lack))
