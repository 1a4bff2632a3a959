"""Callback URLs: what Twilio is given, and the token of a flow."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.callbacks import CallbackUrls, studio_token, studio_token_ok

URLS = CallbackUrls("https://gw.example.com")
SECRET = b"a secret of the tests"


@pytest.mark.parametrize(
    ("made", "path"),
    [
        (URLS.message("01JABC", 2), "/webhooks/messages/status"),
        (URLS.voice("01JABC", 2), "/webhooks/voice/status"),
        (URLS.gather("01JABC", 2), "/webhooks/voice/gather"),
        (URLS.studio("01JABC", 2), "/webhooks/studio"),
    ],
)
def test_a_url_names_its_intent_and_attempt(made: str, path: str) -> None:
    parts = urlsplit(made)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "gw.example.com", path)
    assert parse_qs(parts.query) == {"intent": ["01JABC"], "attempt": ["2"]}


@pytest.mark.parametrize("made", [URLS.message("i", 1), URLS.voice("i", 1), URLS.gather("i", 1)])
def test_twilio_is_asked_to_retry_what_would_otherwise_be_lost(made: str) -> None:
    overrides = {name: values[0] for name, values in parse_qs(urlsplit(made).fragment).items()}
    assert set(overrides["rp"].split(",")) == {"5xx", "ct", "rt"}
    assert 2 <= int(overrides["rc"]) <= 5
    assert 100 <= int(overrides["ct"]) <= 10_000
    assert int(overrides["tt"]) <= 15_000
    assert 3 * int(overrides["rt"]) <= int(overrides["tt"])


def test_a_studio_url_has_no_fragment() -> None:
    assert "#" not in URLS.studio("i", 1)


def test_a_studio_url_carries_the_token_of_its_attempt() -> None:
    urls = CallbackUrls("https://gw.example.com", lambda intent, attempt: studio_token(SECRET, intent, attempt))
    token = parse_qs(urlsplit(urls.studio("01JABC", 3)).query)["token"][0]
    assert studio_token_ok(SECRET, "01JABC", 3, token)


@pytest.mark.parametrize(
    ("secret", "intent", "attempt"),
    [(b"another", "01JABC", 3), (SECRET, "01JABD", 3), (SECRET, "01JABC", 4), (SECRET, "01JABC\x003", 3)],
)
def test_a_token_of_something_else_does_not_admit(secret: bytes, intent: str, attempt: int) -> None:
    assert not studio_token_ok(SECRET, "01JABC", 3, studio_token(secret, intent, attempt))


@pytest.mark.parametrize("token", ["", "é", "\ud800", "x" * 10_000])
def test_nonsense_does_not_admit_and_does_not_raise(token: str) -> None:
    assert not studio_token_ok(SECRET, "i", 1, token)


@pytest.mark.parametrize(
    ("base", "start"),
    [
        ("https://gw.example.com/", "https://gw.example.com/webhooks/"),
        ("https://gw.example.com/sms/v1/", "https://gw.example.com/sms/v1/webhooks/"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/webhooks/"),
    ],
)
def test_port_and_path_prefix_are_kept(base: str, start: str) -> None:
    assert CallbackUrls(base).message("i", 1).startswith(start)


def test_what_is_not_unreserved_is_quoted() -> None:
    assert "intent=a%26b%20c&" in URLS.message("a&b c", 1)


def test_an_underscore_in_the_host_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"my_host\.example\.com"):
        CallbackUrls("https://my_host.example.com")


@pytest.mark.parametrize(
    "base",
    ["", "gw.example.com", "ftp://gw.example.com", "https://", "https://gw.example.com/?a=1", "https://gw.example.com/#x",
     "https://gw.example.com:x", "https://gw.example.com:0", "https://gw.example.com?"],
)  # fmt: skip
def test_a_base_that_twilio_would_not_call_is_refused(base: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        CallbackUrls(base)
