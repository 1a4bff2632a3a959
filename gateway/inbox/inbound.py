"""A person's text: stop, start and help first, whatever else is forwarded to the application it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.inbox.desk import Desk
from gateway.inbox.events import MessageReceived, Reply
from gateway.inbox.keywords import Asked, answered_by_twilio, asked, is_yes
from gateway.model import SuppressionEntry
from gateway.optout import LIFTED_BY_START

RECEIVED, OPTED_OUT, OPTED_IN = "message.received", "recipient.opted_out", "recipient.opted_in"
"""What an application is told of a person, as the type of an event out."""
STOPPED = "You will get no more messages from us. Reply START to get them again."
STARTED = "You will get our messages again. Reply STOP to end them."
HELP = "Reply STOP to get no more messages from us, START to get them again."
WHATSAPP = "whatsapp"
LONGEST_SHORT_CODE = 6
TOLL_FREE_CODES = ("800", "833", "844", "855", "866", "877", "888")


def message_received(desk: Desk, event: MessageReceived) -> Reply:
    """Idempotent: the effect comes first, the memory of the SID last.

    A webhook does not say when the text was written: the moment of its first delivery counts for every later one, so
    that neither a repeat nor a process that stood still makes an old START younger than a newer STOP.
    """
    arrived = desk.arrived(event.sid, event.received_at or desk.acting.clock.now())
    if arrived is None:
        return Reply("duplicate")
    at = event.received_at or arrived
    if event.channel == WHATSAPP:
        desk.open_window(event.sender, event.to, at)
    wish, say = wished(event), None
    if wish is Asked.STOP:
        say = _stop(desk, event, at)
    elif wish is Asked.START:
        say = _start(desk, event, at)
    elif wish is Asked.HELP:
        say = HELP
    else:
        _forward(desk, event)
    desk.remember(event.sid)
    return Reply("applied", say=None if _answered_already(event) else say)


def wished(event: MessageReceived) -> Asked | None:
    """`OptOutType` wins over the body's words."""
    if event.opt_out_type is not None and event.opt_out_type.upper() in Asked.__members__:
        return Asked(event.opt_out_type.upper())
    return asked(event.body, toll_free=event.to.startswith("+1") and event.to[2:5] in TOLL_FREE_CODES)


def _answered_already(event: MessageReceived) -> bool:
    """Twilio answers its own words, but without Advanced Opt-Out neither on WhatsApp nor for a short code."""
    if event.opt_out_type is not None:
        return True
    by_itself = event.channel != WHATSAPP and len(event.to) > LONGEST_SHORT_CODE
    return by_itself and answered_by_twilio(event.body)


def _stop(desk: Desk, event: MessageReceived, at: datetime) -> str:
    """The opt-out first, then the news of it; a repeat after a crash in between finds its own entry, and tells."""
    source = "opt_out_type" if event.opt_out_type is not None else "keyword"
    why = f"STOP {event.sid}"
    entry = SuppressionEntry(desk.acting.policy.stop_scope, source, at, "recipient", why)
    added = desk.opt_outs.add(event.sender, entry)
    if added or any(stands.why == why for stands in desk.opt_outs.entries(event.sender)):
        _tell(desk, event, OPTED_OUT, {"keyword": "STOP"})
    return STOPPED


def _start(desk: Desk, event: MessageReceived, at: datetime) -> str | None:
    """The news first: a crash in between leaves something to lift, so a repeat tells again. A later STOP stands."""
    if any(e.source in LIFTED_BY_START and e.at <= at for e in desk.opt_outs.entries(event.sender)):
        _tell(desk, event, OPTED_IN, {"keyword": "START"})
        why = f"START {event.sid}"
        desk.opt_outs.lift(event.sender, LIFTED_BY_START, who="recipient", why=why, up_to=at)
    elif event.opt_out_type is None and is_yes(event.body):
        _forward(desk, event)  # they had not stopped: it answers somebody's question
        return None
    return STARTED


def _forward(desk: Desk, event: MessageReceived) -> None:
    media = [{"url": each.url, "content_type": each.content_type} for each in event.media]
    _tell(desk, event, RECEIVED, {"body": event.body, **({"media": media} if media else {})})


def _tell(desk: Desk, event: MessageReceived, kind: str, more: Mapping[str, Any]) -> None:
    app = desk.app_for(_written_to(event), event.sender)
    if app is not None:
        fields = {"from": event.sender, "to": event.to, "provider_sid": event.sid, "channel": event.channel, **more}
        desk.tell_app(app, kind, fields)


def _written_to(event: MessageReceived) -> tuple[str, ...]:
    """What was written to under each of its names, the closest first."""
    prefixed = f"{WHATSAPP}:{event.to}" if event.channel == WHATSAPP else None
    return tuple(filter(None, (prefixed, event.to, event.messaging_service_sid)))
