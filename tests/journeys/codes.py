"""What the journeys of proof share: a person who reads codes from the sandbox, and an application that enters them."""

from __future__ import annotations

import time
from typing import Any

import pyotp
import requests

from tests.stack import FLOW_CONFIG, KEY, Stack, until

NO_CAPS = "[limits]\nrecipient_per_hour = 0\nrecipient_same_body_per_hour = 0\nprefix_per_hour = 0\n"
CONFIG = FLOW_CONFIG + NO_CAPS
PERSON = "person-00000001"
ADDRESS = "ann@example.com"


def post(stack: Stack, path: str, body: Any, key: str = KEY) -> requests.Response:
    return requests.post(stack.url + path, json=body, headers={"Authorization": f"Bearer {key}"}, timeout=20)


def an_application(stack: Stack, name: str, *scopes: str) -> str:
    return stack.gateway.keys.create(name, scopes or ("send",))[1]


def start(stack: Stack, to: str, purpose: str = "mfa", key: str = KEY, **more: Any) -> str:
    """The id of an intent that waits for its code."""
    accepted = post(stack, "/send", {"to": to, "purpose": purpose, **more}, key)
    assert accepted.status_code == 202, accepted.text
    intent_id: str = accepted.json()["id"]
    await_status(stack, intent_id, "awaiting_verification")
    return intent_id


def await_status(stack: Stack, intent_id: str, *statuses: str) -> Any:
    """As the store knows it, whichever application it belongs to."""
    return until(lambda: stack.gateway.intents.load(intent_id), lambda p: p is not None and p.status.value in statuses)


def enter(stack: Stack, intent_id: str, code: str, key: str = KEY) -> requests.Response:
    return post(stack, f"/intents/{intent_id}/verification", {"code": code}, key)


def outbox(stack: Stack, to: str) -> list[dict[str, Any]]:
    query = {"to": to, "limit": "1000"}
    answer = requests.get(f"{stack.sandbox_url}/_sandbox/outbox", params=query, timeout=10).json()
    return [item for item in answer["outbox"] if item["kind"] == "verification"]


def code_sent(stack: Stack, to: str, times: int = 1) -> str:
    """The newest code, once so many have come."""
    items = until(lambda: outbox(stack, to), lambda found: len(found) >= times)
    code: str = items[-1]["code"]
    return code


def other_than(code: str, nth: int = 1) -> str:
    return f"{(int(code) + nth) % 10 ** len(code):0{len(code)}d}"


def starts(stack: Stack, to: str) -> int:
    """How many codes Twilio was asked to send."""
    return len(stack.received(product="verify", operation="start", to=to))


def checks(stack: Stack) -> int:
    return len(stack.received(product="verify", operation="check"))


def problem(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def enrolled(stack: Stack, identity: str = PERSON, key: str = KEY) -> pyotp.TOTP:
    """The person's authenticator app, enrolled and verified."""
    made = post(stack, "/totp/factors", {"identity": identity, "label": "Ann"}, key)
    assert made.status_code == 201, made.text
    app = pyotp.parse_uri(made.json()["uri"])
    assert isinstance(app, pyotp.TOTP)
    done = post(
        stack, f"/totp/factors/{made.json()['factor_sid']}/verify", {"identity": identity, "code": app.now()}, key
    )
    assert done.status_code == 200, done.text
    return app


def wrong_for(app: pyotp.TOTP, nth: int = 0) -> str:
    """A code that the app shows at no time near now."""
    near = {app.at(int(time.time()) + 30 * step) for step in range(-4, 5)}
    return [code for code in (f"{number:06d}" for number in range(40)) if code not in near][nth]


def listen_to_events(stack: Stack) -> None:
    """Event Streams are on: the sandbox tells the gateway of every verification."""
    body = {"destination": f"{stack.url}/webhooks/events"}
    requests.post(f"{stack.sandbox_url}/_sandbox/events", json=body, timeout=10).raise_for_status()
