"""How the browser tests look at a page: signed in, in a width and a scheme, complaints collected, axe run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, Request

from tests.stack import KEY, Stack

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-default-apps", "--no-first-run", "--disable-domain-reliability", "--disable-dev-shm-usage",
    "--disable-features=OptimizationHints,MediaRouter,Translate",
]  # fmt: skip
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
SHOTS = Path(__file__).parents[2] / "build" / "screenshots"
SERIOUS = frozenset({"serious", "critical"})


@dataclass(frozen=True)
class Seeded:
    """Ids of intents: one delivered, one failed for good, one that waits for its time, one that waits for a code."""

    stack: Stack
    delivered: str
    failed: str
    later: str
    waiting: str
    opted_out: str


@dataclass
class Complaints:
    """What a page complained of: script errors, what its policy blocked, requests to anywhere else."""

    own: str
    found: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.found.append(f"error: {error}"))
        page.on("request", self._asked)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.found.append(f"{message.type}: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.own, "data:")):
            self.found.append(f"outside: {request.url}")


def opened(browser: Browser, seeded: Seeded, width: int = 1440, scheme: str = "light") -> tuple[Page, Complaints]:
    """A page of a context of its own, signed in."""
    height = 900 if width > 600 else 780
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]
        base_url=seeded.stack.url,
    )
    page = context.new_page()
    complaints = Complaints(seeded.stack.url)
    complaints.watch(page)
    sign_in(page)
    return page, complaints


def sign_in(page: Page, key: str = KEY) -> None:
    page.goto("/console/login")
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()


def find(page: Page, number: str) -> None:
    page.goto("/console/people")
    page.get_by_label("Number or e-mail address").fill(number)
    page.get_by_role("button", name="Find").click()


def serious(page: Page) -> list[dict[str, Any]]:
    """What axe finds serious or worse, each with where."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    report = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        {"id": found["id"], "help": found["help"], "where": [node["target"] for node in found["nodes"]][:4]}
        for found in report["violations"]
        if found["impact"] in SERIOUS
    ]


def too_wide(page: Page) -> float:
    """By how many pixels the page can be moved sideways."""
    wide: float = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wide
