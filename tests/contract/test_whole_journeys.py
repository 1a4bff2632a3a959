"""Whatever the running gateway asks of Twilio and SendGrid fits their published schemas: recorded at the sandbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.contract.judge import judge, judge_mail
from tests.stack import FLOW_CONFIG, Stack, running, until

HOSTS = {
    "lookup": "lookups.twilio.com",
    "messages": "api.twilio.com",
    "calls": "api.twilio.com",
    "verify": "verify.twilio.com",
    "studio": "studio.twilio.com",
    "sendgrid": "api.sendgrid.com",
    "account": "api.twilio.com",
    "messaging": "messaging.twilio.com",
}
CONFIG = (
    FLOW_CONFIG
    + """
[purposes.chatty]
mobile = ["whatsapp", "sms"]
landline = ["email"]
nonFixedVoip = ["verify"]
then = ["sms"]

[purposes.careful]
landline = ["voice"]
[purposes.careful.voice]
machine_detection = true
confirm = true
"""
)
ROADS: Mapping[str, tuple[dict[str, Any], Sequence[str]]] = {
    "sms": ({"to": "+14155550100", "body": "Hello & <good> evening. ✓"}, ["delivered"]),
    "media": (
        {"to": "+14155550100", "body": "Look.", "content": {"sms": {"media_urls": ["https://example.com/a.png"]}}},
        ["delivered"],
    ),
    "voice": ({"to": "+14155550110", "body": "Hello & <good> evening."}, ["delivered"]),
    "voice, confirmed": ({"to": "+14155550115", "body": "Press.", "purpose": "careful"}, ["delivered"]),
    "verify": ({"to": "+14155550120", "body": "Hello."}, ["awaiting_verification"]),
    "verify by call": ({"to": "+14155550110", "purpose": "mfa"}, ["awaiting_verification"]),
    "studio": ({"to": "+14155550180", "flow": "welcome", "parameters": {"name": "Ann"}}, ["delivered"]),
    "whatsapp template": (
        {
            "to": "+14155550100",
            "body": "Hello.",
            "purpose": "chatty",
            "content": {"whatsapp": {"content_sid": "HX" + "a" * 32, "variables": {"1": "Ann"}}},
        },
        ["delivered", "sent", "failed"],
    ),
    "email": (
        {"to": "+14155550110", "body": "Hello.", "email": "ann@example.com", "purpose": "chatty"},
        ["sending", "sent", "delivered"],
    ),
}


def test_every_request_of_every_road_fits_the_published_schemas(redis_url: str, tmp_path: Path) -> None:
    with running(redis_url, tmp_path, CONFIG) as stack:
        for name, (body, statuses) in ROADS.items():
            more = {k: v for k, v in body.items() if k not in ("to", "body")}
            accepted = stack.send(body["to"], body.get("body"), **more)
            found = stack.until(accepted["id"], *statuses)
            assert found["status"] in statuses, name
        until(lambda: stack.received(product="sendgrid"), bool)  # it is told "sending" just before it is asked
        violations = _judged(stack)
    assert violations == {}


def _judged(stack: Stack) -> dict[str, list[str]]:
    asked = stack.received()
    assert {entry["product"] for entry in asked} >= {"lookup", "messages", "calls", "verify", "studio", "sendgrid"}
    found = {f"{entry['method']} {entry['path']}": _wrong_with(entry) for entry in asked}
    return {name: wrong for name, wrong in found.items() if wrong}


def _wrong_with(entry: Mapping[str, Any]) -> list[str]:
    if entry["product"] == "sendgrid":
        return judge_mail(entry["json"])
    host = HOSTS["messaging"] if entry["path"].startswith("/v1/Services/") else HOSTS[entry["product"]]
    url = f"https://{host}{entry['path']}"
    return judge(entry["method"], url, entry["query"], entry["form"])
