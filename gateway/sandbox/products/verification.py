"""A verification and its send attempts as the API shows them. Source: twilio_verify_v2."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.sandbox.times import iso, now

BASE = "https://verify.twilio.com/v2"


@dataclass(slots=True)
class Attempt:
    """One send of the code; `delivery` is the message's or call's own status."""

    sid: str
    account_sid: str
    service_sid: str
    verification_sid: str
    to: str
    channel: str
    country: str | None
    delivery: str = "sent"
    error_code: int | None = None
    converted: bool = False
    expired: bool = False
    created: datetime = field(default_factory=now)
    updated: datetime = field(default_factory=now)
    seq: int = 0

    @property
    def conversion_status(self) -> str:
        return "converted" if self.converted else "unconverted"

    def as_json(self) -> dict[str, Any]:
        spoken = self.channel == "call"
        content: dict[str, Any] = {
            "verification_sid": self.verification_sid,
            "to": self.to,
            "status": "confirmed" if self.converted else "expired" if self.expired else "unconfirmed",
            "call_status" if spoken else "message_status": self.delivery,
            "error_code": None if self.error_code is None else str(self.error_code),
            "country": self.country,
            "code_length": 6,
            "locale": "en",
            "carrier": None,
            "mcc": None,
            "mnc": None,
        }
        return {
            "sid": self.sid,
            "account_sid": self.account_sid,
            "service_sid": self.service_sid,
            "verification_sid": self.verification_sid,
            "date_created": iso(self.created),
            "date_updated": iso(self.updated),
            "conversion_status": self.conversion_status,
            "channel": self.channel,
            "price": {"value": "0.05" if self.converted else "0.0083", "currency": "usd"},
            "channel_data": content,
            "url": f"{BASE}/Attempts/{self.sid}",
        }


@dataclass(slots=True)
class Verification:
    """One verification of one address with a service. The code stays the same for as long as it lives."""

    sid: str
    account_sid: str
    service_sid: str
    to: str
    channel: str
    code: str
    country: str | None
    tags: Any = None
    status: str = "pending"
    checks: int = 0
    sends: list[Attempt] = field(default_factory=list)
    created: datetime = field(default_factory=now)
    updated: datetime = field(default_factory=now)
    seq: int = 0

    def sends_as_json(self) -> list[dict[str, Any]]:
        return [
            {"attempt_sid": one.sid, "channel": one.channel.upper(), "time": iso(one.created)} for one in self.sends
        ]

    def as_json(self) -> dict[str, Any]:
        return self._common() | {
            "lookup": {},
            "send_code_attempts": self.sends_as_json(),
            "sna": None,
            "url": f"{BASE}/Services/{self.service_sid}/Verifications/{self.sid}",
        }

    def check_as_json(self) -> dict[str, Any]:
        return self._common() | {"sna_attempts_error_codes": []}

    def _common(self) -> dict[str, Any]:
        return {
            "sid": self.sid,
            "service_sid": self.service_sid,
            "account_sid": self.account_sid,
            "to": self.to,
            "channel": self.channel,
            "status": self.status,
            "valid": self.status == "approved",
            "amount": None,
            "payee": None,
            "date_created": iso(self.created),
            "date_updated": iso(self.updated),
        }
