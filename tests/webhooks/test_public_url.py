"""The signed URL: from configuration and the raw request line."""

from __future__ import annotations

from typing import Any

import pytest

from tests.webhooks.payloads import MESSAGE_STATUS, QUERY
from tests.webhooks.signing import form_post
from tests.webhooks.worlds import world_of
from webhooks.public_url import PublicBase, target_of

FIELDS = list(MESSAGE_STATUS.items())
TARGET = "/webhooks/messages/status" + QUERY


@pytest.mark.parametrize(
    ("base", "origins"),
    [
        ("https://gw.example.com", ("https://gw.example.com", "https://gw.example.com:443")),
        ("https://gw.example.com/", ("https://gw.example.com", "https://gw.example.com:443")),
        ("http://gw.example.com/a/b/", ("http://gw.example.com/a/b", "http://gw.example.com:80/a/b")),
        ("https://gw.example.com:8443", ("https://gw.example.com:8443", "https://gw.example.com")),
        ("https://GW.example.com", ("https://GW.example.com", "https://GW.example.com:443")),
        ("https://[2001:db8::1]:8443", ("https://[2001:db8::1]:8443", "https://[2001:db8::1]")),
    ],
)
def test_a_base_is_tried_with_and_without_its_port(base: str, origins: tuple[str, ...]) -> None:
    assert PublicBase.parse(base).origins == origins


def test_user_and_password_are_left_out_first_and_tried_as_given_after() -> None:
    assert PublicBase.parse("https://u:p@gw.example.com").origins == (
        "https://gw.example.com",
        "https://gw.example.com:443",
        "https://u:p@gw.example.com",
        "https://u:p@gw.example.com:443",
    )


@pytest.mark.parametrize(
    "base",
    [
        "",
        "gw.example.com",
        "ftp://gw.example.com",
        "https://",
        "https://gw.example.com:port",
        "https://g?x",
        "https://g#x",
    ],
)
def test_a_base_that_is_none_stops_the_start(base: str) -> None:
    with pytest.raises(ValueError, match=r"public base|netloc|port"):
        PublicBase.parse(base)


@pytest.mark.parametrize(
    ("environ", "target"),
    [
        ({"RAW_URI": "/a?b=c"}, "/a?b=c"),
        ({"REQUEST_URI": "/a?b=c"}, "/a?b=c"),
        ({"RAW_URI": "/a%2Fb?c=%20d+e"}, "/a%2Fb?c=%20d+e"),
        ({"RAW_URI": "/a?b#c"}, "/a?b"),
        ({"RAW_URI": "//a"}, "//a"),
        ({"RAW_URI": "http://evil.example.com/a?b"}, "/a?b"),
        ({"RAW_URI": "/gw/a?b", "SCRIPT_NAME": "/gw"}, "/a?b"),
        ({"RAW_URI": "/gwa?b", "SCRIPT_NAME": "/gw"}, "/gwa?b"),
        ({"PATH_INFO": "/a b", "QUERY_STRING": "c=%20"}, "/a%20b?c=%20"),
        ({"PATH_INFO": "/España".encode().decode("latin-1"), "QUERY_STRING": ""}, "/Espa%C3%B1a"),
        ({"RAW_URI": "/España".encode().decode("latin-1")}, "/España"),
        ({"RAW_URI": "/\xff"}, None),
        ({"RAW_URI": "*", "PATH_INFO": "/a"}, "/a"),
        ({}, "/"),
    ],
)
def test_the_target_is_the_one_of_the_request_line(environ: dict[str, Any], target: str | None) -> None:
    assert target_of(environ) == target


@pytest.mark.parametrize("base", ["https://gw.example.com/sms", "https://gw.example.com:8443/sms/v1"])
def test_behind_a_proxy_that_strips_the_prefix_a_callback_is_admitted(base: str) -> None:
    assert world_of(base=base).send(form_post(TARGET, FIELDS, base=base)).status_code == 204


@pytest.mark.parametrize("signed", ["https://gw.example.com", "https://gw.example.com:443"])
def test_a_callback_signed_with_or_without_the_default_port_is_admitted(signed: str) -> None:
    assert world_of().send(form_post(TARGET, FIELDS, base=signed)).status_code == 204


def test_a_server_that_hands_on_only_decoded_parts_is_served_too() -> None:
    world = world_of()
    post = form_post(TARGET, FIELDS)
    raw = {"RAW_URI": "", "REQUEST_URI": ""}
    answer = world.app.test_client().post(TARGET, data=post.body, headers=post.headers, environ_overrides=raw)
    assert answer.status_code == 204
