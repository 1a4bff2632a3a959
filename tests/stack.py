"""The whole gateway in one process for journeys: real Redis, the sandbox, the web application, the worker."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import requests
from werkzeug.serving import make_server

from gateway import sandbox, wiring
from gateway.adapters.store.connection import connect
from gateway.app import create_app
from gateway.settings import Settings
from gateway.wiring import Gateway
from gateway.worker import WorkerProcess

KEY = "gw_test_bootstrap_key_for_tests_only"
FLOW_CONFIG = f'[studio.flows]\nwelcome = "{sandbox.SANDBOX_FLOW_SID}"\n'


def environment(redis_url: str, twilio_url: str, public_url: str) -> dict[str, str]:
    return {
        "REDIS_URL": redis_url,
        "PUBLIC_BASE_URL": public_url,
        "TWILIO_API_BASE_URL": twilio_url,
        "TWILIO_ACCOUNT_SID": sandbox.SANDBOX_ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": sandbox.SANDBOX_AUTH_TOKEN,
        "TWILIO_MESSAGING_SERVICE_SID": sandbox.SANDBOX_MESSAGING_SERVICE_SID,
        "TWILIO_FROM_NUMBER": sandbox.SANDBOX_FROM_NUMBER,
        "TWILIO_WHATSAPP_FROM": sandbox.SANDBOX_WHATSAPP_FROM,
        "TWILIO_VERIFY_SERVICE_SID": sandbox.SANDBOX_VERIFY_SERVICE_SID,
        "SENDGRID_API_KEY": sandbox.SANDBOX_SENDGRID_API_KEY,
        "SENDGRID_FROM_EMAIL": "gateway@example.com",
        "SENDGRID_WEBHOOK_PUBLIC_KEY": sandbox.SANDBOX_SENDGRID_PUBLIC_KEY,
        "GATEWAY_SECRET_KEY": "a secret key for tests only",
        "GATEWAY_HASH_KEY": "a hash key for tests only",
        "GATEWAY_DATA_KEY": "a data key for tests only",
        "GATEWAY_BOOTSTRAP_API_KEY": KEY,
    }


def patient(settings: Settings) -> Settings:
    """A disk that stands still for a while, which Redis writes to at each step, is no store that is away."""
    return replace(settings, store=settings.store.model_copy(update={"socket_timeout_ms": 20_000}))


@dataclass
class Stack:
    """Speaks to the gateway as an application does, and to the sandbox as its owner does."""

    gateway: Gateway
    url: str
    sandbox_url: str
    twilio: sandbox.RunningSandbox

    def post(self, path: str, body: Mapping[str, Any] | None = None, **headers: str) -> requests.Response:
        sent = {"Authorization": f"Bearer {KEY}"} | {k.replace("_", "-"): v for k, v in headers.items()}
        return requests.post(self.url + path, json=body, headers=sent, timeout=20)

    def get(self, path: str) -> requests.Response:
        return requests.get(self.url + path, headers={"Authorization": f"Bearer {KEY}"}, timeout=20)

    def send(self, to: str, body: str | None = "Your order has shipped.", **more: Any) -> dict[str, Any]:
        document = {"to": to, **({"body": body} if body else {}), **more}
        answer = self.post("/send", document)
        assert answer.status_code == 202, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def intent(self, intent_id: str) -> dict[str, Any]:
        answer = self.get(f"/intents/{intent_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def until(self, intent_id: str, *statuses: str, seconds: float = 15) -> dict[str, Any]:
        """The intent once its status is one of these."""
        return until(lambda: self.intent(intent_id), lambda i: i["status"] in statuses, seconds)

    def received(self, **query: str) -> list[dict[str, Any]]:
        """What the sandbox was asked, oldest first."""
        answer = requests.get(f"{self.sandbox_url}/_sandbox/requests", params=query, timeout=10).json()
        found: list[dict[str, Any]] = answer["requests"]
        return found

    def faults(self, *faults: Mapping[str, Any]) -> None:
        """These befall it from now on, beside those that do already."""
        answer = requests.post(f"{self.sandbox_url}/_sandbox/faults", json={"faults": list(faults)}, timeout=10)
        answer.raise_for_status()

    def no_faults(self) -> None:
        requests.delete(f"{self.sandbox_url}/_sandbox/faults", timeout=10).raise_for_status()


def until(ask: Callable[[], Any], enough: Callable[[Any], bool], seconds: float = 15) -> Any:
    deadline = time.monotonic() + seconds
    while True:
        found = ask()
        if enough(found):
            return found
        assert time.monotonic() < deadline, f"not reached within {seconds} s: {found}"
        time.sleep(0.02)


@contextmanager
def running(
    redis_url: str, home: Path, config: str = FLOW_CONFIG, *, concurrency: int = 6, **more: str
) -> Iterator[Stack]:
    """A flushed Redis, and everything else fresh."""
    connect(redis_url).flushall()
    file = home / "gateway.toml"
    file.write_text(config)
    with sandbox.start_in_thread(sandbox.SandboxOptions(port=0, step_ms=10)) as twilio:
        server = make_server("127.0.0.1", 0, lambda e, s: app(e, s), threaded=True)
        url = f"http://127.0.0.1:{server.server_port}"
        settings = patient(Settings.load(file, environment(redis_url, twilio.url, url) | more))
        gateway = wiring.build(settings)
        wiring.use(gateway)
        app = create_app(gateway)
        web = threading.Thread(target=server.serve_forever, daemon=True)
        web.start()
        worker = WorkerProcess(gateway, concurrency)
        working = threading.Thread(target=worker.run, daemon=True)
        working.start()
        try:
            yield Stack(gateway, url, twilio.url, twilio)
        finally:
            worker.stop()
            server.shutdown()
            server.server_close()
            working.join(10)
            wiring.use(None)
