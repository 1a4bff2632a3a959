"""Status callbacks and the other signed form webhooks, with the faults that may befall them on the way."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from gateway.sandbox.ask import FORM
from gateway.sandbox.courier import Delivery, Parcel
from gateway.sandbox.overrides import read_overrides
from gateway.sandbox.plans import Mishap
from gateway.sandbox.signing import form_signature, signed_url

if TYPE_CHECKING:
    from gateway.sandbox.world import World

VOICE = ("calls",)
HELD_MOST_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Webhook:
    """A form webhook about one resource. `plan_fault` is a callback fault that its scenario orders."""

    product: str
    sid: str
    number: str
    url: str
    fields: Mapping[str, str]
    plan_fault: str | None = None


def sealed(world: "World", webhook: Webhook) -> Parcel:
    """The webhook as bytes, signed with the account's primary token."""
    fields = list(webhook.fields.items())
    url = signed_url(webhook.url, drop_port=webhook.product in VOICE)
    headers = {
        "Content-Type": f"{FORM}; charset=UTF-8",
        "X-Twilio-Signature": form_signature(world.options.auth_token, url, fields),
    }
    body = urlencode(fields).encode()
    return Parcel(
        webhook.product, webhook.sid, webhook.url, body, headers, read_overrides(webhook.url), dict(webhook.fields)
    )


class Callbacks:
    """Sends webhooks in the background. A callback that changes places waits for the one after it."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._held: dict[str, list[Parcel]] = {}
        self._first: dict[str, asyncio.Event] = {}

    def send(self, webhook: Webhook) -> None:
        self.dispatch(sealed(self._world, webhook), webhook.number, webhook.plan_fault)

    async def post(self, webhook: Webhook) -> Delivery:
        """Send one whose answer matters (TwiML), and wait for it; callback faults do not touch it."""
        return await self._world.courier.carry(sealed(self._world, webhook))

    def first_of(self, sid: str) -> asyncio.Event:
        """Set once the first callback about the resource has been answered."""
        return self._first.setdefault(sid, asyncio.Event())

    def forget(self, sid: str) -> None:
        self._first.pop(sid, None)

    def dispatch(self, parcel: Parcel, number: str, plan_fault: str | None = None) -> None:
        """Send what is already signed, unless a fault befalls it."""
        kinds = {fault.kind: fault for fault in self._world.faults.on_callback(parcel.product, number)}
        if plan_fault:
            kinds[plan_fault] = Mishap(plan_fault)
        if "drop" in kinds:
            return
        earlier = self._held.pop(parcel.sid, [])
        if "reorder" in kinds and not earlier:
            self._held[parcel.sid] = [parcel]
            self._world.later(self._patience(), self._release, parcel.sid, parcel)
            return
        copies = 2 if "duplicate" in kinds else 1
        delay = kinds["delay"].milliseconds / 1000 if "delay" in kinds else 0.0
        self._world.spawn(self._carry([parcel] * copies + earlier, delay))

    def _patience(self) -> float:
        return HELD_MOST_SECONDS + 3 * self._world.options.step_ms / 1000

    def _release(self, sid: str, parcel: Parcel) -> None:
        """Nothing followed the held callback, so it goes alone."""
        if self._held.get(sid) == [parcel]:
            del self._held[sid]
            self._world.spawn(self._carry([parcel], 0.0))

    async def _carry(self, parcels: list[Parcel], delay: float) -> None:
        if delay:
            await asyncio.sleep(delay)
        for parcel in parcels:
            await self._world.courier.carry(parcel)
            waiting = self._first.get(parcel.sid)
            if waiting is not None:
                waiting.set()
