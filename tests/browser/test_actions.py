"""What an operator does in the console, as a person at the keyboard does it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.looking import Seeded, find, opened, sign_in

NUMBER = "+14155550107"


@pytest.fixture
def page(browser: Browser, seeded: Seeded) -> Iterator[Page]:
    seeded.stack.gateway.client.delete(*seeded.stack.gateway.client.keys("gw:rate:console:*") or ["none"])
    page, complaints = opened(browser, seeded)
    yield page
    assert complaints.found == []
    page.context.close()


def test_a_wrong_key_does_not_open_the_console(browser: Browser, seeded: Seeded) -> None:
    page = browser.new_page(base_url=seeded.stack.url)
    sign_in(page, "gw_live_of_somebody_else")
    expect(page.get_by_role("alert")).to_have_text("That key does not open the console.")
    page.goto("/console/")
    expect(page).to_have_url(re.compile("/console/login$"))
    page.close()


def test_signing_out_ends_the_session_also_for_a_copied_cookie(page: Page) -> None:
    cookies = page.context.cookies()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/console/login$"))
    page.context.add_cookies(cookies)  # type: ignore[arg-type]
    page.goto("/console/")
    expect(page).to_have_url(re.compile("/console/login$"))


def test_a_person_is_found_and_the_number_is_seen_nowhere_after(page: Page, seeded: Seeded) -> None:
    find(page, "+1 415 555 0153")
    expect(page.get_by_role("heading", level=1)).to_contain_text("+1415555****")
    assert "0153" not in re.sub(r'(value|datetime)="[^"]*"', "", page.content())  # made of chance or of the time
    assert "4155550153" not in page.url
    page.get_by_role("link", name=f"…{seeded.failed[-8:]}").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(seeded.failed)


def test_a_wrong_number_is_told_without_repeating_it(page: Page) -> None:
    find(page, "12")
    expect(page.get_by_role("alert")).to_be_visible()


def test_an_opt_out_is_added_and_taken_away(page: Page, seeded: Seeded) -> None:
    find(page, NUMBER)
    page.get_by_label("Why").fill("asked by e-mail")
    page.get_by_role("button", name="Suppress").click()
    expect(page.get_by_role("status")).to_contain_text("entry stands")
    assert seeded.stack.post("/send", {"to": NUMBER, "body": "Hello."}).json()["code"] == "recipient_opted_out"
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("status")).to_have_text("The entry is taken away.")
    seeded.stack.send(NUMBER)


def test_a_question_answered_with_no_does_nothing(page: Page) -> None:
    find(page, NUMBER)
    page.get_by_label("Why").fill("a test")
    page.get_by_role("button", name="Suppress").click()
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("suppressed", exact=True)).to_be_visible()


def test_an_address_is_suppressed_from_the_list(page: Page) -> None:
    page.goto("/console/suppressions")
    page.get_by_label("Number or e-mail address").fill("ann@example.com")
    page.get_by_label("About").select_option("email")
    page.get_by_label("Why").fill("bounced by hand")
    page.get_by_role("button", name="Suppress").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("a***@e***")
    expect(page.get_by_role("status")).to_contain_text("entry stands")


def test_a_waiting_intent_is_canceled(page: Page, seeded: Seeded) -> None:
    page.goto(f"/console/intents/{seeded.later}")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("status")).to_have_text("The intent is canceled.")
    assert seeded.stack.intent(seeded.later)["status"] == "canceled"


def test_a_dead_end_is_retried_once_as_a_new_intent(page: Page, seeded: Seeded) -> None:
    again = seeded.stack.send("+14155550150", channels=["sms"])["id"]
    seeded.stack.until(again, "failed")
    page.goto("/console/dead-ends")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name=f"Retry intent {again}").click()
    expect(page.get_by_role("status")).to_contain_text("A new intent was made")
    new = page.url.split("/")[-1].partition("?")[0]
    assert seeded.stack.intent(new)["retry_of"] == again
    page.goto(f"/console/intents/{again}")
    expect(page.get_by_text("retried as")).to_be_visible()
    expect(page.get_by_role("button", name="Retry")).to_have_count(0)


def test_an_open_intent_shows_its_progress_by_itself(page: Page, seeded: Seeded) -> None:
    page.goto(f"/console/intents/{seeded.waiting}")
    badge = page.locator("h1 .badge")
    expect(badge).to_have_text("awaiting verification")
    seeded.stack.post(f"/intents/{seeded.waiting}/cancel")
    expect(badge).to_have_text("canceled", timeout=30_000)


def test_a_decision_is_explained_gate_by_gate(page: Page) -> None:
    page.goto("/console/policy")
    page.get_by_label("Number", exact=True).fill("+447700900123")
    page.get_by_role("button", name="Explain").click()
    expect(page.get_by_role("status")).to_contain_text("country_not_allowed")
    page.get_by_label("Number", exact=True).fill("+14155550130")
    page.get_by_label("Lookup").select_option("live")
    page.get_by_role("button", name="Explain").click()
    expect(page.locator(".gates .bad")).to_contain_text("invalid_number")
    expect(page.locator(".gates .good")).to_have_count(5)


def test_intents_are_filtered(page: Page, seeded: Seeded) -> None:
    page.goto("/console/intents")
    page.get_by_label("Status").select_option("failed")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("link", name=f"…{seeded.failed[-8:]}")).to_be_visible()
    expect(page.get_by_role("link", name=f"…{seeded.delivered[-8:]}")).to_have_count(0)


def test_charts_are_drawn_and_the_span_is_chosen(page: Page) -> None:
    page.goto("/console/")
    expect(page.locator(".chart canvas")).to_have_count(4)
    page.get_by_role("link", name="7 days").click()
    expect(page.locator(".chart canvas")).to_have_count(4)


def test_all_that_was_done_stands_in_the_trail(page: Page) -> None:
    find(page, NUMBER)
    page.goto("/console/audit")
    row = page.get_by_role("row").nth(1)
    expect(row).to_contain_text("bootstrap")
    expect(row).to_contain_text("person opened")
    expect(row).to_contain_text("+1415555****")


def test_the_keyboard_alone_reaches_the_content(page: Page) -> None:
    page.goto("/console/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Sign out")).to_be_focused()


def test_the_documents_page_needs_nothing_from_outside(page: Page) -> None:
    page.goto("/docs")
    expect(page.get_by_text("OAS 3.1")).to_be_visible()
    expect(page.locator(".opblock").first).to_be_visible()
