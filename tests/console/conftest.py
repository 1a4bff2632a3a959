"""The console without a browser: Flask's test client, signed in; Twilio is the sandbox, and nobody works."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client as Browser
from werkzeug.test import TestResponse

from gateway import sandbox, wiring
from gateway.adapters.store.connection import connect
from gateway.app import create_app
from gateway.settings import Settings
from gateway.wiring import Gateway
from tests.stack import FLOW_CONFIG, KEY, environment

NO_CAPS = "[limits]\nrecipient_per_hour = 0\nrecipient_same_body_per_hour = 0\nprefix_per_hour = 0\n"


@dataclass
class Console:
    gateway: Gateway
    app: Any

    def browser(self) -> Browser:
        found: Browser = self.app.test_client()
        return found

    def signed_in(self, key: str = KEY) -> Browser:
        browser = self.browser()
        assert self.enter(browser, key).status_code == 303
        return browser

    def enter(self, browser: Browser, key: str) -> TestResponse:
        return browser.post("/console/login", data={"csrf": token(browser.get("/console/login")), "key": key})

    def intent(self, to: str = "+14155550100") -> str:
        answer = self.browser().post(
            "/send", json={"to": to, "body": "Hello."}, headers={"Authorization": f"Bearer {KEY}"}
        )
        found: str = answer.get_json()["id"]
        return found


def token(page: TestResponse) -> str:
    """What the page's forms carry."""
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


@pytest.fixture(scope="module")
def console_of_module(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    file: Path = tmp_path_factory.mktemp("console") / "gateway.toml"
    file.write_text(FLOW_CONFIG + NO_CAPS)
    with sandbox.start_in_thread(sandbox.SandboxOptions(port=0, hold_ms=4000)) as twilio:
        gateway = wiring.build(Settings.load(file, environment(redis_url, twilio.url, "https://gateway.example")))
        yield Console(gateway, create_app(gateway))


@pytest.fixture
def console(console_of_module: Console, redis_url: str) -> Console:
    connect(redis_url).flushall()
    return console_of_module
