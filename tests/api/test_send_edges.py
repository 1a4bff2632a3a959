"""The edges of `POST /send`: what is just still accepted, what is not; nothing accepted spoils a later answer."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.adapters.store.idempotency import Idempotency
from gateway.adapters.store.intents import IntentStore
from gateway.errors import StoreUnavailable
from tests.api.conftest import Api, problem_of

BODY = {"to": "+14155550100", "body": "Your order has shipped."}
FLOW = {**BODY, "flow": "welcome"}


def refused_field(api: Api, body: dict[str, Any]) -> str:
    problem = problem_of(api.post("/send", body))
    assert problem["code"] == "invalid_request"
    field: str = problem["errors"][0]["field"]
    return field


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", '{"deep": [NaN]}'])
@pytest.mark.parametrize("path", ["/send", "/route"])
def test_a_number_that_json_does_not_have_is_refused(api: Api, path: str, number: str) -> None:
    text = f'{{"to": "+14155550100", "body": "x", "flow": "welcome", "parameters": {{"a": {number}}}}}'
    problem = problem_of(api.raw(path, text.encode()))
    assert (problem["code"], problem["errors"][0]["field"]) == ("invalid_request", "parameters")


@pytest.mark.parametrize(("letter", "size"), [("x", 1), ("\u00e9", 2), ("\u20ac", 3), ("\U0001f600", 4)])
def test_parameters_are_measured_as_the_bytes_that_are_sent(api: Api, letter: str, size: int) -> None:
    most = (8192 - len('{"a":""}')) // size
    assert api.post("/send", {**FLOW, "parameters": {"a": letter * most}}).status_code == 202
    assert refused_field(api, {**FLOW, "parameters": {"a": letter * (most + 1)}}) == "parameters"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/x", "ftp://example.com/x", "example.com/x", "https://", "https:///x",
        "https:/example.com/x", "https:example.com", "https://?x", "https://#x", "https://\\example.com", " https://example.com/",
        "https://example.com/ ", "https://example.com/a b", "https://example.com\n/", "https://exam\tple.com/", "",
    ],
)  # fmt: skip
def test_a_callback_url_is_https_and_whole(api: Api, url: str) -> None:
    assert refused_field(api, {**BODY, "callback_url": url}) == "callback_url"


@pytest.mark.parametrize("url", ["https://example.com", "HTTPS://example.com/x?y=1", "https://[2001:db8::1]:8443/x"])
def test_a_whole_https_callback_url_is_taken(api: Api, url: str) -> None:
    assert api.post("/send", {**BODY, "callback_url": url}).status_code == 202


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+00:01", "0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z"]
)
def test_a_moment_long_past_goes_at_once_and_can_be_read_again(api: Api, moment: str) -> None:
    key = api.gateway.keys.create("the-past", ("send",))[1]
    accepted = api.post("/send", {**BODY, "send_at": moment}, key)
    assert accepted.status_code == 202
    read, listed = api.get(accepted.headers["Location"], key), api.get("/intents", key)
    assert (read.status_code, listed.status_code) == (200, 200)
    assert accepted.get_json()["id"] in [intent["id"] for intent in listed.get_json()["intents"]]


def test_the_spelling_of_a_number_makes_no_other_body(api: Api) -> None:
    key = "spelled-1"
    sent = {"to": "+14155550100", "body": "x", "flow": "welcome", "parameters": {"n": 1, "m": {"a": [2]}}}
    first = api.post("/send", sent, Idempotency_Key=key)
    again = api.post("/send", {**sent, "parameters": {"m": {"a": [2.0]}, "n": 1.0}}, Idempotency_Key=key)
    assert (again.status_code, again.headers["Idempotent-Replayed"], again.text) == (202, "true", first.text)


@pytest.mark.parametrize("country", ["AQ", "us", "GB"])
def test_any_alpha_2_country_may_stand_beside_a_whole_number(api: Api, country: str) -> None:
    accepted = api.post("/send", {**BODY, "country": country})
    assert (accepted.status_code, accepted.get_json()["country"]) == (202, "US")


@pytest.mark.parametrize("channel", ["+14155550177", "verify:+14155550177", "sms:+14155550177", "SMS", "fax", ""])
def test_a_channel_that_does_not_exist_is_refused_and_not_repeated(api: Api, channel: str) -> None:
    answer = api.post("/send", {**BODY, "channels": ["sms", channel]})
    assert problem_of(answer)["errors"][0]["field"] == "channels"
    assert "4155550177" not in answer.text
    assert "whatsapp" in answer.text


@pytest.mark.parametrize("told", ["wait=\u00b2", "wait=-1", "wait=", "wait=1.5", "wait", "respond-async"])
def test_a_preference_that_cannot_be_read_is_ignored(api: Api, told: str) -> None:
    answer = api.post("/send", BODY, Prefer=told)
    assert answer.status_code == 202
    assert "Preference-Applied" not in answer.headers


def test_a_preference_of_no_wait_is_honoured(api: Api) -> None:
    assert api.post("/send", BODY, Prefer="wait=0").headers["Preference-Applied"] == "wait=0"


@pytest.mark.parametrize("lost", [(IntentStore, "load"), (Idempotency, "amend")], ids=["while it waits", "at the end"])
def test_a_store_that_goes_away_during_the_wait_takes_no_accept_back(
    api: Api, monkeypatch: pytest.MonkeyPatch, lost: tuple[type, str]
) -> None:
    def away(*_: Any) -> None:
        raise StoreUnavailable("Connection refused")

    with monkeypatch.context() as patched:
        patched.setattr(*lost, away)
        answer = api.post("/send", BODY, Prefer="wait=1", Idempotency_Key=f"away-{lost[1]}")
    assert answer.status_code == 202, answer.text
    assert "Preference-Applied" not in answer.headers
    assert api.get(answer.headers["Location"]).get_json()["id"] == answer.get_json()["id"]
    again = api.post("/send", BODY, Idempotency_Key=f"away-{lost[1]}")
    assert (again.headers["Idempotent-Replayed"], again.get_json()["id"]) == ("true", answer.get_json()["id"])


def test_a_name_that_holds_a_number_is_not_given_back(api: Api) -> None:
    answer = api.post("/send", {**BODY, "+14155550177": "x", "metadata": {"14155550177": 1}})
    assert answer.status_code == 400
    assert "5550177" not in answer.text
