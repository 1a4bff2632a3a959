"""A message as the API shows it. Source: twilio_api_v2010, api.v2010.account.message."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.sandbox.products.segments import segments
from gateway.sandbox.times import now, rfc2822

FINAL = frozenset({"delivered", "undelivered", "failed", "canceled", "read", "received"})
WHATSAPP = "whatsapp:"


@dataclass(slots=True)
class Message:
    """`sender` is None until a Messaging Service has chosen one; `segments` is 0 as long."""

    sid: str
    account_sid: str
    to: str
    sender: str | None
    service_sid: str | None
    body: str
    status: str
    direction: str = "outbound-api"
    media_urls: tuple[str, ...] = ()
    callback_url: str | None = None
    validity_seconds: int = 36_000
    template: str | None = None
    segments: int = 0
    error_code: int | None = None
    price: str | None = None
    created: datetime = field(default_factory=now)
    updated: datetime = field(default_factory=now)
    sent: datetime | None = None
    seq: int = 0

    @property
    def number(self) -> str:
        """The person's number, without the channel's prefix."""
        mine = self.sender if self.direction == "inbound" else self.to
        return (mine or "").removeprefix(WHATSAPP)

    @property
    def channel(self) -> str:
        return "whatsapp" if self.to.startswith(WHATSAPP) else "sms"

    @property
    def final(self) -> bool:
        return self.status in FINAL

    def count_segments(self) -> None:
        self.segments = segments(self.body)

    def as_json(self) -> dict[str, Any]:
        uri = f"/2010-04-01/Accounts/{self.account_sid}/Messages/{self.sid}"
        return {
            "account_sid": self.account_sid,
            "api_version": "2010-04-01",
            "body": self.body,
            "date_created": rfc2822(self.created),
            "date_sent": rfc2822(self.sent),
            "date_updated": rfc2822(self.updated),
            "direction": self.direction,
            "error_code": self.error_code,
            "error_message": None if self.error_code is None else f"Error {self.error_code}",
            "from": self.sender,
            "messaging_service_sid": self.service_sid,
            "num_media": str(len(self.media_urls)),
            "num_segments": str(self.segments),
            "price": self.price,
            "price_unit": "USD" if self.price is not None else None,
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": self.to,
            "uri": f"{uri}.json",
        }
