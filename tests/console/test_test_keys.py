"""What the pages show and do is real: no test key opens them."""

from __future__ import annotations

from gateway.console.sessions import COOKIE, Session, Sessions
from gateway.console.signing_in import NO
from tests.console.conftest import Console


def test_a_test_key_gets_the_answer_of_a_wrong_one(console: Console) -> None:
    _, secret = console.gateway.keys.create("shop", ["admin", "send"], test=True)
    answers = [console.enter(console.browser(), key) for key in (secret, "gw_test_wrong")]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert all(NO in answer.text and f"{COOKIE}=" not in str(answer.headers) for answer in answers)


def test_a_session_that_a_test_key_has_got_already_is_over(console: Console) -> None:
    key, _ = console.gateway.keys.create("shop", ["admin"], test=True)
    sessions = Sessions(console.gateway)
    browser = console.browser()
    cookie = sessions.written(Session(key.id, key.app, "nonce", sessions._print(key)))
    browser.set_cookie(COOKIE, cookie, path="/console")
    answer = browser.get("/console/people")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/login")
