"""Studio: who starts which flow with what."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.channels import CHANNELS
from gateway.channels.lacks import Lack
from gateway.channels.shape import Flow, Operation, Sender
from gateway.model import AttemptStatus, Channel, Step
from tests.channels.situations import (
    FLOW_SID,
    NUMBER,
    OUR_NUMBER,
    SENDER,
    SERVICE,
    URLS,
    a_policy,
    a_situation,
    an_intent,
    some_facts,
)

STUDIO = CHANNELS[Channel.STUDIO]
STEP = Step.parse("studio:welcome")
OURS = {
    "line_type": "mobile",
    "carrier": "Example Wireless",
    "country": "US",
    "purpose": "notification",
    "intent_id": "intent-1",
    "callback_url": URLS.studio("intent-1", 2),
}


def start(**changes: Any) -> Any:
    return STUDIO.request(a_situation("studio:welcome", **changes))


def test_a_flow_starts_with_our_parameters() -> None:
    request = start()
    assert (request.operation, request.resource) == (Operation.EXECUTION, FLOW_SID)
    assert request.params == {"to": NUMBER, "from_": OUR_NUMBER, "parameters": OURS}


def test_the_applications_parameters_come_along_and_ours_win() -> None:
    theirs = {
        "order": {"id": 7},
        "carrier": "forged",
        "intent_id": "forged",
        "callback_url": "https://evil.example.com",
    }
    parameters = start(intent=an_intent(parameters=theirs)).params["parameters"]
    assert parameters == {"order": {"id": 7}, **OURS}


@pytest.mark.parametrize(
    ("sender", "from_"),
    [
        (SENDER, OUR_NUMBER),
        (replace(SENDER, messaging_service_sid=SERVICE), SERVICE),
        (
            replace(SENDER, messaging_service_sid=SERVICE, flows={"welcome": Flow(FLOW_SID, "+14155550177")}),
            "+14155550177",
        ),
    ],
    ids=["number", "service", "the_flows_own"],
)
def test_a_flow_starts_from_its_sender(sender: Sender, from_: str) -> None:
    assert start(sender=sender).params["from_"] == from_


def test_what_is_not_known_is_said_so() -> None:
    parameters = start(lookup=None).params["parameters"]
    assert (parameters["line_type"], parameters["carrier"], parameters["country"]) == ("unknown", None, "US")


@pytest.mark.parametrize(
    ("parameters", "lack"),
    [
        ({"t": "x" * (8192 - 8)}, None),
        ({"t": "x" * (8192 - 7)}, Lack.PARAMETERS_TOO_LARGE),
        ({"t": "é" * 4092}, None),
        ({"t": "é" * 4093}, Lack.PARAMETERS_TOO_LARGE),
    ],
    ids=["most", "one_more", "bytes", "not_characters"],
)
def test_parameters_have_a_largest_size(parameters: dict[str, str], lack: Lack | None) -> None:
    assert STUDIO.lacks(STEP, an_intent(parameters=parameters), some_facts(), a_policy()) == lack


def test_a_flow_that_is_not_configured_has_no_sender() -> None:
    assert STUDIO.lacks(STEP, an_intent(), some_facts(), a_policy(flows=frozenset())) is Lack.NO_SENDER


@pytest.mark.parametrize("status", ["active", "ended"])
def test_an_execution_is_sent_and_its_end_is_no_success(status: str) -> None:
    outcome = STUDIO.read({"sid": "FN1", "status": status}, a_situation("studio:welcome"))
    assert outcome.status is AttemptStatus.SENT
