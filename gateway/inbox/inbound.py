"""A person's text: stop, start and help first, whatever else is forwarded to the application it belongs to."""

from __future__ import annotations

from datetime import datetime

from gateway.inbox.desk import Desk
from gateway.inbox.events import MessageReceived, Reply
from gateway.inbox.keywords import Asked, answered_by_twilio, asked
from gateway.model import SuppressionEntry
from gateway.optout import LIFTED_BY_START

STOPPED = "You will get no more messages from us. Reply START to get them again."
STARTED = "You will get our messages again. Reply STOP to end them."
TOLL_FREE_CODES = ("800", "833", "844", "855", "866", "877", "888")


def message_received(desk: Desk, event: MessageReceived) -> Reply:
    """Idempotent: the effect comes first, the memory of the SID last."""
    if desk.seen(event.sid):
        return Reply("duplicate")
    now = desk.acting.clock.now()
    if event.channel == "whatsapp":
        desk.open_window(event.sender, event.to, event.received_at or now)
    wish = _wish(event)
    if wish is Asked.STOP:
        say = _stop(desk, event)
    elif wish is Asked.START:
        say = _start(desk, event)
    else:
        say = None
        _forward(desk, event)
    desk.remember(event.sid)
    silent = event.opt_out_type is not None or answered_by_twilio(event.body)
    return Reply("applied", say=None if silent else say)


def _wish(event: MessageReceived) -> Asked | None:
    """`OptOutType` wins over the body's words."""
    if event.opt_out_type is not None and event.opt_out_type.upper() in Asked.__members__:
        return Asked(event.opt_out_type.upper())
    return asked(event.body, toll_free=event.to.startswith("+1") and event.to[2:5] in TOLL_FREE_CODES)


def _stop(desk: Desk, event: MessageReceived) -> str:
    """The opt-out first, then the news of it; a repeat after a crash in between finds its own entry, and tells."""
    source = "opt_out_type" if event.opt_out_type is not None else "keyword"
    why = f"STOP {event.sid}"
    entry = SuppressionEntry(desk.acting.policy.stop_scope, source, _at(desk, event), "recipient", why)
    added = desk.opt_outs.add(event.sender, entry)
    if added or any(stands.why == why for stands in desk.opt_outs.entries(event.sender)):
        _tell(desk, event, "recipient.opted_out", {"keyword": "STOP"})
    return STOPPED


def _start(desk: Desk, event: MessageReceived) -> str:
    """The news first: a crash in between leaves something to lift, so a repeat tells again. A later STOP stands."""
    at = _at(desk, event)
    if any(e.source in LIFTED_BY_START and e.at <= at for e in desk.opt_outs.entries(event.sender)):
        _tell(desk, event, "recipient.opted_in", {"keyword": "START"})
        why = f"START {event.sid}"
        desk.opt_outs.lift(event.sender, LIFTED_BY_START, who="recipient", why=why, up_to=at)
    return STARTED


def _at(desk: Desk, event: MessageReceived) -> datetime:
    return event.received_at or desk.acting.clock.now()


def _forward(desk: Desk, event: MessageReceived) -> None:
    _tell(desk, event, "message.received", {"body": event.body})


def _tell(desk: Desk, event: MessageReceived, kind: str, more: dict[str, str]) -> None:
    app = desk.app_for(tuple(filter(None, (event.to, event.messaging_service_sid))), event.sender)
    if app is not None:
        fields = {"from": event.sender, "to": event.to, "provider_sid": event.sid, "channel": event.channel, **more}
        desk.tell_app(app, kind, fields)
