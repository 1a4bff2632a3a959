"""What the pages show and do, and that a number typed once is nowhere after."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from werkzeug.test import Client as Browser
from werkzeug.test import TestResponse as Response

from gateway.adapters.store.operators import Deed, OperatorTrail
from gateway.console.people import token_for
from gateway.model import LineType, SuppressionEntry
from tests.console.conftest import Console, token

NUMBER = "+14155550100"


@pytest.fixture
def browser(console: Console) -> Browser:
    return console.signed_in()


def _person(browser: Browser, typed: str, country: str = "") -> str:
    form = {"csrf": token(browser.get("/console/people")), "to": typed, "country": country}
    answer = browser.post("/console/people", data=form)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def shown(page: Response) -> str:
    """Without what is made of chance or of the time: tokens of forms, and moments."""
    return re.sub(r'(value|datetime)="[^"]*"', "", page.text)


def _deeds(console: Console) -> list[Deed]:
    return OperatorTrail(console.gateway.client, console.gateway.clock).page(None, 50)[0]


def test_a_person_is_found_however_the_number_is_typed(console: Console, browser: Browser) -> None:
    intent_id = console.intent()
    for typed, country in ((NUMBER, ""), ("(415) 555-0100", "us")):
        location = _person(browser, typed, country)
        page = browser.get(location)
        assert "5550100" not in location and "0100" not in shown(page)
        assert "+1415555****" in page.text and intent_id in page.text


def test_a_token_of_a_person_ends_after_eight_hours_and_cannot_be_made_up(console: Console, browser: Browser) -> None:
    with time_machine.travel(console.gateway.clock.now() - timedelta(hours=8, minutes=1)):
        old = token_for(console.gateway, NUMBER)
    good = token_for(console.gateway, NUMBER)
    forged = good[:20] + ("B" if good[20] == "A" else "A") + good[21:]
    for wrong in (old, "x", "é", "A" * 80, forged):
        assert browser.get(f"/console/people/{wrong}").status_code == 404


def test_a_deed_is_written_down_with_who_and_masked(console: Console) -> None:
    key, secret = console.gateway.keys.create("operators", ["admin"])
    browser = console.signed_in(secret)
    location = _person(browser, NUMBER)
    form = {"csrf": token(browser.get(location)), "scope": "sms", "why": "asked"}
    assert browser.post(f"{location}/suppress", data=form).status_code == 303
    deeds = _deeds(console)
    assert [(d.who, d.what, d.about) for d in deeds[:3]] == [
        (key.id, "suppression_added", "+1415555****"),
        (key.id, "person_opened", "+1415555****"),
        (key.id, "signed_in", ""),
    ]
    entry = console.gateway.suppressions.entries(NUMBER)[0]
    assert (entry.scope, entry.source, entry.who, entry.why) == ("sms", "console", key.id, "asked")


def test_removing_a_provider_entry_says_that_twilio_may_still_block(console: Console, browser: Browser) -> None:
    now = console.gateway.clock.now()
    console.gateway.suppressions.add(NUMBER, SuppressionEntry("all", "keyword", now))
    location = _person(browser, NUMBER)
    form = {"csrf": token(browser.get(location)), "scope": "all", "source": "keyword"}
    answer = browser.post(f"{location}/unsuppress", data=form, follow_redirects=True)
    assert "Twilio may keep a block of its own" in answer.text
    assert console.gateway.suppressions.entries(NUMBER) == ()


def test_what_was_learned_of_a_number_names_the_error(console: Console, browser: Browser) -> None:
    now = console.gateway.clock.now()
    console.gateway.learned.learn(NUMBER, LineType.LANDLINE, "30006", now)
    console.gateway.learned.hold(NUMBER, "sms", now + timedelta(hours=1), "30003")
    page = browser.get(_person(browser, NUMBER)).text
    assert "learned from error 30006" in page
    assert "after error 30003" in page


def test_an_intent_is_canceled_once(console: Console, browser: Browser) -> None:
    intent_id = console.intent()
    form = {"csrf": token(browser.get(f"/console/intents/{intent_id}"))}
    assert browser.post(f"/console/intents/{intent_id}/cancel", data=form).status_code == 303
    assert browser.post(f"/console/intents/{intent_id}/cancel", data=form).status_code == 409


def test_a_canceled_intent_of_any_application_is_retried_once(console: Console, browser: Browser) -> None:
    intent_id = console.intent()
    form = {"csrf": token(browser.get(f"/console/intents/{intent_id}"))}
    browser.post(f"/console/intents/{intent_id}/cancel", data=form)
    answer = browser.post(f"/console/intents/{intent_id}/retry", data=form)
    new = answer.headers["Location"].partition("?")[0].rpartition("/")[2]
    retried = console.gateway.intents.load(new)
    assert retried is not None and retried.intent.retry_of == intent_id
    assert browser.post(f"/console/intents/{intent_id}/retry", data=form).status_code == 409


def test_a_decision_is_explained_for_nothing_unless_a_lookup_is_asked_for(console: Console, browser: Browser) -> None:
    form = {"csrf": token(browser.get("/console/policy")), "to": "+14155550110", "purpose": "notification"}
    free = browser.post("/console/policy", data=form | {"lookup": "offline"})
    assert "offline" in free.text
    assert console.gateway.ledger.totals().get("paid", (0, 0))[0] == 0
    live = browser.post("/console/policy", data=form | {"lookup": "live"})
    assert "landline" in live.text and "Example Telephone Company" in live.text
    assert console.gateway.ledger.totals()["paid"][0] == 1
    assert console.gateway.intents.newest("default", None, 10) == []


def test_a_wrong_number_is_told_on_the_page(console: Console, browser: Browser) -> None:
    for path in ("/console/people", "/console/policy", "/console/suppressions"):
        form = {"csrf": token(browser.get(path)), "to": "12", "purpose": "notification", "scope": "all", "why": "x"}
        answer = browser.post(path, data=form)
        assert answer.status_code == 400 and 'role="alert"' in answer.text


@pytest.mark.parametrize("query", ["status=none", "channel=none", "cursor=x", "cursor=9" * 9])
def test_a_made_up_query_is_refused_politely(console: Console, browser: Browser, query: str) -> None:
    answer = browser.get(f"/console/intents?{query}")
    assert answer.status_code == 400 and "<h1>" in answer.text


def test_a_page_that_is_not_there_says_so_as_a_page(console: Console, browser: Browser) -> None:
    answer = browser.get("/console/nowhere/at/all")
    assert answer.status_code == 404 and answer.mimetype == "text/html"
    assert "There is no such page." in answer.text
    stranger = console.browser().get("/console/nowhere")
    assert stranger.status_code == 303 and stranger.headers["Location"].endswith("/console/login")


def test_markup_in_what_others_wrote_stays_text(console: Console, browser: Browser) -> None:
    now = console.gateway.clock.now()
    console.gateway.suppressions.add(NUMBER, SuppressionEntry("all", "import", now, "", "<script>alert(1)</script>"))
    for path in ("/console/suppressions", _person(browser, NUMBER)):
        text = browser.get(path).text
        assert "&lt;script&gt;" in text and "<script>alert" not in text


def test_lists_go_on_where_the_page_before_ended(console: Console, browser: Browser) -> None:
    made = {console.intent(f"+141555501{n % 10:02}") for n in range(55)}
    seen: list[str] = []
    path: str | None = "/console/intents"
    while path:
        page = browser.get(path).text
        seen += re.findall(r"/console/intents/([0-9A-Z]{26})", page)
        older = re.search(r'href="([^"]+cursor=[^"]+)">Older', page)
        path = older[1].replace("&amp;", "&") if older else None
    assert sorted(seen) == sorted(made)
