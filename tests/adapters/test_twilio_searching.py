"""Looking for an attempt whose outcome is unknown: what counts as it, what does not, and when it cannot be told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from gateway.channels.shape import Operation, ProviderRequest
from gateway.errors import ProviderRefused, ProviderSilent
from gateway.ports import Found
from tests.adapters.loopback import Asked, Reply
from tests.adapters.twilio_answers import (
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
    sid,
)

BODY = "Your order shipped"
BY_SERVICE = {"to": TO, "messaging_service_sid": SERVICE, "body": BODY}
BY_NUMBER = {"to": TO, "from_": FROM, "body": BODY}
WINDOW = NOW - timedelta(minutes=5)


def message(**params: Any) -> ProviderRequest:
    return ProviderRequest(Operation.MESSAGE, params)


def sids(found: Sequence[Found]) -> list[str]:
    return [one.sid for one in found]


def messages_found(resources: list[dict[str, Any]], request: ProviderRequest) -> list[str]:
    with calls_to(lambda asked: listed(asked, "messages", resources)) as (calls, _):
        return sids(calls.search(an_attempt(), request))


def test_messages_are_listed_by_recipient_alone() -> None:
    with calls_to(lambda asked: listed(asked, "messages", [a_message()])) as (calls, server):
        (found,) = calls.search(an_attempt(), message(**BY_SERVICE))
    assert server.asked[0].query == {"To": [TO], "PageSize": ["100"]}
    assert (found.sid, found.answer["status"]) == (sid("SM"), "accepted")


@pytest.mark.parametrize(
    ("resource", "request_", "is_it"),
    [
        pytest.param(a_message(), message(**BY_SERVICE), True, id="same service"),
        pytest.param(a_message(), message(**BY_NUMBER), False, id="other sender"),
        pytest.param(
            a_message(messaging_service_sid=None) | {"from": FROM}, message(**BY_NUMBER), True, id="same number"
        ),
        pytest.param(a_message(messaging_service_sid="MG0"), message(**BY_SERVICE), False, id="other service"),
        pytest.param(a_message(body="Other"), message(**BY_SERVICE), False, id="other text"),
        pytest.param(a_message(body=BODY + " \n"), message(**BY_SERVICE), True, id="white space at the end"),
        pytest.param(
            a_message(body="Sent from your Twilio trial account - " + BODY),
            message(**BY_SERVICE),
            True,
            id="trial account",
        ),
        pytest.param(a_message(direction="inbound"), message(**BY_SERVICE), False, id="inbound"),
        pytest.param(a_message(at=WINDOW), message(**BY_SERVICE), True, id="just inside the window"),
        pytest.param(a_message(at=WINDOW - timedelta(seconds=1)), message(**BY_SERVICE), False, id="just too old"),
        pytest.param(
            a_message(body="Hi Ann"),
            message(to=TO, messaging_service_sid=SERVICE, content_sid="HX" + "0" * 32),
            True,
            id="a template's text is Twilio's",
        ),
    ],
)
def test_a_message_is_the_one_by_sender_text_and_time(
    resource: dict[str, Any], request_: ProviderRequest, is_it: bool
) -> None:
    assert messages_found([resource], request_) == ([sid("SM")] if is_it else [])


def test_the_fraction_of_a_second_that_twilio_does_not_keep_loses_no_message() -> None:
    begun = an_attempt(at=NOW + timedelta(microseconds=999_000))
    with calls_to(lambda asked: listed(asked, "messages", [a_message(at=WINDOW)])) as (calls, _):
        assert sids(calls.search(begun, message(**BY_SERVICE))) == [sid("SM")]


def test_candidates_come_newest_first() -> None:
    resources = [a_message(3, NOW + timedelta(minutes=1)), a_message(2), a_message(1, WINDOW)]
    assert messages_found(resources, message(**BY_SERVICE)) == [sid("SM", 3), sid("SM", 2), sid("SM", 1)]


def test_a_row_a_little_out_of_order_does_not_hide_the_one_behind_it() -> None:
    resources = [a_message(2, WINDOW - timedelta(seconds=1), body="Other"), a_message(1)]
    assert messages_found(resources, message(**BY_SERVICE)) == [sid("SM", 1)]


def test_reading_stops_with_the_page_that_leaves_the_window() -> None:
    old = [a_message(n, NOW - timedelta(hours=1)) for n in range(1000)]
    with calls_to(lambda asked: listed(asked, "messages", [a_message(1), *old])) as (calls, server):
        assert sids(calls.search(an_attempt(), message(**BY_SERVICE))) == [sid("SM", 1)]
    assert len(server.asked) == 1


def test_later_pages_are_read_up_to_the_bound() -> None:
    crowd = [a_message(n, body="Other") for n in range(2, 451)]
    resources = [*crowd, a_message(1)]
    with calls_to(lambda asked: listed(asked, "messages", resources)) as (calls, server):
        assert sids(calls.search(an_attempt(), message(**BY_SERVICE))) == [sid("SM", 1)]
    assert len(server.asked) == 5


def test_a_window_that_does_not_end_within_the_bound_cannot_be_told() -> None:
    crowd = [a_message(n, body="Other") for n in range(2, 600)]
    with calls_to(lambda asked: listed(asked, "messages", crowd)) as (calls, server):
        with pytest.raises(ProviderSilent) as caught:
            calls.search(an_attempt(), message(**BY_SERVICE))
        assert (caught.value.sent, len(server.asked)) == (True, 5)


def test_a_search_that_is_refused_cannot_be_told() -> None:
    with calls_to(lambda asked: refused(503, 20503)) as (calls, _), pytest.raises(ProviderRefused) as caught:
        calls.search(an_attempt(), message(**BY_SERVICE))
    assert (caught.value.status, caught.value.code) == (503, 20503)


@pytest.mark.parametrize("retention", [{"content_retention": "discard"}, {"address_retention": "obfuscate"}])
def test_messages_that_are_not_kept_are_not_searched_for(retention: dict[str, str]) -> None:
    with calls_to(lambda asked: listed(asked, "messages", [])) as (calls, server):
        with pytest.raises(ProviderSilent):
            calls.search(an_attempt(), message(**BY_SERVICE, **retention))
        assert server.asked == []


def test_mail_is_not_searched_for() -> None:
    with calls_to(lambda asked: Reply()) as (calls, _), pytest.raises(ProviderSilent):
        calls.search(an_attempt("email"), ProviderRequest(Operation.MAIL, {}))


def test_calls_are_listed_by_both_ends_within_the_window() -> None:
    resources = [a_call(2), a_call(1, WINDOW - timedelta(seconds=1))]
    request = ProviderRequest(Operation.CALL, {"to": TO, "from_": FROM, "twiml": "<Response/>"})
    with calls_to(lambda asked: listed(asked, "calls", resources)) as (calls, server):
        assert sids(calls.search(an_attempt("voice"), request)) == [sid("CA", 2)]
    assert server.asked[0].query == {"To": [TO], "From": [FROM], "PageSize": ["100"]}


def test_verifications_are_found_by_their_codes_once_each() -> None:
    codes = [
        a_code(3, verification_sid=sid("VE", 7), channel="SMS"),
        a_code(2, verification_sid=sid("VE", 7)),
        a_code(1, channel="call"),
    ]
    request = ProviderRequest(Operation.VERIFICATION, {"to": TO, "channel": "sms"}, resource=VERIFY)
    with calls_to(by_path({"/v2/Attempts": lambda asked: listed(asked, "attempts", codes)})) as (calls, server):
        (found,) = calls.search(an_attempt("verify"), request)
    assert (found.sid, found.answer["sid"], found.answer["status"]) == (sid("VE", 7), sid("VE", 7), "pending")
    assert server.asked[0].query == {
        "ChannelData.To": [TO],
        "VerifyServiceSid": [VERIFY],
        "DateCreatedAfter": ["2026-11-24T11:55:30Z"],
        "PageSize": ["100"],
    }


def test_an_execution_is_found_by_the_intent_in_its_context() -> None:
    executions = [an_execution(3, contact_channel_address="+14155550101"), an_execution(2), an_execution(1)]

    def context(asked: Asked) -> Reply:
        intent = "mine" if f"/{sid('FN', 1)}/" in asked.path else "other"
        return Reply(body={"context": {"flow": {"data": {"intent_id": intent}}}})

    answers = by_path({"/Executions": lambda asked: listed(asked, "executions", executions), "/Context": context})
    request = ProviderRequest(
        Operation.EXECUTION, {"to": TO, "from_": FROM, "parameters": {"intent_id": "mine"}}, resource=FLOW
    )
    with calls_to(answers) as (calls, server):
        assert sids(calls.search(an_attempt("studio:welcome"), request)) == [sid("FN", 1)]
    assert server.asked[0].query["DateCreatedFrom"] == ["2026-11-24T11:55:30Z"]
    assert len(server.asked) == 3  # the list, and the contexts of this contact's two


@pytest.mark.parametrize("context", [None, {}, {"flow": None}, {"flow": {"data": "text"}}])
def test_a_context_of_another_shape_is_another_execution(context: Any) -> None:
    answers = by_path(
        {
            "/Executions": lambda asked: listed(asked, "executions", [an_execution()]),
            "/Context": lambda asked: Reply(body={"context": context}),
        }
    )
    request = ProviderRequest(Operation.EXECUTION, {"to": TO, "parameters": {"intent_id": "mine"}}, resource=FLOW)
    with calls_to(answers) as (calls, _):
        assert calls.search(an_attempt("studio:welcome"), request) == []


def test_too_many_executions_of_one_contact_cannot_be_told() -> None:
    executions = [an_execution(n) for n in range(60)]
    request = ProviderRequest(Operation.EXECUTION, {"to": TO, "parameters": {"intent_id": "mine"}}, resource=FLOW)
    with calls_to(lambda asked: listed(asked, "executions", executions)) as (calls, server):
        with pytest.raises(ProviderSilent):
            calls.search(an_attempt("studio:welcome"), request)
        assert len(server.asked) == 1
