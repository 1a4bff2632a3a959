"""A call as the API shows it. Source: twilio_api_v2010, api.v2010.account.call."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.sandbox.times import now, rfc2822

FINAL = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
SUBRESOURCES = ("notifications", "recordings", "payments", "events", "siprec", "streams", "transcriptions")


@dataclass(slots=True)
class Call:
    """`spoken` is what the person heard, `pressed` what they keyed in, `problem` the code of a TwiML mishap."""

    sid: str
    account_sid: str
    to: str
    sender: str
    twiml: str | None = None
    url: str | None = None
    fallback_url: str | None = None
    callback_url: str | None = None
    callback_events: tuple[str, ...] = ("completed",)
    machine_detection: str | None = None
    status: str = "queued"
    answered_by: str | None = None
    duration: int | None = None
    price: str | None = None
    sip_code: int = 200
    callbacks_sent: int = 0
    spoken: list[str] = field(default_factory=list)
    dialed: list[str] = field(default_factory=list)
    pressed: str = ""
    problem: int | None = None
    created: datetime = field(default_factory=now)
    updated: datetime = field(default_factory=now)
    started: datetime | None = None
    ended: datetime | None = None
    seq: int = 0

    @property
    def final(self) -> bool:
        return self.status in FINAL

    def as_json(self) -> dict[str, Any]:
        uri = f"/2010-04-01/Accounts/{self.account_sid}/Calls/{self.sid}"
        return {
            "account_sid": self.account_sid,
            "annotation": None,
            "answered_by": self.answered_by,
            "api_version": "2010-04-01",
            "caller_name": None,
            "date_created": rfc2822(self.created),
            "date_updated": rfc2822(self.updated),
            "direction": "outbound-api",
            "duration": None if self.duration is None else str(self.duration),
            "end_time": rfc2822(self.ended),
            "forwarded_from": None,
            "from": self.sender,
            "from_formatted": formatted(self.sender),
            "group_sid": None,
            "parent_call_sid": None,
            "phone_number_sid": None,
            "price": self.price,
            "price_unit": "USD",
            "queue_time": "0",
            "sid": self.sid,
            "start_time": rfc2822(self.started),
            "status": self.status,
            "subresource_uris": {name: f"{uri}/{name.capitalize()}.json" for name in SUBRESOURCES},
            "to": self.to,
            "to_formatted": formatted(self.to),
            "trunk_sid": None,
            "uri": f"{uri}.json",
        }


def formatted(number: str) -> str:
    """North American numbers in their national form, all others as they are."""
    if number.startswith("+1") and len(number) == len("+14155550100"):
        return f"({number[2:5]}) {number[5:8]}-{number[8:]}"
    return number
