"""The Calls resource: create, fetch, list, end or redirect."""

from typing import TYPE_CHECKING

from gateway.sandbox.ask import Ask, Operation, Reply
from gateway.sandbox.forms import is_callback_url, named, only
from gateway.sandbox.paging import legacy_page
from gateway.sandbox.products.call import Call
from gateway.sandbox.products.call_life import finish, live
from gateway.sandbox.products.call_rules import read_call
from gateway.sandbox.products.conversation import Conversation
from gateway.sandbox.products.twiml import TwimlFault, parse
from gateway.sandbox.refusals import Refusal
from gateway.sandbox.times import within

if TYPE_CHECKING:
    from gateway.sandbox.world import World

ROOT = "/2010-04-01/Accounts/{account}/Calls"
CHANGES = named("Url Method Status FallbackUrl FallbackMethod StatusCallback StatusCallbackMethod Twiml TimeLimit")


def _create(world: "World", ask: Ask) -> Reply:
    call = world.calls.add(read_call(world, ask))
    world.log.note_created("calls", call.to)
    world.spawn(live(world, call))
    return Reply(201, call.as_json(), sid=call.sid)


def _found(world: "World", ask: Ask) -> Call:
    call = world.calls.get(ask.params["sid"])
    if call is None:
        raise Refusal(20404, ask.path)
    return call


def _fetch(world: "World", ask: Ask) -> Reply:
    call = _found(world, ask)
    return Reply(200, call.as_json(), sid=call.sid)


def _list(world: "World", ask: Ask) -> Reply:
    sender, status = ask.asked("From"), ask.asked("Status")
    starts = (ask.asked("StartTime"), ask.asked("StartTime>"), ask.asked("StartTime<"))
    ends = (ask.asked("EndTime"), ask.asked("EndTime>"), ask.asked("EndTime<"))
    try:
        rows = [
            call
            for call in world.calls.newest(ask.asked("To"))
            if sender in (None, call.sender)
            and status in (None, call.status)
            and within(call.started, *starts)
            and within(call.ended, *ends)
        ]
    except ValueError:
        raise Refusal(20001, "StartTime or EndTime") from None
    return legacy_page(ask, "calls", rows, Call.as_json)


def _update(world: "World", ask: Ask) -> Reply:
    only(ask, CHANGES)
    call = _found(world, ask)
    status, twiml, url = ask.one("Status"), ask.one("Twiml"), ask.one("Url")
    if status not in (None, "canceled", "completed"):
        raise Refusal(20001, "Status")
    if call.final or (status == "canceled" and call.status == "in-progress"):
        raise Refusal(21220)
    if status is not None:
        finish(world, call, "completed" if call.status == "in-progress" else "canceled")
    elif url is not None or twiml is not None:
        _redirect(world, call, url, twiml)
    return Reply(200, call.as_json(), sid=call.sid)


def _redirect(world: "World", call: Call, url: str | None, twiml: str | None) -> None:
    """Give a call that is under way other instructions."""
    if url is not None and not is_callback_url(url):
        raise Refusal(21205, url)
    if url is None:
        try:
            parse(twiml or "")
        except TwimlFault as fault:
            raise Refusal(fault.code) from None
    call.url, call.twiml = url, None if url else twiml
    if call.status == "in-progress":
        world.spawn(Conversation(world, call, "").hold())


def _delete(world: "World", ask: Ask) -> Reply:
    call = _found(world, ask)
    if not call.final:
        raise Refusal(20009)
    world.calls.remove(call.sid)
    return Reply(204, sid=call.sid)


OPERATIONS = (
    Operation("calls", "create", "POST", f"{ROOT}.json", _create, creates=True),
    Operation("calls", "list", "GET", f"{ROOT}.json", _list),
    Operation("calls", "fetch", "GET", ROOT + "/{sid}.json", _fetch),
    Operation("calls", "update", "POST", ROOT + "/{sid}.json", _update),
    Operation("calls", "delete", "DELETE", ROOT + "/{sid}.json", _delete),
)
