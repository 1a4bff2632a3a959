"""A key pressed in a call: 9 opts out, 1 confirms where the purpose asks for it."""

from __future__ import annotations

from gateway.act import moves, report
from gateway.inbox.desk import Desk
from gateway.inbox.events import KeyPressed, Reply
from gateway.model import AttemptStatus, Outcome, Progress, SuppressionEntry

OPT_OUT, CONFIRM = "9", "1"
GOODBYE = "You will get no more calls from us. Goodbye."
THANKS = "Thank you. Goodbye."


def key_pressed(desk: Desk, event: KeyPressed) -> Reply:
    acting = desk.acting
    progress = acting.writes.intents.load(event.intent)
    if progress is None or not 1 <= event.attempt <= len(progress.attempts):
        return Reply("orphan", hang_up=True)
    known_sid = progress.attempts[event.attempt - 1].provider_sid
    if known_sid is not None and event.sid and event.sid != known_sid:
        return Reply("orphan", hang_up=True)  # signed, and of another call
    if event.digits == OPT_OUT and acting.purpose(progress.intent).voice.opt_out_key:
        return _opted_out(desk, event, progress)
    if event.digits == CONFIRM and acting.purpose(progress.intent).voice.confirm:
        confirmed = Outcome(AttemptStatus.DELIVERED, event.sid or None)
        report(acting, progress, event.attempt, confirmed, None)
        return Reply("applied", say=THANKS, hang_up=True)
    return Reply("ignored", hang_up=True)


def _opted_out(desk: Desk, event: KeyPressed, progress: Progress) -> Reply:
    """Idempotent: the opt-out first, then the news of it, the memory of the key last."""
    acting, person = desk.acting, progress.intent.to.number
    if progress.intent.test:
        return Reply("ignored", say=GOODBYE, hang_up=True)  # nobody's wish: the person is made up
    pressed = f"{event.sid}/{event.attempt}/{OPT_OUT}"
    if desk.seen(pressed):
        return Reply("duplicate", say=GOODBYE, hang_up=True)
    now, why = acting.clock.now(), f"pressed 9 {event.sid}"
    added = desk.opt_outs.add(person, SuppressionEntry(acting.policy.stop_scope, "keypad", now, "recipient", why))
    if added or any(stands.why == why for stands in desk.opt_outs.entries(person)):
        own = acting.senders.get(progress.attempts[event.attempt - 1].sender)
        told = {"from": person, "to": own.from_number if own else "", "provider_sid": event.sid, "channel": "voice"}
        desk.tell_app(progress.intent.app, "recipient.opted_out", told | {"keyword": OPT_OUT})
        acting.writes.intents.update(event.intent, lambda p: moves.note(p, now, "opted_out", "pressed 9"))
    desk.remember(pressed)
    return Reply("applied", say=GOODBYE, hang_up=True)
