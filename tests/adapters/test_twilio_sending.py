"""Sending and fetching: one SDK call each, the answer as a plain mapping, every failure in our words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from gateway.adapters.twilio import TwilioAccess, twilio_calls
from gateway.channels.shape import Operation, ProviderRequest
from gateway.errors import ProviderRefused, ProviderSilent
from tests.adapters.loopback import Reply, loopback
from tests.adapters.twilio_answers import (
    ACCOUNT,
    FLOW,
    FROM,
    NOW,
    SERVICE,
    TO,
    VERIFY,
    a_call,
    a_code,
    a_message,
    an_attempt,
    an_execution,
    by_path,
    calls_to,
    listed,
    refused,
    rfc2822,
    sid,
)

MESSAGE = ProviderRequest(Operation.MESSAGE, {"to": TO, "messaging_service_sid": SERVICE, "body": "Hi"})
VERIFICATION = {
    "sid": sid("VE"),
    "status": "pending",
    "date_created": "2026-11-24T12:00:00Z",
    "send_code_attempts": [{"attempt_sid": sid("VL"), "channel": "SMS", "time": "2026-11-24T12:00:00Z"}],
}


class Box:
    def __init__(self) -> None:
        self.documents: list[Mapping[str, Any]] = []

    def send(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        self.documents.append(document)
        return {"sid": "id-1", "status": "accepted"}


def test_a_message_is_created_and_its_answer_is_a_plain_mapping() -> None:
    with calls_to(lambda asked: Reply(201, a_message())) as (calls, server):
        answer = calls.send(MESSAGE)
    assert server.asked[0].form == {"To": [TO], "MessagingServiceSid": [SERVICE], "Body": ["Hi"]}
    assert {key: answer[key] for key in ("sid", "status", "num_segments", "price", "error_code", "from_")} == {
        "sid": sid("SM"),
        "status": "accepted",
        "num_segments": "0",
        "price": None,
        "error_code": None,
        "from_": None,
    }
    assert answer["date_created"] == NOW
    assert type(answer) is dict


def test_a_call_is_created() -> None:
    params = {"to": TO, "from_": FROM, "twiml": "<Response/>", "status_callback_event": ["answered", "completed"]}
    with calls_to(lambda asked: Reply(201, a_call())) as (calls, server):
        answer = calls.send(ProviderRequest(Operation.CALL, params))
    assert server.asked[0].path.endswith("/Calls.json")
    assert server.asked[0].form["StatusCallbackEvent"] == ["answered", "completed"]
    assert (answer["sid"], answer["status"]) == (sid("CA"), "queued")


def test_a_verification_is_created_under_its_service() -> None:
    request = ProviderRequest(Operation.VERIFICATION, {"to": TO, "channel": "sms"}, resource=VERIFY)
    with calls_to(lambda asked: Reply(201, VERIFICATION)) as (calls, server):
        answer = calls.send(request)
    assert server.asked[0].path == f"/v2/Services/{VERIFY}/Verifications"
    assert server.asked[0].headers["Host"] == "verify.twilio.com"
    assert len(answer["send_code_attempts"]) == 1


def test_an_execution_is_created_with_its_parameters_as_json() -> None:
    request = ProviderRequest(
        Operation.EXECUTION, {"to": TO, "from_": FROM, "parameters": {"intent_id": "i1"}}, resource=FLOW
    )
    with calls_to(lambda asked: Reply(201, an_execution())) as (calls, server):
        assert calls.send(request)["sid"] == sid("FN")
    assert server.asked[0].form["Parameters"] == ['{"intent_id": "i1"}']


def test_mail_goes_to_the_mail_object() -> None:
    box = Box()
    with calls_to(lambda asked: Reply(), mail=box) as (calls, server):
        assert calls.send(ProviderRequest(Operation.MAIL, {"subject": "Hi"}))["sid"] == "id-1"
    assert (box.documents, server.asked) == ([{"subject": "Hi"}], [])


@pytest.mark.parametrize("operation", list(Operation))
def test_a_test_intent_without_a_sandbox_reaches_nobody(operation: Operation) -> None:
    box = Box()
    request = ProviderRequest(operation, MESSAGE.params, resource=FLOW)
    with calls_to(lambda asked: Reply(201, a_message()), mail=box) as (calls, server):
        with pytest.raises(ProviderRefused) as caught:
            calls.send(request, test=True)
        assert (caught.value.status, server.asked, box.documents) == (403, [], [])


def test_a_test_intent_goes_to_the_sandbox_with_the_sandbox_credentials() -> None:
    with loopback(lambda asked: Reply(201, a_message(9))) as sandbox:
        there = TwilioAccess("AC" + "9" * 32, "AC" + "9" * 32, "other", base_url=sandbox.url)
        with calls_to(lambda asked: Reply(201, a_message()), sandbox=there) as (calls, live):
            assert calls.send(MESSAGE, test=True)["sid"] == sid("SM", 9)
    assert (len(live.asked), sandbox.asked[0].path.split("/")[3]) == (0, "AC" + "9" * 32)


def test_a_refusal_keeps_status_code_wait_and_no_number() -> None:
    reply = Reply(429, {"code": 20429, "message": f"Too many to {TO}", "status": 429}, {"Retry-After": "4"})
    with calls_to(lambda asked: reply) as (calls, _), pytest.raises(ProviderRefused) as caught:
        calls.send(MESSAGE)
    error = caught.value
    assert (error.status, error.code, error.retry_after_seconds) == (429, 20429, 4.0)
    assert error.message.endswith("Too many to <number>")


def test_a_gateway_in_between_that_fails_is_a_refusal_with_its_status() -> None:
    with calls_to(lambda asked: Reply(502, b"<html>")) as (calls, _), pytest.raises(ProviderRefused) as caught:
        calls.send(MESSAGE)
    assert (caught.value.status, caught.value.code) == (502, 502)


def test_a_lost_answer_is_silence_after_sending() -> None:
    with calls_to(lambda asked: Reply(raw=b"")) as (calls, server), pytest.raises(ProviderSilent) as caught:
        calls.send(MESSAGE)
    assert caught.value.sent is True
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("step", "prefix", "path"),
    [
        ("sms", "SM", "/Messages/{}.json"),
        ("whatsapp", "MM", "/Messages/{}.json"),
        ("voice", "CA", "/Calls/{}.json"),
        ("verify", "VE", f"/Services/{VERIFY}/Verifications/{{}}"),
        ("studio:welcome", "FN", f"/Flows/{FLOW}/Executions/{{}}"),
    ],
)
def test_what_is_said_of_an_attempt_is_fetched_by_its_sid(step: str, prefix: str, path: str) -> None:
    one = sid(prefix)
    with calls_to(lambda asked: Reply(body={"sid": one, "status": "there"})) as (calls, server):
        answer = calls.fetch(an_attempt(step, one))
    assert answer is not None
    assert answer["status"] == "there"
    assert server.asked[0].path.endswith(path.format(one))


@pytest.mark.parametrize(
    "attempt",
    [
        an_attempt("sms"),
        an_attempt("email", "x-message-id"),
        an_attempt("totp", sid("YF")),
        an_attempt("studio:gone", sid("FN")),
    ],
    ids=["no SID yet", "e-mail", "TOTP", "flow not configured"],
)
def test_what_cannot_be_asked_is_none_and_costs_no_call(attempt: Any) -> None:
    with calls_to(lambda asked: Reply()) as (calls, server):
        assert calls.fetch(attempt) is None
    assert server.asked == []


def test_a_message_that_twilio_no_longer_has_is_a_refusal() -> None:
    with calls_to(lambda asked: refused(404, 20404)) as (calls, _), pytest.raises(ProviderRefused):
        calls.fetch(an_attempt("sms", sid("SM")))


@pytest.mark.parametrize(
    ("codes", "status"),
    [
        ([], None),
        ([a_code()], "pending"),
        ([a_code(), a_code(2, verification_sid=sid("VE"), conversion_status="converted")], "approved"),
    ],
    ids=["nothing known", "never entered", "entered"],
)
def test_a_verification_put_away_is_judged_by_its_codes_and_never_by_the_404(
    codes: list[dict[str, Any]], status: str | None
) -> None:
    with calls_to(by_path({"/v2/Attempts": lambda asked: listed(asked, "attempts", codes)})) as (calls, server):
        answer = calls.fetch(an_attempt("verify", sid("VE")))
    assert (answer["status"] if answer else None) == status
    assert server.asked[1].query["VerificationSid"] == [sid("VE")]


def test_dates_come_back_aware() -> None:
    at = NOW - timedelta(days=1)
    with calls_to(lambda asked: Reply(body=a_message(date_sent=rfc2822(at)))) as (calls, _):
        answer = calls.fetch(an_attempt("sms", sid("SM")))
    assert answer is not None
    assert answer["date_sent"] == at


def test_the_account_is_in_the_path_also_with_an_api_key() -> None:
    with loopback(lambda asked: Reply(201, a_message())) as server:
        access = TwilioAccess(ACCOUNT, "SK" + "b" * 32, "secret", base_url=server.url)
        twilio_calls(access, mail=None, sandbox=None).send(MESSAGE)
    assert server.asked[0].path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
