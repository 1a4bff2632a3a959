"""A browser before a whole gateway: Debian's Chromium driven by Playwright, with a day's worth of things to look at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from gateway.adapters.store.names import COUNTS
from gateway.adapters.store.series import SERIES, SLOT, Series
from gateway.model import SuppressionEntry
from tests.browser.looking import CHROMIUM, FLAGS, Seeded
from tests.stack import FLOW_CONFIG, Stack, running

CONFIG = (
    FLOW_CONFIG
    + """
[limits]
recipient_per_hour = 0
recipient_same_body_per_hour = 0
prefix_per_hour = 0
"""
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.fail(f"{CHROMIUM} is missing: apt-get install chromium", pytrace=False)
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield browser
        browser.close()


# For one module at a time: its worker would answer the bells of every later test that uses the same Redis.
@pytest.fixture(scope="module")
def seeded(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    home: Path = tmp_path_factory.mktemp("browser")
    with running(redis_url, home, CONFIG) as stack:
        yield _with_a_day(stack)


def _with_a_day(stack: Stack) -> Seeded:
    """Every kind of end, an opt-out, and samples of the last day."""
    done = stack.send("+14155550100")["id"]
    called = stack.send("+14155550110")["id"]
    failed = stack.send("+14155550153")["id"]
    second = stack.send("+14155550250")["id"]
    opted_out = stack.send("+14155550140")["id"]
    waiting = stack.send("+14155550120")["id"]
    later = stack.send("+14155550101", send_at=f"{stack.gateway.clock.now() + timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}")
    for intent_id, status in ((done, "delivered"), (called, "delivered"), (failed, "failed")):
        stack.until(intent_id, status)
    stack.until(second, "delivered", "failed")
    stack.until(opted_out, "failed", "suppressed", "delivered")
    stack.until(waiting, "awaiting_verification")
    _samples(stack)
    return Seeded(stack, done, failed, later["id"], waiting, opted_out)


def _samples(stack: Stack) -> None:
    """A day of traffic, as the worker would have sampled it, and totals that fit it."""
    client, now = stack.gateway.client, stack.gateway.clock.now()
    client.delete(SERIES)
    series = Series(client)
    entry = SuppressionEntry("sms", "import", now, "importer", "moved from the old system")
    stack.gateway.suppressions.import_many((f"+1415555{n:04}", entry) for n in range(1000, 1190))
    accepted = delivered = failed = 0
    for back in range(140, 0, -1):
        load = 40 + (back * 7) % 23
        accepted, delivered, failed = accepted + load, delivered + load - back % 5, failed + back % 5
        figures = {
            "status:accepted": accepted,
            "status:delivered": delivered,
            "status:failed": failed,
            "channel:sms": delivered,
            "channel:voice": accepted // 4,
            "queue_age": (back * 3) % 17,
            "suppressed": 190 - back // 2,
        }
        series.note(now - back * SLOT, figures)
    for name, count in (("intents:accepted:notification", accepted), ("intents:delivered", delivered),
                        ("intents:failed", failed), ("attempts:started:sms", delivered),
                        ("attempts:started:voice", accepted // 4)):  # fmt: skip
        client.hincrby(COUNTS, name, count)


@pytest.fixture
def context(browser: Browser, seeded: Seeded) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=seeded.stack.url)
    yield context
    context.close()
