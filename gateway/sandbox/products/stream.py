"""Event Streams: sinks, and the CloudEvents that messages, calls and verifications give rise to.

A body is a JSON array with one event; statuses are upper case, fields camelCase, Verify's snake_case.
Source: Twilio's Event Streams pages (Messaging.MessageStatus, Voice.WebhookEvent, Verification Stream).
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gateway.sandbox.courier import Parcel
from gateway.sandbox.overrides import EVENT_STREAMS
from gateway.sandbox.products.message import Message
from gateway.sandbox.sids import new_sid
from gateway.sandbox.signing import signed_url, url_signature, with_body_hash
from gateway.sandbox.times import iso, iso_ms, now

if TYPE_CHECKING:
    from gateway.sandbox.products.call import Call
    from gateway.sandbox.products.verification import Attempt, Verification
    from gateway.sandbox.world import World

MESSAGE_EVENTS = frozenset({"sent", "delivered", "undelivered", "failed", "read"})
VERIFY = "com.twilio.accountsecurity.verify"


@dataclass(slots=True)
class Sink:
    sid: str
    description: str
    sink_type: str
    configuration: dict[str, Any]
    status: str = "active"
    created: datetime = field(default_factory=now)
    seq: int = 0


@dataclass(slots=True)
class Subscription:
    sid: str
    description: str
    sink_sid: str
    types: tuple[str, ...]
    created: datetime = field(default_factory=now)
    seq: int = 0


def targets(world: "World", kind: str) -> list[str]:
    """Where an event of this type goes: the simple sink takes all, others what they subscribed to."""
    found = [world.events_url] if world.events_url else []
    for subscription in world.subscriptions.newest():
        sink = world.sinks.get(subscription.sink_sid)
        if sink is not None and kind in subscription.types:
            found.append(sink.configuration["destination"])
    return found


def publish(
    world: "World", about: tuple[str, str], kind: str, source: str, schema: str, content: dict[str, Any]
) -> None:
    """`about` is the resource's SID and the person's number."""
    urls = targets(world, kind)
    if not urls:
        return
    event = {
        "specversion": "1.0",
        "type": kind,
        "source": source,
        "id": new_sid("EZ"),
        "time": iso_ms(now()),
        "datacontenttype": "application/json",
        "dataschema": f"https://events-schemas.twilio.com/{schema}",
        "data": content,
    }
    for url in urls:
        _deliver(world, url, event, about)


def _deliver(world: "World", url: str, event: dict[str, Any], about: tuple[str, str]) -> None:
    body = json.dumps([event], separators=(",", ":")).encode()
    bound = with_body_hash(url, body)
    headers = {
        "Content-Type": "application/json",
        "X-Twilio-Signature": url_signature(world.options.auth_token, signed_url(bound)),
    }
    sid, number = about
    world.callbacks.dispatch(Parcel("events", sid, bound, body, headers, EVENT_STREAMS, [event]), number)


def message_changed(world: "World", message: Message) -> None:
    if message.status not in MESSAGE_EVENTS or not _anyone(world):
        return
    kind = f"com.twilio.messaging.message.{message.status}"
    content: dict[str, Any] = {
        "accountSid": message.account_sid,
        "messageSid": message.sid,
        "messageStatus": message.status.upper(),
        "from": message.sender,
        "to": message.to,
        "eventName": kind,
        "timestamp": iso_ms(now()),
        "numberOfSegments": message.segments,
    }
    if message.service_sid:
        content["messagingServiceSid"] = message.service_sid
    if message.error_code is not None:
        content["errorCode"] = message.error_code
    source = f"/2010-04-01/Accounts/{message.account_sid}/Messages/{message.sid}.json"
    publish(world, (message.sid, message.number), kind, source, "Messaging.MessageStatus/7", content)


def message_received(world: "World", message: Message) -> None:
    kind = "com.twilio.messaging.inbound-message.received"
    content = {
        "accountSid": message.account_sid,
        "messageSid": message.sid,
        "messagingServiceSid": message.service_sid,
        "from": message.sender,
        "to": message.to,
        "body": message.body,
        "eventName": kind,
        "timestamp": iso_ms(now()),
        "numMedia": len(message.media_urls),
        "numSegments": message.segments,
    }
    source = f"/2010-04-01/Accounts/{message.account_sid}/Messages/{message.sid}.json"
    publish(world, (message.sid, message.number), kind, source, "Messaging.InboundMessageV1/5", content)


def call_changed(world: "World", call: "Call", event: str, url: str, parameters: dict[str, str]) -> None:
    """Only for events that the call's own StatusCallback asked for, as Twilio does."""
    moment = now()
    content = {
        "sid": call.sid,
        "requestDateCreated": moment.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        "timestamp": iso_ms(moment),
        "eventSid": new_sid("VW"),
        "request": {"method": "POST", "url": url, "parameters": parameters},
        "response": None,
    }
    kind = f"com.twilio.voice.status-callback.call.{event}"
    publish(world, (call.sid, call.to), kind, call.sid, "Voice.WebhookEvent/2", content)


def verification_changed(world: "World", verification: "Verification", event: str) -> None:
    content = {
        "account_sid": verification.account_sid,
        "service_sid": verification.service_sid,
        "verification_sid": verification.sid,
        "to": verification.to,
        "country": verification.country,
        "verification_status": verification.status.upper(),
        "send_code_attempts": {"count": len(verification.sends), "attempts": verification.sends_as_json()},
        "check_attempts": {"count": verification.checks, "attempts": []},
        "created_at": iso(verification.created),
        "verified_at": iso(verification.updated) if verification.status == "approved" else None,
        "expired_at": iso(verification.updated) if verification.status == "expired" else None,
        "tags": verification.tags,
    }
    source = f"/v2/Services/{verification.service_sid}/Verifications/{verification.sid}"
    schema = "AccountSecurity.VerifyVerification/1"
    about = (verification.sid, verification.to)
    publish(world, about, f"{VERIFY}.verification.{event}", source, schema, content)


def attempt_changed(world: "World", attempt: "Attempt") -> None:
    content = {
        "account_sid": attempt.account_sid,
        "service_sid": attempt.service_sid,
        "verification_sid": attempt.verification_sid,
        "attempt_sid": attempt.sid,
        "to": attempt.to,
        "channel": attempt.channel.upper(),
        "message_status": attempt.delivery.upper(),
        "error_code": attempt.error_code,
    }
    source = f"/v2/Attempts/{attempt.sid}"
    kind = f"{VERIFY}.message.{attempt.delivery}"
    publish(world, (attempt.sid, attempt.to), kind, source, "AccountSecurity.VerifyMessageStatus/1", content)


def _anyone(world: "World") -> bool:
    return world.events_url is not None or len(world.subscriptions) > 0
