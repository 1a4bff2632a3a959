"""What an application wants: to whom, what, why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

TEST_REALM = "~test"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom an intent is for. `number` is strict E.164, or a `sip:` URI for voice alone."""

    number: str
    country: str | None = None
    email: str | None = None

    @property
    def is_sip(self) -> bool:
        return self.number.startswith("sip:")


@dataclass(frozen=True, slots=True)
class Content:
    """What is said, per channel. `dial` is E.164."""

    body: str | None = None
    media_urls: tuple[str, ...] = ()
    say: str | None = None
    voice: str | None = None
    language: str | None = None
    dial: str | None = None
    content_sid: str | None = None
    content_variables: Mapping[str, str] = field(default_factory=dict)
    subject: str | None = None
    html: str | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """What an application wants: who, what, why. Never changes after acceptance."""

    id: str
    app: str
    purpose: str
    to: Recipient
    content: Content
    created_at: datetime
    identity: str | None = None
    channels: tuple[str, ...] = ()
    flow: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    send_at: datetime | None = None
    ttl: timedelta = timedelta(seconds=14400)
    max_lookup_age: timedelta | None = None
    callback_url: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    test: bool = False
    retry_of: str | None = None
    trace: str | None = None
    """The `traceparent` under which it was accepted, where traces are kept."""

    @property
    def realm(self) -> str:
        return realm(self.app, self.test)

    @property
    def has_body(self) -> bool:
        """True when there is something to deliver, not only to prove."""
        return self.content.body is not None or self.flow is not None


def realm(app: str, test: bool) -> str:
    """Under which name proofs and factors are kept: a test's never count for real, nor the other way."""
    return f"{app}{TEST_REALM}" if test else app


def is_test(of_realm: str) -> bool:
    return of_realm.endswith(TEST_REALM)
