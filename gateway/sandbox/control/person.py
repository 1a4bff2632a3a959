"""Playing a person who writes a text: the message is kept, and the sender's webhook is told, signed.

Twilio itself blocks a sender after a stop word, and lifts the block after a start word; so does the sandbox.
Source: Twilio's request to your incoming message webhook URL; its opt-out keyword articles.
"""

from typing import Any

from aiohttp import web

from gateway.sandbox.callbacks import Webhook
from gateway.sandbox.control.answers import WORLD, BadField, read_object, required, url_in
from gateway.sandbox.courier import Delivery
from gateway.sandbox.forms import is_e164, named
from gateway.sandbox.numbers import subscriber
from gateway.sandbox.options import SANDBOX_FROM_NUMBER, SANDBOX_MESSAGING_SERVICE_SID, SANDBOX_WHATSAPP_FROM
from gateway.sandbox.products import stream
from gateway.sandbox.products.message import WHATSAPP, Message
from gateway.sandbox.sids import new_sid
from gateway.sandbox.times import now
from gateway.sandbox.world import World

STOP = named("STOP STOPALL UNSUBSCRIBE CANCEL END QUIT REVOKE OPTOUT")
START = named("START YES UNSTOP")
OPT_OUT_TYPES = ("STOP", "START", "HELP")
FIELDS: dict[str, type | tuple[type, ...]] = {
    "from": str,
    "to": str,
    "body": str,
    "opt_out_type": str,
    "messaging_service_sid": str,
    "whatsapp": bool,
    "webhook_url": str,
}


async def write(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    text = await read_object(request, FIELDS)
    override = url_in(text, "webhook_url")
    opt_out_type = text.get("opt_out_type")
    if opt_out_type not in (None, *OPT_OUT_TYPES):
        raise BadField("opt_out_type", f"must be one of {', '.join(OPT_OUT_TYPES)}")
    message = world.messages.add(_received(world, text))
    _keep_effects(world, message, opt_out_type)
    stream.message_received(world, message)
    url = override or _webhook_of(world, message)
    shown: dict[str, Any] = {"message_sid": message.sid, "webhook": None}
    if url is not None:
        fields = _fields(message, opt_out_type)
        delivery = await world.callbacks.post(Webhook("messages", message.sid, message.number, url, fields))
        shown["webhook"] = _answer(delivery)
    return web.json_response(shown, status=201)


def _received(world: World, text: dict[str, Any]) -> Message:
    sender, to = required(text, "from"), text.get("to", SANDBOX_FROM_NUMBER)
    prefix = WHATSAPP if text.get("whatsapp") or to.startswith(WHATSAPP) else ""
    sender, to = sender.removeprefix(WHATSAPP), to.removeprefix(WHATSAPP)
    for name, number in (("from", sender), ("to", to)):
        if not is_e164(number):
            raise BadField(name, "must be a number in E.164")
    if not world.owns(prefix + to):
        raise BadField("to", "is no sender of the account; add it with POST /_sandbox/senders")
    if not isinstance(text.get("body"), str):
        raise BadField("body", "is required")
    service = text.get("messaging_service_sid")
    if service is None and prefix + to in (SANDBOX_FROM_NUMBER, SANDBOX_WHATSAPP_FROM):
        service = SANDBOX_MESSAGING_SERVICE_SID
    message = Message(
        sid=new_sid("SM"),
        account_sid=world.options.account_sid,
        to=prefix + to,
        sender=prefix + sender,
        service_sid=service,
        body=text["body"],
        status="received",
        direction="inbound",
        sent=now(),
    )
    message.count_segments()
    return message


def _keep_effects(world: World, message: Message, opt_out_type: str | None) -> None:
    """A WhatsApp text opens the window; a keyword by SMS blocks or frees the sender and its service."""
    if message.channel == "whatsapp":
        world.windows[message.to, message.number] = message.created
        return
    word = opt_out_type or message.body.strip().upper()
    scopes = {(scope, message.number) for scope in (message.to, message.service_sid) if scope}
    if word in STOP:
        world.blocks |= scopes
    elif word in START:
        world.blocks -= scopes


def _webhook_of(world: World, message: Message) -> str | None:
    """The number's own URL, else its service's, else the account's."""
    own = world.senders.get(message.to)
    service = world.senders.get(message.service_sid) if message.service_sid else None
    return own or service or world.inbound_url


def _fields(message: Message, opt_out_type: str | None) -> dict[str, str]:
    sender, to = message.number, message.to.removeprefix(WHATSAPP)
    fields = {
        "MessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsMessageSid": message.sid,
        "AccountSid": message.account_sid,
        "From": message.sender or "",
        "To": message.to,
        "Body": message.body,
        "NumMedia": "0",
        "NumSegments": str(message.segments),
        "SmsStatus": "received",
        "ApiVersion": "2010-04-01",
    }
    if message.service_sid:
        fields["MessagingServiceSid"] = message.service_sid
    if message.channel == "whatsapp":
        fields |= {"ProfileName": "Sandbox Person", "WaId": sender.removeprefix("+"), "Forwarded": "false"}
    else:
        fields |= {"FromCountry": subscriber(sender).country or "", "ToCountry": subscriber(to).country or ""}
        fields |= dict.fromkeys(("FromCity", "FromState", "FromZip", "ToCity", "ToState", "ToZip"), "")
    if opt_out_type:
        fields["OptOutType"] = opt_out_type
    return fields


def _answer(delivery: Delivery) -> dict[str, Any]:
    return {
        "url": delivery.url,
        "status": delivery.status,
        "body": delivery.answer,
        "error": delivery.error,
        "attempts": delivery.attempts,
    }


ROUTES = (web.post("/_sandbox/inbound", write),)
