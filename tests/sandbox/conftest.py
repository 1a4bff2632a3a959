"""A sandbox, the unmodified SDK aimed at it, and a small web server that receives its webhooks."""

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from gateway.sandbox import (
    SANDBOX_ACCOUNT_SID,
    SANDBOX_AUTH_TOKEN,
    RunningSandbox,
    SandboxOptions,
    start_in_thread,
)

OPTIONS = SandboxOptions(port=0, step_ms=10, hold_ms=3000)
PATIENCE_SECONDS = 20.0


class AimedHttpClient(TwilioHttpClient):
    """Sends every product's requests to one base URL and keeps the product's name in Host."""

    def __init__(self, base: str, timeout: float = 5.0, keep_host: bool = True) -> None:
        super().__init__(timeout=timeout)
        self._base = base
        self._keep_host = keep_host

    def request(self, method: str, url: str, *rest: Any, **more: Any) -> Any:
        parts = urlsplit(url)
        if self._keep_host:
            more["headers"] = {**(more.get("headers") or {}), "Host": parts.netloc}
        target = self._base + parts.path + (f"?{parts.query}" if parts.query else "")
        return super().request(method, target, *rest, **more)


@dataclass
class Received:
    """One webhook as it came in."""

    path: str
    query: str
    headers: dict[str, str]
    raw: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.raw.decode(), keep_blank_values=True))

    @property
    def json(self) -> Any:
        return json.loads(self.raw)


@dataclass
class Hooks:
    """Receives webhooks. `answers` gives status, content type and body by path; 204 where nothing is said."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: dict[str, list[tuple[int, str, str]]] = field(default_factory=dict)

    def on(self, path: str) -> list[Received]:
        return [one for one in list(self.received) if one.path == path]

    def wait(self, path: str, enough: int) -> list[Received]:
        """At least so many on the path."""
        return eventually(lambda: found if len(found := self.on(path)) >= enough else None)

    def wait_for(self, path: str, name: str, value: str) -> Received:
        """The first on the path whose form says so."""
        return eventually(lambda: next((one for one in self.on(path) if one.form.get(name) == value), None))

    def answer(self, path: str, status: int, body: str = "", kind: str = "text/xml", times: int = 1) -> None:
        self.answers.setdefault(path, []).extend([(status, kind, body)] * times)


def eventually(look: Callable[[], Any]) -> Any:
    """What `look` returns once it is true; fails when patience ends."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < ends:
        found = look()
        if found:
            return found
        time.sleep(0.005)
    raise AssertionError("it did not come about in time")


@pytest.fixture(name="eventually")
def eventually_fixture() -> Callable[[Callable[[], Any]], Any]:
    return eventually


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[RunningSandbox]:
    with start_in_thread(OPTIONS) as running:
        yield running


@pytest.fixture
def sandbox(sandbox_server: RunningSandbox) -> RunningSandbox:
    """The shared sandbox, with nothing in it."""
    requests.post(f"{sandbox_server.url}/_sandbox/reset", timeout=5).raise_for_status()
    return sandbox_server


@pytest.fixture
def aim() -> Callable[..., Client]:
    """A client for a base URL: `aim(url, timeout=…, keep_host=…, user=…, secret=…)`."""

    def build(url: str, user: str = SANDBOX_ACCOUNT_SID, secret: str = SANDBOX_AUTH_TOKEN, **more: Any) -> Client:
        return Client(user, secret, account_sid=SANDBOX_ACCOUNT_SID, http_client=AimedHttpClient(url, **more))

    return build


@pytest.fixture
def client(sandbox: RunningSandbox, aim: Callable[..., Client]) -> Client:
    return aim(sandbox.url)


@pytest.fixture
def hasty(sandbox: RunningSandbox, aim: Callable[..., Client]) -> Client:
    """A client that gives up soon."""
    return aim(sandbox.url, timeout=0.3)


class Control:
    """The control endpoints, by path."""

    def __init__(self, base: str) -> None:
        self._base = f"{base}/_sandbox"

    def get(self, name: str, **query: Any) -> Any:
        return requests.get(f"{self._base}/{name}", params=query, timeout=5).json()

    def post(self, path: str, body: Any = None, status: tuple[int, ...] = (200, 201)) -> Any:
        answer = requests.post(f"{self._base}/{path}", json=body, timeout=10)
        assert answer.status_code in status, answer.text
        return answer.json()

    def delete(self, path: str) -> Any:
        return requests.delete(f"{self._base}/{path}", timeout=5).json()


@pytest.fixture
def control(sandbox: RunningSandbox) -> Control:
    return Control(sandbox.url)


@pytest.fixture
def control_of() -> Callable[[str], Control]:
    return Control


@pytest.fixture(scope="session")
def hooks_server() -> Iterator[tuple[ThreadingHTTPServer, dict[str, Hooks]]]:
    """The hooks of each test are its own, by the first part of the path: what comes late finds those it was for."""
    all_hooks: dict[str, Hooks] = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = urlsplit(self.path)
            token, slash, rest = parts.path.removeprefix("/").partition("/")
            hooks, path = all_hooks[token], slash + rest
            hooks.received.append(Received(path, parts.query, dict(self.headers), raw))
            waiting = hooks.answers.get(path)
            status, kind, body = waiting.pop(0) if waiting else (204, "", "")
            self.send_response(status)
            if kind:
                self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server, all_hooks
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def hooks(hooks_server: tuple[ThreadingHTTPServer, dict[str, Hooks]]) -> Hooks:
    server, all_hooks = hooks_server
    token = secrets.token_hex(8)
    all_hooks[token] = Hooks(f"http://127.0.0.1:{server.server_address[1]}/{token}")
    return all_hooks[token]
