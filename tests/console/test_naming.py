"""The caller's name: asked for on demand, at the price shown, with a reason on record, within the budget."""

from __future__ import annotations

import pytest
from werkzeug.test import Client as Browser
from werkzeug.test import TestResponse

from gateway.adapters.store import names
from gateway.console.people import token_for
from tests.console.conftest import Console, token

NUMBER = "+14155550100"


@pytest.fixture
def browser(console: Console) -> Browser:
    return console.signed_in()


@pytest.fixture
def page(console: Console) -> str:
    return f"/console/people/{token_for(console.gateway, NUMBER)}"


def ask(browser: Browser, page: str, why: str = "chargeback 4711") -> TestResponse:
    form = {"csrf": token(browser.get(page)), "why": why}
    return browser.post(f"{page}/name", data=form, follow_redirects=True)


def bought(console: Console) -> int:
    return console.gateway.ledger.totals().get("paid", (0,))[0]


def test_the_price_is_shown_and_looking_costs_nothing(console: Console, browser: Browser, page: str) -> None:
    assert "about $0.01" in browser.get(page).text
    assert bought(console) == 0


def test_a_name_is_bought_once_and_who_asked_is_kept(console: Console, browser: Browser, page: str) -> None:
    answer = ask(browser, page)
    assert "SANDBOX PERSON" in answer.text
    assert "about $0.01" not in answer.text, "it is known now, so it is not sold again"
    assert bought(console) == 1
    (asked,) = console.gateway.lookup_audit.of(NUMBER)
    assert (asked.fields, asked.why) == (("caller_name",), "chargeback 4711")
    assert asked.who


def test_without_a_reason_nothing_is_asked(console: Console, browser: Browser, page: str) -> None:
    assert ask(browser, page, " ").status_code == 400
    assert (bought(console), console.gateway.lookup_audit.newest()) == (0, [])


def test_the_form_s_token_is_needed(console: Console, browser: Browser, page: str) -> None:
    assert browser.post(f"{page}/name", data={"why": "x"}).status_code in (400, 403)
    assert bought(console) == 0


def test_a_lookup_that_is_away_is_told(console: Console, browser: Browser, page: str) -> None:
    console.gateway.client.hset(names.breaker("lookup"), "open_until", 2**52)
    assert "Lookup did not answer" in ask(browser, page).text
    assert bought(console) == 0
