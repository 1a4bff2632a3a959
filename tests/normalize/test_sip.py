"""SIP addresses pass only in the strict form and only to configured hosts."""

from __future__ import annotations

import pytest

from gateway.errors import Refused
from gateway.normalize import SipAddress, parse_phone

HOSTS = frozenset({"pbx.example.com", "10.0.0.5"})


@pytest.mark.parametrize(
    ("typed", "uri"),
    [
        ("sip:bob@pbx.example.com", "sip:bob@pbx.example.com"),
        ("SIP:Bob@PBX.Example.COM", "sip:Bob@pbx.example.com"),
        ("sip:+14155550100@pbx.example.com:5061", "sip:+14155550100@pbx.example.com:5061"),
        ("sip:a.b_c-d@10.0.0.5", "sip:a.b_c-d@10.0.0.5"),
    ],
)
def test_an_address_at_a_configured_host_passes(typed: str, uri: str) -> None:
    parsed = parse_phone(typed, None, sip_hosts=HOSTS)
    assert isinstance(parsed, SipAddress)
    assert parsed.number == parsed.uri == uri
    assert parse_phone(uri, None, sip_hosts=HOSTS) == parsed


@pytest.mark.parametrize(
    "typed",
    [
        "sip:bob@evil.example",
        "sip:bob@pbx.example.com.evil.example",
        "sip:bob@evilpbx.example.com",
        "sip:bob@pbx.example.com@evil.example",
        "sip:bob@evil.example@pbx.example.com",
        "sip:bob@pbx.example.com;transport=tls",
        "sip:bob@pbx.example.com?x-key=value",
        "sip:bob:secret@pbx.example.com",
        "sip:bob@pbx.example.com:",
        "sip:bob@pbx.example.com:0",
        "sip:bob@pbx.example.com:70000",
        "sip:bob@pbx.example.com/",
        "sip:bob@pbx.example.com.",
        "sip:bob@pbx.example.com\n",
        "sip:b ob@pbx.example.com",
        "sip:b%6Fb@pbx.example.com",
        "sip:böb@pbx.example.com",
        "sip:@pbx.example.com",
        "sip:pbx.example.com",
        "sip:",
        " sip:bob@pbx.example.com",
        "sips:bob@pbx.example.com",
    ],
)
def test_any_other_address_is_refused(typed: str) -> None:
    with pytest.raises(Refused) as caught:
        parse_phone(typed, None, sip_hosts=HOSTS)
    assert caught.value.code == "invalid_number"


def test_without_configured_hosts_no_address_passes() -> None:
    with pytest.raises(Refused, match="SIP host"):
        parse_phone("sip:bob@pbx.example.com", None)


def test_a_number_still_passes_where_hosts_are_configured() -> None:
    assert parse_phone("+14155550100", None, sip_hosts=HOSTS).number == "+14155550100"
