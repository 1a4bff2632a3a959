"""A message's way from its first status to its last, one step at a time, with callback and event at each.

Source: Twilio's Outbound Message Status in Status Callbacks; the initial status has no callback.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.sandbox.callbacks import Webhook
from gateway.sandbox.options import SANDBOX_FROM_NUMBER, SANDBOX_WHATSAPP_FROM
from gateway.sandbox.plans import MessagePlan
from gateway.sandbox.products import stream
from gateway.sandbox.products.message import Message
from gateway.sandbox.scenarios import scenario_for
from gateway.sandbox.times import now

if TYPE_CHECKING:
    from gateway.sandbox.world import World

PRICE_PER_SEGMENT = 0.0083
WINDOW = timedelta(hours=24)
CHANNEL_INSTALL_SID = "XE" + "0" * 31 + "9"
# where a plan ends -> the statuses after the first
WAYS: dict[str, tuple[str, ...]] = {
    "sent": ("sent",),
    "delivered": ("sent", "delivered"),
    "undelivered": ("sent", "undelivered"),
    "failed": ("failed",),
    "read": ("sent", "delivered", "read"),
}


@dataclass(frozen=True, slots=True)
class Journey:
    """The statuses still to come, and how they end."""

    statuses: tuple[str, ...]
    plan: MessagePlan

    def after_one(self) -> "Journey":
        return Journey(self.statuses[1:], self.plan)


def plan_of(world: "World", message: Message) -> MessagePlan:
    """What the number's scenario, an opt-out or the WhatsApp window says of this message."""
    number = message.number
    scenario = scenario_for(number)
    if message.channel == "whatsapp":
        open_since = world.windows.get((message.sender or "", number))
        if message.template is None and (open_since is None or now() - open_since > WINDOW):
            return MessagePlan("failed", 63016)
        return scenario.whatsapp
    if blocked(world, message.sender, message.service_sid, number):
        return MessagePlan("failed", 21610)
    if scenario.message.only_first and not world.is_first("message", number):
        return MessagePlan()
    return scenario.message


def blocked(world: "World", sender: str | None, service_sid: str | None, number: str) -> bool:
    """Whether the person told this sender, or the service it sits in, to stop."""
    return any((scope, number) in world.blocks for scope in (sender, service_sid) if scope)


def set_out(world: "World", message: Message, wait: float = 0.0) -> None:
    """Begin the journey; `wait` is how long a scheduled message rests first."""
    plan = plan_of(world, message)
    first = ("queued",) if message.service_sid else ()
    journey = Journey(first + WAYS[plan.ends], plan)
    world.later(wait + world.step, _advance, world, message, journey)


def _advance(world: "World", message: Message, journey: Journey) -> None:
    if message.status == "canceled":
        return
    status = journey.statuses[0]
    expired = now() - message.created > timedelta(seconds=message.validity_seconds)
    if status in ("sent", "delivered", "undelivered") and expired:
        journey = Journey(("failed",), MessagePlan("failed", 30036))
        status = "failed"
    _enter(world, message, status, journey.plan)
    announce(world, message, journey.plan)
    rest = journey.after_one()
    if rest.statuses:
        stretch = rest.plan.last_pause if len(rest.statuses) == 1 else 1.0
        world.later(world.step * stretch, _advance, world, message, rest)


def _enter(world: "World", message: Message, status: str, plan: MessagePlan) -> None:
    message.status = status
    message.updated = now()
    if message.sender is None:
        message.sender = SANDBOX_WHATSAPP_FROM if message.channel == "whatsapp" else SANDBOX_FROM_NUMBER
    message.count_segments()
    if status == "sent":
        message.sent = message.updated
    if status in ("undelivered", "failed"):
        message.error_code = plan.code
    if status in ("delivered", "undelivered"):
        message.price = f"-{PRICE_PER_SEGMENT * message.segments:.5f}"
    if status == "delivered":
        media = list(message.media_urls)
        world.outbox.put(message.channel, message.to, message.body, sid=message.sid, sender=message.sender, media=media)


def announce(world: "World", message: Message, plan: MessagePlan) -> None:
    """Tell the status callback, where one was named, and the event sinks."""
    stream.message_changed(world, message)
    if message.callback_url:
        fields = callback_fields(message)
        url = message.callback_url
        world.callbacks.send(Webhook("messages", message.sid, message.number, url, fields, plan.callbacks))


def callback_fields(message: Message) -> dict[str, str]:
    fields = {
        "MessageSid": message.sid,
        "SmsSid": message.sid,
        "MessageStatus": message.status,
        "SmsStatus": message.status,
        "AccountSid": message.account_sid,
        "From": message.sender or "",
        "To": message.to,
        "ApiVersion": "2010-04-01",
    }
    if message.service_sid:
        fields["MessagingServiceSid"] = message.service_sid
    if message.error_code is not None:
        fields["ErrorCode"] = str(message.error_code)
    if message.channel == "whatsapp":
        fields |= _channel_fields(message)
    elif message.status in ("delivered", "undelivered"):
        fields["RawDlrDoneDate"] = message.updated.strftime("%y%m%d%H%M")
    return fields


def _channel_fields(message: Message) -> dict[str, str]:
    fields = {"ChannelInstallSid": CHANNEL_INSTALL_SID, "ChannelPrefix": "whatsapp", "ChannelToAddress": message.number}
    if message.status == "read":
        fields["EventType"] = "READ"
    if message.error_code is not None:
        fields["ChannelStatusMessage"] = f"The channel answered with {message.error_code}"
    return fields
