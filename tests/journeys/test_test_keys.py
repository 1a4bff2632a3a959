"""A test key's intents reach the sandbox alone; the real account hears nothing of them, nothing real changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
import requests

from gateway import sandbox
from gateway.inbox import KeyPressed, MessageReceived, StatusReported, Subject
from gateway.model import SuppressionEntry
from gateway.wiring import testing
from tests.journeys.codes import await_status, enter, post, problem
from tests.stack import Stack, running, until

REAL_TOKEN = "the auth token of a real account"
REAL = {
    "TWILIO_AUTH_TOKEN": REAL_TOKEN,
    "TWILIO_API_KEY_SID": sandbox.SANDBOX_API_KEY_SID,
    "TWILIO_API_KEY_SECRET": sandbox.SANDBOX_API_KEY_SECRET,
    "TWILIO_MESSAGING_SERVICE_SID": "MG" + "9" * 32,
    "TWILIO_FROM_NUMBER": "+14155550199",
    "TWILIO_WHATSAPP_FROM": "+14155550199",
    "TWILIO_VERIFY_SERVICE_SID": "VA" + "9" * 32,
    "SENDGRID_API_KEY": "SG.real",
}
PURPOSES = """
[purposes.mail]
mobile = ["email"]
[purposes.chat]
mobile = ["whatsapp"]
"""
TEMPLATE = {"whatsapp": {"content_sid": "HX" + "1" * 32}}


@pytest.fixture(scope="module")
def tests() -> Iterator[sandbox.RunningSandbox]:
    with sandbox.start_in_thread(sandbox.SandboxOptions(port=0, step_ms=10)) as twilio:
        yield twilio


@pytest.fixture(scope="module")
def stack(redis_url: str, tmp_path_factory: pytest.TempPathFactory, tests: sandbox.RunningSandbox) -> Iterator[Stack]:
    """The stack's own sandbox stands for the real Twilio; its signatures are any sandbox's, not of REAL_TOKEN."""
    home: Path = tmp_path_factory.mktemp("stack")
    config = f'[studio.flows]\nwelcome = "FW{"9" * 32}"\n{PURPOSES}[sandbox]\nbase_url = "{tests.url}"\n'
    with running(redis_url, home, config, **REAL) as found:
        yield found


@pytest.fixture(scope="module")
def key(stack: Stack) -> str:
    return stack.gateway.keys.create("shop", ("send", "verify", "lookup"), test=True)[1]


def asked(base: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = requests.get(f"{base}/_sandbox/requests", timeout=10).json()["requests"]
    return found


def of_intents(requests_: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Reading the senders' inbound messages belongs to no intent."""
    return [r for r in requests_ if r["method"] != "GET" or r["product"] == "lookup"]


def codes_in(base: str, to: str) -> list[str]:
    found = requests.get(f"{base}/_sandbox/outbox", params={"to": to}, timeout=10).json()["outbox"]
    return [item["code"] for item in found if item["kind"] == "verification"]


ROADS: dict[str, tuple[dict[str, Any], str]] = {
    "sms": ({"to": "+12025550100", "body": "It is here."}, "delivered"),
    "voice": ({"to": "+12025550110", "body": "It is here."}, "delivered"),
    "whatsapp": ({"to": "+12025550101", "body": "It is here.", "purpose": "chat", "content": TEMPLATE}, "delivered"),
    "email": ({"to": "+12025550102", "body": "It is here.", "purpose": "mail", "email": "a@example.com"}, "sending"),
    "studio": ({"to": "+12025550103", "flow": "welcome", "parameters": {"a": "b"}}, "sent"),
    "verify": ({"to": "+12025550104", "purpose": "mfa"}, "awaiting_verification"),
}


@pytest.mark.parametrize("road", ROADS)
def test_everything_reaches_the_sandbox_and_nothing_the_real_account(
    stack: Stack, tests: sandbox.RunningSandbox, key: str, road: str
) -> None:
    body, ends = ROADS[road]
    before = len(of_intents(asked(tests.url)))
    accepted = post(stack, "/send", body, key)
    assert accepted.status_code == 202, accepted.text
    assert accepted.json()["test"] is True
    await_status(stack, accepted.json()["id"], ends, "delivered")
    told = requests.get(
        f"{stack.url}/intents/{accepted.json()['id']}", headers={"Authorization": f"Bearer {key}"}, timeout=10
    ).json()
    assert told["test"] is True
    assert told["lookup"]["source"] == "live"
    assert len(of_intents(asked(tests.url))) > before
    assert of_intents(asked(stack.sandbox_url)) == []


def test_a_code_of_the_sandbox_proves(stack: Stack, tests: sandbox.RunningSandbox, key: str) -> None:
    sent = post(stack, "/send", {"to": "+12025550105", "purpose": "mfa"}, key).json()["id"]
    await_status(stack, sent, "awaiting_verification")
    box = until(lambda: codes_in(tests.url, "+12025550105"), lambda found: len(found) > 0)
    assert enter(stack, sent, box[-1], key).json()["status"] == "verified"
    assert of_intents(asked(stack.sandbox_url)) == []


def test_a_factor_of_a_test_is_the_sandboxes(stack: Stack, key: str) -> None:
    made = post(stack, "/totp/factors", {"identity": "person-00000001", "label": "Ann"}, key)
    assert made.status_code == 201, made.text
    code = {"identity": "person-00000001", "code": pyotp.parse_uri(made.json()["uri"]).now()}  # type: ignore[attr-defined]
    assert post(stack, f"/totp/factors/{made.json()['factor_sid']}/verify", code, key).status_code == 200
    assert stack.gateway.proofs.verified_factor("shop", "person-00000001") is None
    assert of_intents(asked(stack.sandbox_url)) == []


def test_a_lookup_of_a_test_key_is_never_cached_for_others(stack: Stack, key: str) -> None:
    found = post(stack, "/lookup", {"to": "+12025550110", "fields": ["line_type_intelligence"]}, key)
    assert (found.status_code, found.json()["line_type"]) == (200, "landline")
    cache = stack.gateway.lookups.cache
    assert cache is not None
    assert cache.get("+12025550110", "US", ["line_type_intelligence"]) == {}
    assert "paid" not in stack.gateway.ledger.totals()


def test_what_the_sandbox_says_of_a_number_is_not_believed_of_the_real_one(stack: Stack, key: str) -> None:
    """21610 would say that it opted out, 21614 and 30006 that it is no mobile, 20003 that the account is closed."""
    for to in ("+12025550140", "+12025550141", "+12025550146", "+12025550149", "+12025550152"):
        sent = post(stack, "/send", {"to": to, "body": "It is here."}, key).json()["id"]
        until(lambda sent=sent: stack.gateway.intents.load(sent), lambda p: any(a.ended_at for a in p.attempts))
        assert stack.gateway.suppressions.entries(to) == ()
        assert stack.gateway.learned.line_type(to) is None
    assert stack.gateway.pausing.until() is None


def test_a_real_key_still_reaches_the_real_account(stack: Stack, tests: sandbox.RunningSandbox) -> None:
    sent = stack.post("/send", {"to": "+12025550106", "body": "It is here."})
    assert "test" not in sent.json()
    until(lambda: of_intents(asked(stack.sandbox_url)), lambda found: len(found) > 0)
    assert [row for row in of_intents(asked(tests.url)) if "+12025550106" in str(row)] == []


# ---- the sandbox's key is known to everybody


@pytest.fixture
def real_intent(stack: Stack) -> str:
    sent: str = stack.post("/send", {"to": "+12025550107", "body": "It is here."}).json()["id"]
    until(lambda: stack.gateway.intents.load(sent), lambda p: p.final)
    return sent


def test_what_the_sandbox_signed_moves_no_real_intent_and_no_opt_out(stack: Stack, real_intent: str) -> None:
    door, person = stack.gateway.sandbox_door, "+12025550107"
    stack.gateway.suppressions.add(person, SuppressionEntry("sms", "STOP", stack.gateway.clock.now()))
    before = stack.gateway.intents.load(real_intent)
    for event in (
        StatusReported(Subject.MESSAGE, "SM" + "1" * 32, "delivered", intent=real_intent, attempt=1),
        StatusReported(Subject.EMAIL, "", "unsubscribe", intent=real_intent, attempt=1, address="a@example.com"),
        StatusReported(Subject.EMAIL, "", "bounce", address="a@example.com"),
        KeyPressed("CA" + "1" * 32, real_intent, 1, "9"),
        MessageReceived("SM" + "2" * 32, "sms", person, testing.NUMBER, "START"),
    ):
        assert door.receive(event).effect in ("orphan", "ignored")
    assert stack.gateway.intents.load(real_intent) == before
    assert [e.source for e in stack.gateway.suppressions.entries(person)] == ["STOP"]
    assert stack.gateway.suppressions.entries("a@example.com") == ()


def test_a_webhook_that_the_sandbox_signed_goes_through_that_door(stack: Stack, real_intent: str) -> None:
    before = stack.gateway.intents.load(real_intent)
    url = f"{stack.url}/webhooks/messages/status?intent={real_intent}&attempt=1"
    form = {"MessageSid": "SM" + "1" * 32, "MessageStatus": "delivered"}
    signature = sandbox.signing.form_signature(testing.TOKEN, url, form.items())
    answer = requests.post(url, data=form, headers={"X-Twilio-Signature": signature}, timeout=10)
    assert answer.status_code == 204
    assert stack.gateway.intents.load(real_intent) == before


def test_without_a_sandbox_a_test_key_is_refused(redis_url: str, tmp_path: Path) -> None:
    with running(redis_url, tmp_path) as bare:
        secret = bare.gateway.keys.create("shop", ("send",), test=True)[1]
        answer = post(bare, "/send", {"to": "+12025550100", "body": "It is here."}, secret)
        assert problem(answer) == (422, "no_route")
        assert "[sandbox] base_url" in answer.json()["detail"]
        assert of_intents(bare.received()) == []
