"""The SDK over our HTTP client: what goes out, what never goes out, and what is never logged."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from twilio.rest import Client

from gateway.adapters.twilio import PooledHttpClient, TwilioAccess, twilio_client
from gateway.adapters.twilio.errors import asked_wait
from gateway.adapters.twilio.wire import Wire
from gateway.errors import ProviderSilent
from tests.adapters.loopback import Loopback, Reply, loopback

ACCOUNT = "AC" + "a" * 32
CREATED = {"sid": "SM" + "b" * 32, "status": "queued"}


@pytest.fixture
def server() -> Iterator[Loopback]:
    with loopback(lambda asked: Reply(201, CREATED, {"Twilio-Request-Id": "RQ1"})) as running:
        yield running


def access(server: Loopback, **other: Any) -> TwilioAccess:
    return TwilioAccess(ACCOUNT, "SK" + "c" * 32, "secret", base_url=server.url, **other)


def client(server: Loopback) -> Client:
    return twilio_client(access(server))


def test_a_message_goes_out_as_a_form_with_basic_credentials_of_the_api_key(server: Loopback) -> None:
    made = client(server).messages.create(
        to="+14155550100", from_="+14155550199", body="a b&c é", media_url=["https://a.test/1", "https://a.test/2"]
    )
    (asked,) = server.asked
    assert asked.path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert asked.form == {
        "To": ["+14155550100"],
        "From": ["+14155550199"],
        "Body": ["a b&c é"],
        "MediaUrl": ["https://a.test/1", "https://a.test/2"],
    }
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert base64.b64decode(asked.headers["Authorization"].removeprefix("Basic ")).decode() == f"SK{'c' * 32}:secret"
    assert made.sid == CREATED["sid"]


def test_status_and_headers_reach_the_callers_of_with_http_info(server: Loopback) -> None:
    answer = client(server).messages.create_with_http_info(to="+14155550100", from_="+14155550199", body="x")
    assert (answer.status_code, answer.headers["Twilio-Request-Id"]) == (201, "RQ1")


def test_region_and_edge_in_the_environment_move_nothing(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    client(server).messages.create(to="+14155550100", from_="+14155550199", body="x")
    assert server.asked[0].headers["Host"] == "api.twilio.com"


def test_credentials_in_the_environment_are_not_borrowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "from the environment")
    with pytest.raises(ValueError, match="needed"):
        twilio_client(TwilioAccess(ACCOUNT, ACCOUNT, ""))


def test_the_secret_is_not_in_the_representation() -> None:
    assert "hunter2" not in repr(TwilioAccess(ACCOUNT, ACCOUNT, "hunter2"))


def test_nothing_is_logged_and_nothing_is_kept(server: Loopback, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "twilio.http_client"):
        one = client(server)
        one.messages.create(to="+14155550100", from_="+14155550199", body="secret text")
    assert caplog.records == []
    assert one.http_client._test_only_last_request is None


@pytest.mark.parametrize("number", ["+1415 555", "+1415/../../x", "+1415#x", "+1415\r\nX: y", "..", "+1415é"])
def test_a_path_part_that_would_change_the_path_does_not_leave(server: Loopback, number: str) -> None:
    with pytest.raises(ValueError, match="path"):
        client(server).lookups.v2.phone_numbers(number + "/x").fetch()
    assert server.asked == []


@pytest.mark.parametrize("reply", [Reply(200, b"<html>ok</html>"), Reply(201, b""), Reply(302, b"")])
def test_a_success_that_is_not_a_json_object_is_silence(reply: Reply) -> None:
    with loopback(lambda asked: reply) as server, pytest.raises(ProviderSilent) as caught:
        client(server).messages("SM" + "b" * 32).fetch()
    assert caught.value.sent is True


def test_lists_are_read_over_pages_also_when_the_next_one_is_named_with_its_host() -> None:
    pages = {
        None: {
            "meta": {"key": "services", "next_page_url": "https://verify.twilio.com/v2/Services?PageToken=a%2Bb"},
            "services": [{"sid": "VA1"}],
        },
        "a+b": {"meta": {"key": "services", "next_page_url": None}, "services": [{"sid": "VA2"}]},
    }
    with loopback(lambda asked: Reply(body=pages[asked.query.get("PageToken", [None])[0]])) as server:
        found = [service.sid for service in client(server).verify.v2.services.list(limit=10)]
    assert found == ["VA1", "VA2"]
    assert {asked.headers["Host"] for asked in server.asked} == {"verify.twilio.com"}


def test_the_wait_asked_for_is_left_for_the_error_and_forgotten_with_the_next_answer() -> None:
    replies = iter([Reply(429, {}, {"Retry-After": "7"}), Reply(body={})])
    with loopback(lambda asked: next(replies)) as server:
        http = PooledHttpClient(Wire(base_url=server.url))
        http.request("GET", "https://api.twilio.com/x")
        assert asked_wait.get() == 7.0
        http.request("GET", "https://api.twilio.com/x")
        assert asked_wait.get() is None
