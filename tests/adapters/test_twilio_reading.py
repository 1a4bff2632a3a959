"""Reads that belong to no attempt: lookups by strict E.164 only, inbound catch-up, and what the doctor asks."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

import pytest

from gateway.adapters.twilio import reading
from gateway.errors import ProviderRefused, ProviderSilent
from tests.adapters.loopback import Reply
from tests.adapters.twilio_answers import (
    ACCOUNT,
    FLOW,
    FROM,
    NOW,
    SERVICE,
    TO,
    VERIFY,
    a_message,
    calls_to,
    listed,
    refused,
    sid,
)

SINCE = NOW - timedelta(hours=1)


def inbound(number: int, at: Any = NOW, **other: Any) -> dict[str, Any]:
    return a_message(number, at, direction="inbound", to=FROM, **{"from": TO}, **other)


def test_a_lookup_asks_for_its_fields_at_once() -> None:
    with calls_to(lambda asked: Reply(body={"valid": True, "country_code": "US"})) as (calls, server):
        answer = calls.lookup_fetch(TO, ("line_type_intelligence", "caller_name"), "US")
    assert (server.asked[0].headers["Host"], server.asked[0].path) == (
        "lookups.twilio.com",
        f"/v2/PhoneNumbers/{TO}",
    )
    assert server.asked[0].query == {"Fields": ["line_type_intelligence,caller_name"], "CountryCode": ["US"]}
    assert (answer["valid"], answer["country_code"], answer["sim_swap"]) == (True, "US", None)


def test_a_lookup_without_fields_or_country_asks_for_neither() -> None:
    with calls_to(lambda asked: Reply(body={"valid": True})) as (calls, server):
        calls.lookup_fetch(TO, ())
    assert server.asked[0].query == {}


@pytest.mark.parametrize(
    ("number", "fields", "country"),
    [
        ("4155550100", (), None),
        ("+1 415 555 0100", (), None),
        ("+0155550100", (), None),
        ("+1415", (), None),
        ("+" + "1" * 16, (), None),
        ("+14155550100\n", (), None),
        ("+1٤١٥٥٥٥٠١٠٠", (), None),
        ("+14155550100/../x", (), None),
        ("sip:ann@example.com", (), None),
        (TO, ("a,b",), None),
        (TO, (), "usa"),
        (TO, (), "us"),
    ],
)
def test_nothing_but_e164_and_plain_words_is_put_into_a_lookup(
    number: str, fields: tuple[str, ...], country: str | None
) -> None:
    with calls_to(lambda asked: Reply()) as (calls, server):
        with pytest.raises(ValueError, match=r"only an E|country|field"):
            calls.lookup_fetch(number, fields, country)
        assert server.asked == []


def test_what_came_in_since_then_is_read_newest_first_without_what_we_wrote() -> None:
    resources = [
        inbound(4, body="STOP"),
        a_message(3),
        inbound(2, SINCE),
        inbound(1, SINCE - timedelta(seconds=1)),
    ]
    with calls_to(lambda asked: listed(asked, "messages", resources)) as (calls, server):
        messages = calls.inbound_messages(FROM, SINCE)
    assert [(one["sid"], one["body"]) for one in messages] == [
        (sid("SM", 4), "STOP"),
        (sid("SM", 2), "Your order shipped"),
    ]
    assert server.asked[0].query == {"To": [FROM], "DateSent>": ["2026-11-24T11:00:30Z"], "PageSize": ["1000"]}
    assert messages[0]["from_"] == TO


def test_fractions_and_other_zones_lose_no_message() -> None:
    since = (NOW + timedelta(microseconds=999_000)).astimezone(timezone(timedelta(hours=2)))
    with calls_to(lambda asked: listed(asked, "messages", [inbound(1, NOW)])) as (calls, server):
        assert len(calls.inbound_messages(FROM, since, until=since + timedelta(minutes=1))) == 1
    assert server.asked[0].query["DateSent>"] == ["2026-11-24T12:00:30Z"]
    assert server.asked[0].query["DateSent<"] == ["2026-11-24T12:01:30Z"]


def test_more_than_can_be_read_at_once_is_not_passed_off_as_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BIG_PAGE", 2)
    monkeypatch.setattr(reading, "INBOUND_PAGES", 3)
    resources = [inbound(n) for n in range(7)]
    with calls_to(lambda asked: listed(asked, "messages", resources)) as (calls, _), pytest.raises(ProviderSilent):
        calls.inbound_messages(FROM, SINCE)


def test_numbers_are_read_over_all_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BIG_PAGE", 2)
    numbers = [{"sid": sid("PN", n), "phone_number": f"+1415555010{n}"} for n in range(5)]
    with calls_to(lambda asked: listed(asked, "incoming_phone_numbers", numbers)) as (calls, _):
        assert [one["phone_number"] for one in calls.incoming_numbers()] == [one["phone_number"] for one in numbers]


@pytest.mark.parametrize(
    ("read", "argument", "path"),
    [
        ("account", (), f"/2010-04-01/Accounts/{ACCOUNT}.json"),
        ("messaging_service", (SERVICE,), f"/v1/Services/{SERVICE}"),
        ("verify_service", (VERIFY,), f"/v2/Services/{VERIFY}"),
        ("flow", (FLOW,), f"/v2/Flows/{FLOW}"),
    ],
)
def test_the_doctor_reads_one_resource_each(read: str, argument: tuple[str, ...], path: str) -> None:
    resource = {"sid": "X", "friendly_name": "here", "definition": {"states": []}}
    with calls_to(lambda asked: Reply(body=resource)) as (calls, server):
        assert getattr(calls, read)(*argument)["friendly_name"] == "here"
    assert server.asked[0].path == path


def test_a_flow_comes_with_its_definition() -> None:
    with calls_to(lambda asked: Reply(body={"sid": FLOW, "definition": {"states": [1]}})) as (calls, _):
        assert calls.flow(FLOW)["definition"] == {"states": [1]}


def test_a_read_that_is_refused_says_so() -> None:
    with calls_to(lambda asked: refused(401, 20003)) as (calls, _), pytest.raises(ProviderRefused) as caught:
        calls.account()
    assert caught.value.code == 20003
