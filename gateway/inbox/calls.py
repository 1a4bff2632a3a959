"""A key pressed in a call: 9 opts out, 1 confirms where the purpose asks for it."""

from __future__ import annotations

from gateway.act import moves, report
from gateway.inbox.desk import Desk
from gateway.inbox.events import KeyPressed, Reply
from gateway.model import AttemptStatus, Outcome, SuppressionEntry

OPT_OUT, CONFIRM = "9", "1"
GOODBYE = "You will get no more calls from us. Goodbye."
THANKS = "Thank you. Goodbye."


def key_pressed(desk: Desk, event: KeyPressed) -> Reply:
    acting = desk.acting
    progress = acting.writes.intents.load(event.intent)
    if progress is None or not 1 <= event.attempt <= len(progress.attempts):
        return Reply("orphan", hang_up=True)
    rules, now = acting.purpose(progress.intent).voice, acting.clock.now()
    if event.digits == OPT_OUT and rules.opt_out_key:
        entry = SuppressionEntry(acting.policy.stop_scope, "keypad", now, "recipient", "pressed 9")
        changed = desk.opt_outs.add(progress.intent.to.number, entry)
        if changed:
            told = {"from": progress.intent.to.number, "provider_sid": event.sid, "keyword": OPT_OUT}
            desk.tell_app(progress.intent.app, "recipient.opted_out", told)
            acting.writes.intents.update(event.intent, lambda p: moves.note(p, now, "opted_out", "pressed 9"))
        return Reply("applied" if changed else "duplicate", say=GOODBYE, hang_up=True)
    if event.digits == CONFIRM and rules.confirm:
        confirmed = Outcome(AttemptStatus.DELIVERED, event.sid or None)
        report(acting, progress, event.attempt, confirmed, None)
        return Reply("applied", say=THANKS, hang_up=True)
    return Reply("ignored", hang_up=True)
