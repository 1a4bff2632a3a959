"""What the demo plays: one intent for each way that the gateway knows, and how each is expected to end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PERSON = "6f1c2f0e-3b6a-4e6e-9a51-demo"
REPEATED = "demo-order-1001"


@dataclass(frozen=True, slots=True)
class Scene:
    """`expected`: the final state, or the problem's code. `totp`: the person has an authenticator app."""

    title: str
    body: Mapping[str, Any]
    expected: str
    headers: Mapping[str, str] = field(default_factory=dict)
    totp: bool = False
    replayed: bool = False


def _say(to: str, text: str, **more: Any) -> dict[str, Any]:
    return {"to": to, "body": text, **more}


SCENES = (
    Scene("mobile", _say("+14155550100", "Your order has shipped."), "delivered", {"Idempotency-Key": REPEATED}),
    Scene("landline", _say("+14155550110", "Your order has shipped."), "delivered"),
    Scene("VoIP, by code", _say("+14155550120", "Your table is booked."), "delivered"),
    Scene(
        "VoIP, by TOTP",
        _say("+14155550121", "Your table is booked.", identity=PERSON),
        "delivered",
        totp=True,
    ),
    Scene("VoIP, low risk", _say("+12125550120", "We open at nine.", purpose="low_risk"), "delivered"),
    Scene("invalid number", _say("+14155550130", "Hello."), "invalid_number"),
    Scene("country", _say("+447700900100", "Hello."), "country_not_allowed"),
    Scene(
        "Studio flow",
        {"to": "+14155550180", "flow": "welcome", "parameters": {"name": "Ann"}},
        "delivered",
    ),
    Scene(
        "the first again",
        _say("+14155550100", "Your order has shipped."),
        "delivered",
        {"Idempotency-Key": REPEATED},
        replayed=True,
    ),
)
