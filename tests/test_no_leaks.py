"""L7: after a day in the life of the gateway no number, address, text, code or secret stands anywhere in clear.

Looked through, before anything masks it: the records of all loggers at DEBUG, /metrics, /readyz, problem documents,
the names and values of all Redis keys, RQ's jobs, and every command that Redis was sent.
"""

from __future__ import annotations

import logging
import threading
import traceback
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
import structlog

from gateway import sandbox, wiring
from gateway.adapters.store.connection import Client, connect
from gateway.app import create_app
from gateway.settings import Settings
from tests.stack import FLOW_CONFIG, KEY, Stack, environment, running
from tests.stored import everything, holds

MOBILE, LANDLINE, VOIP, INVALID, REFUSED, FAILS, STOPS, CODED = (
    "+14155550100", "+14155550110", "+14155550120", "+14155550130", "+14155550141", "+14155550150", "+14155550105",
    "+14155550103",
)  # fmt: skip
NUMBERS = (MOBILE, LANDLINE, VOIP, INVALID, REFUSED, FAILS, STOPS, CODED)
EMAIL, BODY, REPLY, IDENTITY = "jane.doe@example.org", "Your parcel waits in locker Q", "Thanks, Jane", "person-0001-x"
SECRETS = (
    KEY,
    sandbox.SANDBOX_AUTH_TOKEN,
    sandbox.SANDBOX_SENDGRID_API_KEY,
    "a secret key for tests only",
    "a hash key for tests only",
    "a data key for tests only",
)
NOT_OURS = ("gateway.sandbox", "aiohttp", "asyncio", "werkzeug")
"""The local Twilio runs in this process too, and may say what it likes; so may the server of these tests."""


@dataclass
class Heard:
    """What was logged and what was sent to Redis, as it was before any mask."""

    lines: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)


class _Everything(logging.Handler):
    def __init__(self, heard: Heard) -> None:
        super().__init__(logging.DEBUG)
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(NOT_OURS):
            return
        trace = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        self._heard.lines.append(f"{record.name}: {record.getMessage()} {record.args} {trace}")


@contextmanager
def _listening(heard: Heard) -> Iterator[None]:
    handler, root = _Everything(heard), logging.getLogger()
    names = [name for name in logging.root.manager.loggerDict if not name.startswith(NOT_OURS)]
    before = {name: (logging.getLogger(name).level, logging.getLogger(name).propagate) for name in names}
    level = root.level
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
        logging.getLogger(name).propagate = True
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with structlog.testing.capture_logs() as records:
            yield
        heard.lines.extend(_shown(record) for record in records)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        for name, (old, propagated) in before.items():
            logging.getLogger(name).setLevel(old)
            logging.getLogger(name).propagate = propagated


def _shown(record: Any) -> str:
    error = record.get("exc_info")
    trace = "".join(traceback.format_exception(error)) if isinstance(error, BaseException) else ""
    return f"{record} {trace}"


@contextmanager
def _monitored(url: str, heard: Heard) -> Iterator[None]:
    """MONITOR shows every command with its arguments, those inside scripts too."""
    client, ended = connect(url), threading.Event()
    started = threading.Event()

    def listen() -> None:
        with client.monitor() as monitor:
            started.set()
            for told in monitor.listen():
                heard.commands.append(told["command"])
                if ended.is_set():
                    return

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield
    finally:
        ended.set()
        connect(url).ping()
        thread.join(10)


def _journeys(stack: Stack) -> list[requests.Response]:
    """A little of everything; gives the answers that were refusals."""
    mail = {"webhook_url": f"{stack.url}/webhooks/sendgrid"}
    requests.post(f"{stack.sandbox_url}/_sandbox/sendgrid", json=mail, timeout=10).raise_for_status()
    calm = [stack.send(number, BODY) for number in (MOBILE, LANDLINE, FAILS, REFUSED, STOPS)]
    calm.append(stack.send(LANDLINE, BODY, email=EMAIL, channels=["email"], content={"email": {"subject": BODY}}))
    calm.append(stack.send(VOIP, BODY, purpose="low_risk", metadata={"order": "1"}))
    calm.append(stack.send(CODED, None, purpose="mfa", identity=IDENTITY))
    for intent in calm[:-1]:
        stack.until(intent["id"], "sent", "delivered", "failed", seconds=20)
    stack.until(calm[-1]["id"], "awaiting_verification")
    _person_writes(stack, MOBILE, REPLY)
    _person_writes(stack, STOPS, "STOP")
    auth = {"Authorization": f"Bearer {KEY}"}
    return [
        stack.post("/send", {"to": INVALID, "body": BODY}),
        stack.post("/send", {"to": "415 555 0100", "body": BODY}),
        stack.post("/send", {"to": MOBILE, "body": BODY, "email": f"<{EMAIL}>", "unknown": BODY}),
        stack.post("/send", {"to": [MOBILE], "body": BODY}),
        stack.post("/send", {"to": STOPS, "body": BODY}),
        stack.post(f"/intents/{calm[-1]['id']}/verification", {"code": "000000"}),
        stack.post("/intents/search", {"to": MOBILE + "00000000000", "country": "USA"}),
        requests.post(f"{stack.url}/send", data=f'{{"to": "{MOBILE}", "body": "{BODY}"', headers=auth, timeout=10),
        requests.get(f"{stack.url}/intents/{MOBILE}", headers=auth, timeout=10),
        requests.post(f"{stack.url}/send", json={"to": MOBILE}, headers={"Authorization": "Bearer nobody"}, timeout=10),
        requests.post(f"{stack.url}/webhooks/messages/inbound", data={"From": MOBILE, "Body": BODY}, timeout=10),
    ]


def _person_writes(stack: Stack, number: str, body: str) -> None:
    text = {"from": number, "body": body, "webhook_url": f"{stack.url}/webhooks/messages/inbound"}
    requests.post(f"{stack.sandbox_url}/_sandbox/inbound", json=text, timeout=10).raise_for_status()


def _codes(stack: Stack) -> list[str]:
    shown = requests.get(f"{stack.sandbox_url}/_sandbox/outbox", params={"to": CODED}, timeout=10).json()["outbox"]
    codes = [str(row["code"]) for row in shown if row.get("code")]
    assert codes, "a code was sent, and must be looked for"
    return codes


def needles(codes: list[str]) -> dict[str, str]:
    """What must not be found, with what it is."""
    found = dict.fromkeys(NUMBERS, "number") | {number[1:]: "number" for number in NUMBERS}
    found |= {number[2:]: "national number" for number in NUMBERS}
    found |= {EMAIL: "address", "jane.doe": "address", BODY: "text", REPLY: "text", IDENTITY: "identity"}
    return found | dict.fromkeys(codes, "code") | dict.fromkeys(SECRETS, "secret")


def _everything_in(client: Client) -> Iterator[tuple[str, str]]:
    """Each key's name, and its whole value as text."""
    for name, value in everything(client):
        yield f"name {name}", name
        yield f"value of {name}", repr(value)


@dataclass(frozen=True)
class Day:
    heard: Heard
    codes: list[str]
    refusals: list[requests.Response]
    pages: dict[str, str]
    stored: list[tuple[str, str]]


@pytest.fixture(scope="module")
def day(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    heard = Heard()
    with (
        _listening(heard),
        running(redis_url, tmp_path_factory.mktemp("leaks")) as stack,
        _monitored(redis_url, heard),
    ):
        refusals = _journeys(stack)
        codes = _codes(stack)
        pages = {path: requests.get(stack.url + path, timeout=10).text for path in ("/metrics", "/readyz", "/healthz")}
        stored = list(_everything_in(connect(redis_url)))
    yield Day(heard, codes, refusals, pages, stored)


def _found(texts: list[tuple[str, str]], codes: list[str]) -> list[str]:
    looked_for = needles(codes)
    return [
        f"{kind} {needle!r} in {where}"
        for where, text in texts
        for needle, kind in looked_for.items()
        if (holds(text, needle) if kind == "code" else needle in text)
    ]


def test_no_log_record_of_any_logger_holds_it(day: Day) -> None:
    assert any("intent_accepted" in line for line in day.heard.lines), "the logs were not heard"
    assert _found([(line[:300], line) for line in day.heard.lines], day.codes) == []


def test_no_open_page_holds_it(day: Day) -> None:
    assert 'gateway_intents_accepted_total{purpose="mfa"} 1.0' in day.pages["/metrics"]
    assert _found(list(day.pages.items()), day.codes) == []


def test_no_problem_document_holds_it(day: Day) -> None:
    assert all(answer.status_code >= 400 for answer in day.refusals), [answer.text for answer in day.refusals]
    assert _found([(answer.text, answer.text) for answer in day.refusals], day.codes) == []


def test_no_key_of_redis_holds_it(day: Day) -> None:
    assert any(where.startswith("name gw:intent:") for where, _ in day.stored), "nothing was stored"
    assert _found(day.stored, day.codes) == []


def test_redis_was_never_sent_it(day: Day) -> None:
    assert any("EVALSHA" in command for command in day.heard.commands), "nothing was heard"
    assert _found([(command[:200], command) for command in day.heard.commands], day.codes) == []


def test_no_job_of_rq_holds_it(client: Client, redis_url: str, tmp_path: Path) -> None:
    """With nobody to take it, a job stands in Redis as it was put there."""
    file = tmp_path / "gateway.toml"
    file.write_text(FLOW_CONFIG)
    gateway = wiring.build(Settings.load(file, environment(redis_url, "http://127.0.0.1:9", "http://127.0.0.1:9")))
    browser = create_app(gateway).test_client()
    answer = browser.post("/send", json={"to": MOBILE, "body": BODY}, headers={"Authorization": f"Bearer {KEY}"})
    assert answer.status_code == 202
    gateway.doorbell.ring("normal", [(answer.json["id"], 1)])
    jobs = [client.hgetall(key) for key in client.scan_iter("rq:job:*")]
    assert jobs, "no job was put"
    texts = [repr(job) + zlib.decompress(job[b"data"]).decode() for job in jobs]
    assert _found([(text, text) for text in texts], []) == []
