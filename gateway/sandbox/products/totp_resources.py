"""Entities, factors and challenges as the API shows them. Source: twilio_verify_v2."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gateway.sandbox.times import iso, now

BASE = "https://verify.twilio.com/v2/Services"
CHALLENGE_LIFE = timedelta(minutes=5)


@dataclass(slots=True)
class Entity:
    sid: str
    account_sid: str
    service_sid: str
    identity: str
    created: datetime = field(default_factory=now)
    seq: int = 0

    def as_json(self) -> dict[str, Any]:
        url = f"{BASE}/{self.service_sid}/Entities/{self.identity}"
        return {
            "sid": self.sid,
            "identity": self.identity,
            "account_sid": self.account_sid,
            "service_sid": self.service_sid,
            "date_created": iso(self.created),
            "date_updated": iso(self.created),
            "url": url,
            "links": {
                "factors": f"{url}/Factors",
                "new_factors": f"{url}/Factors",
                "challenges": f"{url}/Challenges",
            },
        }


@dataclass(slots=True)
class Factor:
    """A TOTP factor. Its secret is shown only by `new_as_json`, the answer to its creation."""

    sid: str
    entity: Entity
    friendly_name: str
    secret: str
    algorithm: str
    code_length: int
    time_step: int
    skew: int
    uri: str
    status: str = "unverified"
    wrong_codes: int = 0
    challenged_at: list[datetime] = field(default_factory=list)
    created: datetime = field(default_factory=now)
    updated: datetime = field(default_factory=now)
    seq: int = 0

    @property
    def identity(self) -> str:
        return self.entity.identity

    def as_json(self) -> dict[str, Any]:
        entity = self.entity
        return {
            "sid": self.sid,
            "account_sid": entity.account_sid,
            "service_sid": entity.service_sid,
            "entity_sid": entity.sid,
            "identity": entity.identity,
            "date_created": iso(self.created),
            "date_updated": iso(self.updated),
            "friendly_name": self.friendly_name,
            "status": self.status,
            "factor_type": "totp",
            "config": {
                "alg": self.algorithm,
                "skew": self.skew,
                "code_length": self.code_length,
                "time_step": self.time_step,
            },
            "metadata": None,
            "url": f"{BASE}/{entity.service_sid}/Entities/{entity.identity}/Factors/{self.sid}",
        }

    def new_as_json(self) -> dict[str, Any]:
        return self.as_json() | {"binding": {"secret": self.secret, "uri": self.uri}, "options": None}


@dataclass(slots=True)
class Challenge:
    sid: str
    factor: Factor
    expires: datetime
    status: str = "pending"
    tries: int = 0
    responded: datetime | None = None
    details: dict[str, Any] | None = None
    created: datetime = field(default_factory=now)
    updated: datetime = field(default_factory=now)
    seq: int = 0

    @property
    def factor_sid(self) -> str:
        return self.factor.sid

    def as_json(self) -> dict[str, Any]:
        entity = self.factor.entity
        url = f"{BASE}/{entity.service_sid}/Entities/{entity.identity}/Challenges/{self.sid}"
        return {
            "sid": self.sid,
            "account_sid": entity.account_sid,
            "service_sid": entity.service_sid,
            "entity_sid": entity.sid,
            "identity": entity.identity,
            "factor_sid": self.factor.sid,
            "date_created": iso(self.created),
            "date_updated": iso(self.updated),
            "date_responded": iso(self.responded),
            "expiration_date": iso(self.expires),
            "status": self.status,
            "responded_reason": "none",
            "details": self.details,
            "hidden_details": None,
            "metadata": None,
            "factor_type": "totp",
            "url": url,
            "links": {"notifications": f"{url}/Notifications"},
        }
