"""E-mail addresses: which pass, in which form, and which do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest
from gateway.normalize import parse_email


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("ann@example.com", "ann@example.com"),
        ("Ann.O'Hara+news@Example.COM", "Ann.O'Hara+news@example.com"),
        ("a@b.co", "a@b.co"),
        ("ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@BÜCHER.example", "ann@xn--bcher-kva.example"),
        ("ann@例え.jp", "ann@xn--r8jz45g.jp"),
        ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
    ],
)
def test_an_address_passes_with_its_domain_normalized(typed: str, address: str) -> None:
    assert parse_email(typed) == address


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        pytest.param("", "not of the form", id="empty"),
        pytest.param("ann", "not of the form", id="no-at"),
        pytest.param("@example.com", "before @", id="no-name"),
        pytest.param("ann@", "domain", id="no-domain"),
        pytest.param("ann@localhost", "domain", id="one-label"),
        pytest.param("ann@example..com", "domain", id="empty-label"),
        pytest.param("ann@.example.com", "domain", id="leading-dot"),
        pytest.param("ann@example.com.", "domain", id="trailing-dot"),
        pytest.param("ann@-example.com", "domain", id="leading-hyphen"),
        pytest.param("ann@127.0.0.1", "domain", id="ip-address"),
        pytest.param("ann@[127.0.0.1]", "domain", id="address-literal"),
        pytest.param("ann@ex_ample.com", "domain", id="underscore"),
        pytest.param("ann@bü..example", "domain", id="empty-idn-label"),
        pytest.param("ann@" + "ü" * 64 + ".example", "domain", id="idn-label-too-long"),
        pytest.param("ann@" + "a" * 64 + ".example", "domain", id="label-too-long"),
        pytest.param(".ann@example.com", "before @", id="name-begins-with-a-dot"),
        pytest.param("an..n@example.com", "before @", id="two-dots"),
        pytest.param('"ann"@example.com', "before @", id="quoted-name"),
        pytest.param("ann@bob@example.com", "before @", id="two-at"),
        pytest.param("änn@example.com", "before @", id="name-not-ascii"),
        pytest.param("Ann <ann@example.com>", "space", id="with-a-display-name"),
        pytest.param("<ann@example.com>", "before @", id="angle-brackets"),
        pytest.param("ann@example.com\r\nBcc: eve@example.com", "control", id="header-injection"),
        pytest.param("ann\x00@example.com", "control", id="nul"),
        pytest.param("ann\u202e@example.com", "control", id="direction-mark"),
        pytest.param(" ann@example.com", "space", id="leading-space"),
        pytest.param("ann@example.com,eve@example.com", "before @", id="a-list"),
        pytest.param("a" * 65 + "@example.com", "64", id="name-too-long"),
        pytest.param("ann@" + "a" * 60 + "." + "b" * 200 + ".com", "254", id="too-long"),
        pytest.param("a" * 10_240, "254", id="huge"),
    ],
)
def test_what_is_no_address_is_told_why(typed: str, says: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_email(typed, field="email")
    assert caught.value.code == "invalid_request"
    assert caught.value.errors[0].field == "email"
    assert says in caught.value.detail


def test_a_refusal_names_the_field_it_was_asked_for_and_not_the_address() -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_email("ann@localhost", field="to")
    assert caught.value.errors[0].field == "to"
    assert "ann@" not in str(caught.value)


@given(st.one_of(st.text(max_size=80), st.emails(), st.text(alphabet="a.@-é\n\u3002ß1", max_size=20)))
def test_any_text_is_refused_or_read_again_as_the_same(typed: str) -> None:
    try:
        address = parse_email(typed)
    except InvalidRequest:
        return
    assert address.isascii() and len(address) <= 254
    assert parse_email(address) == address
