"""Carries webhooks to their targets: retries, timeouts, and a record of every delivery.

It never calls out to the network: a target that is not on this machine is refused, unless the options say otherwise.
"""

import asyncio
import ipaddress
import secrets
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from gateway.sandbox.overrides import Overrides
from gateway.sandbox.times import iso_ms, now
from gateway.sandbox.wire import BrokenOff, NoConnection, Wire

MOST_REMEMBERED = 20_000
AGENT = {"User-Agent": "TwilioProxy/1.1", "Accept": "*/*"}


@dataclass(frozen=True, slots=True)
class Parcel:
    """A webhook, signed and ready. `shown` is what its record says of the contents."""

    product: str
    sid: str
    url: str
    body: bytes
    headers: Mapping[str, str]
    policy: Overrides
    shown: object = None


@dataclass(slots=True)
class Delivery:
    """How a webhook went: the last status and answer, or the error that ended it."""

    product: str
    sid: str
    url: str
    shown: object
    at: str = field(default_factory=lambda: iso_ms(now()))
    attempts: int = 0
    status: int | None = None
    error: str | None = None
    token: str = ""
    answer: str = ""
    content_type: str = ""

    @property
    def accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    def as_json(self) -> dict[str, Any]:
        return {
            "at": self.at,
            "product": self.product,
            "sid": self.sid,
            "url": self.url,
            "content": self.shown,
            "attempts": self.attempts,
            "status": self.status,
            "error": self.error,
            "idempotency_token": self.token or None,
        }


def is_local(url: str) -> bool:
    host = (urlsplit(url).hostname or "").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Courier:
    """Delivers for one sandbox, over one pool of connections."""

    def __init__(self, any_host: bool, bound: int) -> None:
        self._any_host = any_host
        self.record: deque[Delivery] = deque(maxlen=min(bound, MOST_REMEMBERED))
        self._wire = Wire()

    def close(self) -> None:
        self._wire.close()

    async def carry(self, parcel: Parcel) -> Delivery:
        """Deliver, trying again as the policy says. Never raises for what the target does."""
        delivery = Delivery(parcel.product, parcel.sid, parcel.url, parcel.shown, token=secrets.token_hex(16))
        self.record.append(delivery)
        if not self._any_host and not is_local(parcel.url):
            delivery.error = "refused: the sandbox calls loopback addresses only"
            return delivery
        ends_at = time.monotonic() + parcel.policy.total_ms / 1000
        for turn in range(parcel.policy.retries + 1):
            if turn:
                await asyncio.sleep(parcel.policy.pause_ms / 1000 * 2 ** (turn - 1))
            left = ends_at - time.monotonic()
            if left <= 0:
                break
            delivery.attempts += 1
            outcome = await self._try(parcel, delivery, left)
            if outcome not in parcel.policy.retry_on:
                break
        return delivery

    async def _try(self, parcel: Parcel, delivery: Delivery, left: float) -> str:
        """One attempt; returns `ok`, or what went wrong in the words of the overrides."""
        policy = parcel.policy
        headers = {**AGENT, **parcel.headers, "I-Twilio-Idempotency-Token": delivery.token}
        url = parcel.url.partition("#")[0]
        delivery.status, delivery.error = None, None
        try:
            answer = await self._wire.post(
                url, headers, parcel.body, min(left, policy.connect_ms / 1000), min(left, policy.read_ms / 1000)
            )
        except NoConnection as unreachable:
            delivery.error = f"no connection: {unreachable}"
            return "ct"
        except (BrokenOff, ValueError) as broken:
            delivery.error = f"no answer: {broken}"
            return "rt"
        delivery.answer = answer.body.decode("utf-8", "replace")
        delivery.content_type = answer.content_type
        delivery.status = answer.status
        return _word(answer.status, policy)


def _word(status: int, policy: Overrides) -> str:
    if status == 429 and "429" in policy.retry_on:
        return "429"
    if status >= 500:
        return "5xx"
    return "4xx" if status >= 400 else "ok"
