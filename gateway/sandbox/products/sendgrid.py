"""SendGrid's mail/send, and the signed Event Webhook that tells what became of a mail.

The address's local part chooses what happens to it, as CASES says. Source: sendgrid-oai and SendGrid's signed
Event Webhook; a body ends in CRLF, and custom arguments come back flat.
"""

import json
import secrets
import time
from typing import TYPE_CHECKING, Any

from gateway.sandbox.ask import JSON, Ask, Operation, Reply
from gateway.sandbox.courier import Parcel
from gateway.sandbox.overrides import SENDGRID
from gateway.sandbox.products.mail_rules import MailRefusal, check_mail, recipients
from gateway.sandbox.signing import sendgrid_signature

if TYPE_CHECKING:
    from gateway.sandbox.world import World

Event = tuple[str, dict[str, Any]]
_BOUNCE: dict[str, Any] = {
    "reason": "550 5.1.1 No such user",
    "status": "5.1.1",
    "bounce_classification": "Invalid Address",
}
_BLOCK: dict[str, Any] = {
    "reason": "421 4.7.1 Try again later",
    "status": "4.7.1",
    "bounce_classification": "Reputation",
}
_PROCESSED: Event = ("processed", {})
_DELIVERED: Event = ("delivered", {"response": "250 OK", "ip": "127.0.0.1", "tls": 1})
# local part before any plus sign -> the events, in their order
CASES: dict[str, tuple[Event, ...]] = {
    "bounce": (_PROCESSED, ("bounce", {"type": "bounce", **_BOUNCE})),
    "blocked": (_PROCESSED, ("bounce", {"type": "blocked", **_BLOCK})),
    "dropped": (("dropped", {"reason": "Bounced Address"}),),
    "deferred": (_PROCESSED, ("deferred", {"response": "451 Try again", "attempt": "1"}), _DELIVERED),
    "unsubscribe": (_PROCESSED, _DELIVERED, ("unsubscribe", {})),
    "spam": (_PROCESSED, _DELIVERED, ("spamreport", {})),
    "open": (_PROCESSED, _DELIVERED, ("open", {"useragent": "Sandbox", "ip": "127.0.0.1"})),
    "silent": (_PROCESSED,),
}
USUAL = (_PROCESSED, _DELIVERED)


def case_of(email: str) -> tuple[Event, ...]:
    return CASES.get(email.partition("@")[0].partition("+")[0].lower(), USUAL)


def _send(world: "World", ask: Ask) -> Reply:
    if ask.authorization != f"Bearer {world.options.sendgrid_api_key}":
        raise MailRefusal("The provided authorization grant is invalid, expired, or revoked", None, 401)
    if ask.content_type != JSON:
        raise MailRefusal("Content-Type must be application/json.", None, 415)
    try:
        mail = check_mail(ask.json)
    except ValueError:
        raise MailRefusal("Bad Request", None) from None
    message_id = secrets.token_urlsafe(16)
    if mail.get("mail_settings", {}).get("sandbox_mode", {}).get("enable"):
        return Reply(200, headers={"X-Message-Id": message_id})
    for group in mail["personalizations"]:
        for email in recipients({"personalizations": [group]}):
            world.log.note_created("emails", email)
            _follow(world, mail, group, email, message_id)
    return Reply(202, headers={"X-Message-Id": message_id}, sid=message_id)


def _follow(world: "World", mail: dict[str, Any], group: dict[str, Any], email: str, message_id: str) -> None:
    events = case_of(email)
    if any(name == "delivered" for name, _ in events):
        texts = {part["type"]: part["value"] for part in mail.get("content", [])}
        plain = texts.get("text/plain") or texts.get("text/html", "")
        subject = group.get("subject") or mail.get("subject")
        html = texts.get("text/html")
        world.outbox.put("email", email, plain, sid=message_id, subject=subject, html=html)
    arguments = {**mail.get("custom_args", {}), **group.get("custom_args", {})}
    for turn, (name, more) in enumerate(events, start=1):
        event = arguments | _common(email, message_id, name, mail.get("categories")) | more
        world.later(turn * world.step, _post, world, [event])


def _common(email: str, message_id: str, name: str, categories: Any) -> dict[str, Any]:
    """Reserved names, which win over custom arguments."""
    found = {
        "email": email,
        "timestamp": int(time.time()),
        "event": name,
        "sg_event_id": secrets.token_urlsafe(24),
        "sg_message_id": f"{message_id}.filterdrecv-sandbox-{secrets.token_hex(4)}-0",
        "smtp-id": f"<{message_id}@sandbox.invalid>",
    }
    return found | ({"category": categories} if categories else {})


def _post(world: "World", events: list[dict[str, Any]]) -> None:
    if world.sendgrid_webhook_url is None:
        return
    body = json.dumps(events, separators=(",", ":")).encode() + b"\r\n"
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json;charset=utf-8",
        "X-Twilio-Email-Event-Webhook-Signature": sendgrid_signature(timestamp, body),
        "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
        "User-Agent": "SendGrid Event API",
    }
    sid = events[0]["sg_message_id"].partition(".")[0]
    parcel = Parcel("sendgrid", sid, world.sendgrid_webhook_url, body, headers, SENDGRID, events)
    world.callbacks.dispatch(parcel, events[0]["email"])


OPERATIONS = (Operation("sendgrid", "send", "POST", "/v3/mail/send", _send, creates=True),)
