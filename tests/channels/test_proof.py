"""Verify and TOTP: whom the code goes to, and that it is awaited."""

from __future__ import annotations

import pytest

from gateway.channels import CHANNELS
from gateway.channels.lacks import Lack
from gateway.channels.shape import Operation
from gateway.model import AttemptStatus, Channel, Recipient, Step
from tests.channels.situations import (
    ADDRESS,
    NUMBER,
    VERIFY_SERVICE,
    a_policy,
    a_situation,
    an_intent,
    some_facts,
)

VERIFY, TOTP = CHANNELS[Channel.VERIFY], CHANNELS[Channel.TOTP]


@pytest.mark.parametrize(
    ("step", "to", "channel"),
    [
        ("verify", NUMBER, "sms"),
        ("verify:call", NUMBER, "call"),
        ("verify:whatsapp", NUMBER, "whatsapp"),
        ("verify:email", ADDRESS, "email"),
    ],
)
def test_a_code_goes_by_its_variant_and_carries_no_text(step: str, to: str, channel: str) -> None:
    request = VERIFY.request(a_situation(step))
    assert (request.operation, request.resource) == (Operation.VERIFICATION, VERIFY_SERVICE)
    assert dict(request.params) == {"to": to, "channel": channel}


def test_a_code_by_mail_needs_an_address() -> None:
    intent = an_intent(to=Recipient(NUMBER))
    assert VERIFY.lacks(Step.parse("verify:email"), intent, some_facts(), a_policy()) is Lack.NO_EMAIL_ADDRESS
    assert VERIFY.lacks(Step.parse("verify"), intent, some_facts(), a_policy()) is None


@pytest.mark.parametrize(("step", "sid"), [("verify", "VE1"), ("totp", "YF1")])
def test_a_code_is_awaited_and_the_answer_sets_no_deadline(step: str, sid: str) -> None:
    outcome = CHANNELS[Step.parse(step).channel].read({"sid": sid, "status": "pending"}, a_situation(step))
    assert outcome.status is AttemptStatus.ACCEPTED
    assert outcome.provider_sid == sid
    assert outcome.deadline is None


def test_totp_needs_a_factor() -> None:
    assert TOTP.lacks(Step.parse("totp"), an_intent(), some_facts(), a_policy()) is Lack.NO_FACTOR


def test_totp_calls_nothing() -> None:
    with pytest.raises(LookupError, match="no provider call"):
        TOTP.request(a_situation("totp"))
