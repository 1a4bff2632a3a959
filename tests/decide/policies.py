"""The policy that ships, as the configuration file spells it, and short ways to write intents and facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

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
    SuppressionEntry,
)

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NUMBER = "+14155550100"
ADDRESS = "ann@example.com"
IDENTITY = "6f1c2f0e-3b6a-4e6e"


def steps(*texts: str) -> tuple[Step, ...]:
    return tuple(Step.parse(text) for text in texts)


def shipped_policy(**changes: Any) -> Policy:
    settings: dict[str, Any] = {
        "allow_countries": frozenset({"US", "CA"}),
        "deny_countries": frozenset(),
        "deny_line_types": frozenset(),
        "flag_line_types": frozenset({LineType.FIXED_VOIP, LineType.NON_FIXED_VOIP}),
        "deny_carriers": (),
        "purposes": {each.name: each for each in (notification(), low_risk(), mfa())},
        "flows": frozenset({"welcome"}),
        "email_sender": True,
    }
    return Policy(**{**settings, **changes})


def with_purpose(purpose: Purpose, **changes: Any) -> Policy:
    policy = shipped_policy(**changes)
    return shipped_policy(**{**changes, "purposes": {**policy.purposes, purpose.name: purpose}})


def notification(**changes: Any) -> Purpose:
    settings: dict[str, Any] = {
        "name": "notification",
        "routes": {
            LineType.MOBILE: steps("sms", "voice"),
            LineType.LANDLINE: steps("voice", "email"),
            LineType.FIXED_VOIP: steps("totp", "verify"),
            LineType.NON_FIXED_VOIP: steps("totp", "verify"),
            LineType.TOLL_FREE: steps("voice"),
            LineType.PERSONAL: steps("sms"),
            LineType.UNKNOWN: steps("sms"),
        },
        "then": steps("sms", "voice"),
        "undeliverable": steps("email"),
    }
    return Purpose(**{**settings, **changes})


def low_risk(**changes: Any) -> Purpose:
    settings: dict[str, Any] = {
        "name": "low_risk",
        "routes": {
            LineType.MOBILE: steps("sms", "voice"),
            LineType.LANDLINE: steps("voice", "email"),
            LineType.NON_FIXED_VOIP: steps("sms"),
            LineType.FIXED_VOIP: steps("totp", "verify"),
            LineType.UNKNOWN: steps("sms"),
        },
        "then": steps("sms", "voice"),
    }
    return Purpose(**{**settings, **changes})


def mfa(**changes: Any) -> Purpose:
    settings: dict[str, Any] = {
        "name": "mfa",
        "routes": {
            LineType.MOBILE: steps("verify"),
            LineType.LANDLINE: steps("verify:call"),
            LineType.FIXED_VOIP: steps("totp", "verify:email"),
            LineType.NON_FIXED_VOIP: steps("totp", "verify:email"),
        },
        "default": steps("totp", "verify:email"),
        "max_lookup_age": timedelta(days=1),
        "on_lookup_failure": "reject",
        "exempt_from_keyword": True,
    }
    return Purpose(**{**settings, **changes})


def an_intent(purpose: str = "notification", *, number: str = NUMBER, **changes: Any) -> Intent:
    email = changes.pop("email", None)
    country = changes.pop("country", None)
    body = changes.pop("body", None if purpose == "mfa" else "Your parcel is here.")
    content = changes.pop("content", Content(body=body))
    settings: dict[str, Any] = {"id": "intent-1", "app": "shop", "created_at": NOW, "identity": IDENTITY}
    to = Recipient(number, country=country, email=email)
    return Intent(**{**settings, **changes, "purpose": purpose, "to": to, "content": content})


def a_lookup(line_type: str = "mobile", **changes: Any) -> Lookup:
    settings: dict[str, Any] = {
        "number": NUMBER,
        "source": LookupSource.LIVE,
        "looked_up_at": NOW,
        "valid": True,
        "country": "US",
        "line_type": LineType(line_type),
        "carrier": "Example Wireless",
    }
    return Lookup(**{**settings, **changes})


def facts(line_type: str = "mobile", *, lookup: Lookup | None = None, **changes: Any) -> Facts:
    return Facts(as_of=NOW, lookup=lookup or a_lookup(line_type), **changes)


def an_entry(scope: str = "all", source: str = "keyword") -> SuppressionEntry:
    return SuppressionEntry(scope, source, NOW - timedelta(days=1))
