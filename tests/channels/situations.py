"""A situation for each channel, and short ways to change it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.callbacks import CallbackUrls
from gateway.channels.shape import Flow, Sender, Situation
from gateway.model import (
    Content,
    Facts,
    Intent,
    LineType,
    Lookup,
    LookupSource,
    Policy,
    Purpose,
    Recipient,
    Step,
)

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NUMBER = "+14155550100"
ADDRESS = "ann@example.com"
VERIFY_SERVICE = "VA" + "0" * 32
FLOW_SID = "FW" + "0" * 32
SERVICE = "MG" + "0" * 32
OUR_NUMBER = "+14155550199"

SENDER = Sender(
    from_number=OUR_NUMBER,
    whatsapp_from="+14155550198",
    verify_service_sid=VERIFY_SERVICE,
    email_from="no-reply@gw.example.com",
    flows={"welcome": Flow(FLOW_SID)},
)
LOOKUP = Lookup(
    NUMBER, LookupSource.LIVE, NOW, valid=True, country="US", line_type=LineType.MOBILE, carrier="Example Wireless"
)
URLS = CallbackUrls("https://gw.example.com", lambda intent_id, attempt: "token")


def an_intent(**changes: Any) -> Intent:
    content = changes.pop("content", Content(body="Your parcel is here."))
    to = changes.pop("to", Recipient(NUMBER, country="US", email=ADDRESS))
    settings: dict[str, Any] = {"id": "intent-1", "app": "shop", "purpose": "notification", "created_at": NOW}
    return Intent(**{**settings, **changes, "to": to, "content": content})


def a_policy(**changes: Any) -> Policy:
    purpose = changes.pop("purpose", Purpose("notification", {}))
    settings: dict[str, Any] = {
        "allow_countries": frozenset(),
        "deny_countries": frozenset(),
        "deny_line_types": frozenset(),
        "flag_line_types": frozenset(),
        "deny_carriers": (),
        "purposes": {purpose.name: purpose},
        "flows": frozenset({"welcome"}),
        "whatsapp_senders": True,
        "email_sender": True,
    }
    return Policy(**{**settings, **changes})


def some_facts(**changes: Any) -> Facts:
    return Facts(as_of=NOW, lookup=LOOKUP, **changes)


def a_situation(step: str, **changes: Any) -> Situation:
    settings: dict[str, Any] = {
        "intent": an_intent(),
        "step": Step.parse(step),
        "attempt": 2,
        "as_of": NOW,
        "expires_at": NOW + timedelta(hours=1),
        "sender": SENDER,
        "purpose": Purpose("notification", {}),
        "lookup": LOOKUP,
        "urls": URLS,
    }
    return Situation(**{**settings, **changes})
