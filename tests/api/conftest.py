"""The API without a worker: Flask's test client, a real Redis, the sandbox as Twilio."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from werkzeug.test import TestResponse

from gateway import sandbox, wiring
from gateway.adapters.store.connection import connect
from gateway.app import create_app
from gateway.settings import Settings
from gateway.wiring import Gateway
from tests.stack import FLOW_CONFIG, KEY, environment

POLICY = (
    FLOW_CONFIG
    + """
[policy]
deny_carriers = ["Toll Free *"]

[purposes.strict]
mobile = ["sms"]
on_lookup_failure = "reject"

[purposes.dialing]
landline = ["voice"]
mobile = ["voice"]
allow_dial = true

[limits]
recipient_per_hour = 0
recipient_same_body_per_hour = 0
"""
)


@dataclass
class Api:
    gateway: Gateway
    app: Any
    twilio: sandbox.RunningSandbox

    def post(self, path: str, body: Any = None, key: str | None = KEY, **headers: str) -> TestResponse:
        sent = {k.replace("_", "-"): v for k, v in headers.items()}
        if key is not None:
            sent["Authorization"] = f"Bearer {key}"
        found: TestResponse = self.app.test_client().post(path, json=body, headers=sent)
        return found

    def raw(self, path: str, data: bytes, content_type: str = "application/json", *, key: str = KEY) -> TestResponse:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": content_type}
        found: TestResponse = self.app.test_client().post(path, data=data, headers=headers)
        return found

    def get(self, path: str, key: str | None = KEY) -> TestResponse:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        found: TestResponse = self.app.test_client().get(path, headers=headers)
        return found

    def counts(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = requests.get(f"{self.twilio.url}/_sandbox/counts", timeout=5).json()
        return found

    def asked(self) -> list[dict[str, Any]]:
        """What Twilio was asked so far."""
        answer = requests.get(f"{self.twilio.url}/_sandbox/requests", timeout=5).json()
        found: list[dict[str, Any]] = answer["requests"]
        return found


def problem_of(answer: TestResponse) -> dict[str, Any]:
    """The problem document, checked for its form."""
    assert answer.content_type == "application/problem+json", answer.text
    document: dict[str, Any] = answer.get_json()
    assert document["status"] == answer.status_code
    assert document["type"] == f"/problems/{document['code']}"
    assert document["title"] and document["detail"] and document["request_id"]
    return document


@pytest.fixture(scope="module")
def api(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    home: Path = tmp_path_factory.mktemp("api")
    file = home / "gateway.toml"
    file.write_text(POLICY)
    connect(redis_url).flushall()
    with sandbox.start_in_thread(sandbox.SandboxOptions(port=0, hold_ms=4000)) as twilio:
        settings = Settings.load(file, environment(redis_url, twilio.url, "http://127.0.0.1:9"))
        gateway = wiring.build(settings)
        yield Api(gateway, create_app(gateway), twilio)
