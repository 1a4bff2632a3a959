"""Every page in both widths and both schemes: nothing too wide, nothing serious by axe, no complaint; each is kept."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.looking import SHOTS, Seeded, find, opened, serious, too_wide

LOOKS = [(width, scheme) for width in (360, 1440) for scheme in ("light", "dark")]


def _pages(seeded: Seeded) -> dict[str, str]:
    return {
        "overview": "/console/",
        "people": "/console/people",
        "intents": "/console/intents",
        "intent-delivered": f"/console/intents/{seeded.delivered}",
        "intent-failed": f"/console/intents/{seeded.failed}",
        "intent-waiting": f"/console/intents/{seeded.waiting}",
        "dead-ends": "/console/dead-ends",
        "suppressions": "/console/suppressions",
        "policy": "/console/policy",
        "audit": "/console/audit",
        "missing": "/console/intents/nothing",
    }


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_every_page_fits_and_reads(browser: Browser, seeded: Seeded, width: int, scheme: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page, complaints = opened(browser, seeded, width, scheme)
    for name, path in _pages(seeded).items():
        page.goto(path)
        _judge(page, f"{name}-{width}-{scheme}")
    find(page, "+14155550140")
    _judge(page, f"person-{width}-{scheme}")
    page.goto("/console/policy")
    page.get_by_label("Number", exact=True).fill("+14155550120")
    page.get_by_label("Lookup").select_option("live")
    page.get_by_role("button", name="Explain").click()
    _judge(page, f"explained-{width}-{scheme}")
    page.get_by_role("button", name="Sign out").click()
    _judge(page, f"login-{width}-{scheme}")
    assert complaints.found == []
    page.context.close()


def _judge(page: Page, name: str) -> None:
    page.wait_for_load_state("load")
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)
    assert too_wide(page) == 0, name
    assert serious(page) == [], name
