"""Every other request of the Twilio adapter: searches, reads, checks, factors, lookups. Judged as it goes out."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twilio.http.response import Response

from gateway.adapters.twilio import Homes, TwilioAccess, TwilioCalls, twilio_client
from gateway.channels import CHANNELS
from gateway.model import Attempt, AttemptStatus, Step
from tests.channels.situations import FLOW_SID, NUMBER, OUR_NUMBER, SERVICE, VERIFY_SERVICE, a_situation
from tests.contract.recording import AnsweringHttpClient, RecordingHttpClient
from tests.contract.twilio_schemas import ENDPOINTS

AT = datetime(2026, 11, 24, 12, 0, 30, 500_000, tzinfo=UTC)
IDENTITY = "6f1c2f0e-3b6a-4e6e-9a51-2b7f00000000"
VE, YF = "VE" + "0" * 32, "YF" + "0" * 32
ACCESS = TwilioAccess("AC" + "0" * 32, "SK" + "0" * 32, "secret")

# Enough of every list for the adapter to go on to what it reads next.
EXECUTION = {"sid": "FN" + "0" * 32, "contact_channel_address": NUMBER, "date_created": "2026-11-24T12:00:00Z"}
LISTS: dict[str, list[dict[str, Any]]] = {"Executions": [EXECUTION]}


LISTED = frozenset(
    {"Messages", "Calls", "IncomingPhoneNumbers", "Attempts", "Executions", "PhoneNumbers", "ShortCodes"}
)


def answer(method: str, url: str) -> Response:
    path = url.partition("?")[0]
    name = path.rpartition("/")[2].removesuffix(".json")
    if name in LISTED and method == "GET":
        body: dict[str, Any] = {"rows": LISTS.get(name, []), "meta": {"key": "rows", "next_page_url": None}}
        return Response(200, json.dumps(body))
    if "/Verifications/" in path and method == "GET":
        return Response(404, json.dumps({"code": 20404, "message": "not found", "status": 404}))
    return Response(200, "{}")


def attempt(step: str, sid: str | None = None) -> Attempt:
    return Attempt(1, Step.parse(step), AttemptStatus.UNKNOWN, AT, provider_sid=sid)


def search(step: str) -> Callable[[TwilioCalls], object]:
    situation = a_situation(step)
    request = CHANNELS[situation.step.channel].request(situation)
    return lambda calls: calls.search(attempt(step), request)


def fetch(step: str, prefix: str) -> Callable[[TwilioCalls], object]:
    return lambda calls: calls.fetch(attempt(step, prefix + "0" * 32))


REQUESTS: dict[str, tuple[Callable[[TwilioCalls], object], list[str]]] = {
    "search of a message": (search("sms"), ["message list"]),
    "search of a whatsapp message": (search("whatsapp"), ["message list"]),
    "search of a call": (search("voice"), ["call list"]),
    "search of a verification": (search("verify"), ["verification attempt list"]),
    "search of an execution": (search("studio:welcome"), ["execution list", "execution context fetch"]),
    "fetch of a message": (fetch("sms", "SM"), ["message fetch"]),
    "fetch of an mms": (fetch("sms", "MM"), ["message fetch"]),
    "fetch of a call": (fetch("voice", "CA"), ["call fetch"]),
    "fetch of an execution": (fetch("studio:welcome", "FN"), ["execution fetch"]),
    "fetch of a verification": (fetch("verify", "VE"), ["verification fetch", "verification attempt list"]),
    "check by address": (
        lambda calls: calls.check_verification(VERIFY_SERVICE, code="123456", to=NUMBER),
        ["verification check"],
    ),
    "check by SID": (
        lambda calls: calls.check_verification(VERIFY_SERVICE, code="123456", sid=VE),
        ["verification check"],
    ),
    "cancellation": (lambda calls: calls.cancel_verification(VERIFY_SERVICE, VE), ["verification update"]),
    "new factor": (lambda calls: calls.create_factor(VERIFY_SERVICE, IDENTITY, "Ann's phone"), ["factor create"]),
    "factor's first code": (
        lambda calls: calls.verify_factor(VERIFY_SERVICE, IDENTITY, YF, "123456"),
        ["factor update"],
    ),
    "challenge": (lambda calls: calls.challenge(VERIFY_SERVICE, IDENTITY, YF, "123456"), ["challenge create"]),
    "free lookup": (lambda calls: calls.lookup_fetch(NUMBER, ()), ["lookup fetch"]),
    "lookup": (
        lambda calls: calls.lookup_fetch(NUMBER, ("line_type_intelligence", "sim_swap"), "US"),
        ["lookup fetch"],
    ),
    "inbound messages": (
        lambda calls: calls.inbound_messages(OUR_NUMBER, AT, until=AT + timedelta(hours=1)),
        ["message list"],
    ),
    "account": (lambda calls: calls.account(), ["account fetch"]),
    "numbers": (lambda calls: calls.incoming_numbers(), ["incoming number list"]),
    "messaging service": (lambda calls: calls.messaging_service(SERVICE), ["messaging service fetch"]),
    "senders of a service": (
        lambda calls: calls.service_senders(SERVICE),
        ["messaging service PhoneNumbers", "messaging service ShortCodes"],
    ),
    "verify service": (lambda calls: calls.verify_service(VERIFY_SERVICE), ["verify service fetch"]),
    "flow": (lambda calls: calls.flow(FLOW_SID), ["flow fetch"]),
}


@pytest.mark.parametrize(("ask", "endpoints"), REQUESTS.values(), ids=REQUESTS.keys())
def test_what_is_asked_is_accepted_by_the_published_documents(
    ask: Callable[[TwilioCalls], object], endpoints: list[str]
) -> None:
    http = RecordingHttpClient(AnsweringHttpClient(answer))
    ask(TwilioCalls(twilio_client(ACCESS, http), homes=Homes(VERIFY_SERVICE, {"welcome": FLOW_SID})))
    assert http.violations == []
    assert [one.endpoint for one in http.recorded] == endpoints


def test_no_endpoint_of_the_tables_goes_unused() -> None:
    sent_elsewhere = {"message create", "call create", "verification create", "execution create"}
    asked = {name for _, names in REQUESTS.values() for name in names}
    assert asked | sent_elsewhere == {endpoint.name for endpoint in ENDPOINTS}
