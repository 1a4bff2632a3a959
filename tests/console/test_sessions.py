"""Who gets in, how long, and that no form works without its token."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from gateway.console.signing_in import NO
from tests.console.conftest import Console, token

ACTIONS = (
    "/console/people",
    "/console/suppressions",
    "/console/policy",
    "/console/intents/01ARZ3NDEKTSV4RRFFQ69G5FAV/cancel",
    "/console/intents/01ARZ3NDEKTSV4RRFFQ69G5FAV/retry",
)


def test_an_unknown_key_and_one_without_the_scope_get_the_same_answer(console: Console) -> None:
    _, sender = console.gateway.keys.create("shop", ["send", "lookup", "verify", "suppressions"])
    answers = [console.enter(console.browser(), key) for key in ("gw_live_wrong", "", sender)]
    assert {answer.status_code for answer in answers} == {401}
    assert all(NO in answer.text and "gateway_console=" not in str(answer.headers) for answer in answers)


def test_the_cookie_is_for_this_site_over_https_and_not_for_scripts(console: Console) -> None:
    answer = console.enter(console.browser(), "gw_test_bootstrap_key_for_tests_only")
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("gateway_console="))
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/console", "Max-Age=28800"):
        assert part in cookie
    assert "gw_test_bootstrap" not in cookie


def test_guessing_is_slowed_down(console: Console) -> None:
    browser = console.browser()
    codes = [console.enter(browser, f"gw_live_guess{n}").status_code for n in range(8)]
    assert codes.count(429) >= 2 and codes[0] == 401


def test_the_sign_in_form_needs_its_own_token(console: Console) -> None:
    browser = console.browser()
    browser.get("/console/login")
    answer = browser.post("/console/login", data={"csrf": "x", "key": "gw_test_bootstrap_key_for_tests_only"})
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ACTIONS)
def test_no_action_without_the_forms_token(console: Console, path: str) -> None:
    browser = console.signed_in()
    other = token(console.signed_in().get("/console/people"))
    for given in ({}, {"csrf": ""}, {"csrf": "é"}, {"csrf": other}):
        assert browser.post(path, data={"to": "+14155550100", **given}).status_code == 403


def test_a_revoked_key_ends_its_sessions(console: Console) -> None:
    key, secret = console.gateway.keys.create("operators", ["admin"])
    browser = console.signed_in(secret)
    assert browser.get("/console/people").status_code == 200
    console.gateway.keys.revoke(key.id)
    assert browser.get("/console/people").status_code == 303


def test_a_session_ends_after_eight_hours(console: Console) -> None:
    with time_machine.travel(console.gateway.clock.now(), tick=False) as time:
        browser = console.signed_in()
        cookie = browser.get_cookie("gateway_console", path="/console")
        assert cookie is not None
        time.shift(timedelta(hours=7, minutes=59))
        browser.set_cookie("gateway_console", cookie.value, path="/console")
        assert browser.get("/console/people").status_code == 200
        time.shift(timedelta(minutes=2))
        browser.set_cookie("gateway_console", cookie.value, path="/console")
        assert browser.get("/console/people").status_code == 303


def test_signing_out_kills_the_cookie_itself(console: Console) -> None:
    browser = console.signed_in()
    cookie = browser.get_cookie("gateway_console", path="/console")
    assert cookie is not None
    browser.post("/console/logout", data={"csrf": token(browser.get("/console/people"))})
    browser.set_cookie("gateway_console", cookie.value, path="/console")
    assert browser.get("/console/people").status_code == 303


def test_every_answer_carries_the_strict_headers(console: Console) -> None:
    browser = console.signed_in()
    for path in ("/console/", "/console/login", "/console/static/console.css", "/console/intents/none"):
        with browser.get(path) as answer:
            headers = answer.headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY" and headers["X-Content-Type-Options"] == "nosniff"
