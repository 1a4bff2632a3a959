"""The Messages resource: create, fetch, list, cancel, redact, delete."""

from typing import TYPE_CHECKING

from gateway.sandbox.ask import Ask, Operation, Reply
from gateway.sandbox.forms import only
from gateway.sandbox.paging import legacy_page
from gateway.sandbox.products import message_life
from gateway.sandbox.products.message import Message
from gateway.sandbox.products.message_rules import Draft, read_draft
from gateway.sandbox.refusals import Refusal
from gateway.sandbox.scenarios import scenario_for
from gateway.sandbox.sids import new_sid
from gateway.sandbox.times import now, within

if TYPE_CHECKING:
    from gateway.sandbox.world import World

ROOT = "/2010-04-01/Accounts/{account}/Messages"


def _create(world: "World", ask: Ask) -> Reply:
    draft = read_draft(world, ask)
    _refuse_by_scenario(world, draft)
    message = world.messages.add(_message(ask.account_sid, draft))
    world.log.note_created("messages", draft.to)
    wait = (draft.send_at - now()).total_seconds() if draft.send_at else 0.0
    message_life.set_out(world, message, wait)
    return Reply(201, message.as_json(), sid=message.sid)


def _refuse_by_scenario(world: "World", draft: Draft) -> None:
    """Refuse what Twilio already knows at creation. With a Messaging Service an opt-out shows only later."""
    if draft.to.startswith("whatsapp:"):
        return
    plan = scenario_for(draft.to).message
    if plan.refusal is not None:
        raise Refusal(plan.refusal, draft.to)
    if draft.service_sid is None:
        if plan.with_sender_refusal is not None:
            raise Refusal(plan.with_sender_refusal, draft.to)
        if message_life.blocked(world, draft.sender, None, draft.to):
            raise Refusal(21610, draft.to)


def _message(account_sid: str, draft: Draft) -> Message:
    status = "scheduled" if draft.send_at else "accepted" if draft.service_sid else "queued"
    message = Message(
        sid=new_sid("MM" if draft.media_urls else "SM"),
        account_sid=account_sid,
        to=draft.to,
        sender=draft.sender,
        service_sid=draft.service_sid,
        body=draft.body,
        status=status,
        media_urls=draft.media_urls,
        callback_url=draft.callback_url,
        validity_seconds=draft.validity_seconds,
        template=draft.template,
    )
    if draft.service_sid is None:
        message.count_segments()
    return message


def _found(world: "World", ask: Ask) -> Message:
    message = world.messages.get(ask.params["sid"])
    if message is None:
        raise Refusal(20404, ask.path)
    return message


def _fetch(world: "World", ask: Ask) -> Reply:
    message = _found(world, ask)
    return Reply(200, message.as_json(), sid=message.sid)


def _list(world: "World", ask: Ask) -> Reply:
    sender = ask.asked("From")
    dates = (ask.asked("DateSent"), ask.asked("DateSent>"), ask.asked("DateSent<"))
    try:
        rows = [
            message
            for message in world.messages.newest(ask.asked("To"))
            if sender in (None, message.sender) and within(message.sent, *dates)
        ]
    except ValueError:
        raise Refusal(20001, "DateSent") from None
    return legacy_page(ask, "messages", rows, Message.as_json)


def _update(world: "World", ask: Ask) -> Reply:
    only(ask, frozenset({"Body", "Status"}))
    message = _found(world, ask)
    status = ask.one("Status")
    if status is not None:
        _cancel(world, message, status)
    if "Body" in ask.form:
        if ask.one("Body") is not None:
            raise Refusal(20001, "Body may only be emptied")
        if not message.final:
            raise Refusal(20009)
        message.body, message.updated = "", now()
    return Reply(200, message.as_json(), sid=message.sid)


def _cancel(world: "World", message: Message, status: str) -> None:
    if status != "canceled":
        raise Refusal(20001, "Status")
    if message.status != "scheduled":
        raise Refusal(30409)
    message.status, message.updated = "canceled", now()
    message_life.announce(world, message, scenario_for(message.number).message)


def _delete(world: "World", ask: Ask) -> Reply:
    message = _found(world, ask)
    if not message.final:
        raise Refusal(20009)
    world.messages.remove(message.sid)
    return Reply(204, sid=message.sid)


OPERATIONS = (
    Operation("messages", "create", "POST", f"{ROOT}.json", _create, creates=True),
    Operation("messages", "list", "GET", f"{ROOT}.json", _list),
    Operation("messages", "fetch", "GET", ROOT + "/{sid}.json", _fetch),
    Operation("messages", "update", "POST", ROOT + "/{sid}.json", _update),
    Operation("messages", "delete", "DELETE", ROOT + "/{sid}.json", _delete),
)
