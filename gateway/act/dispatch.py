"""Take the next step of a queued intent: write the attempt down, call the provider, write the outcome."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from gateway.act import moves, outcomes
from gateway.act.acting import Acting
from gateway.act.reports import report
from gateway.codes import CodeRow
from gateway.errors import ProviderError
from gateway.model import Channel, Outcome, Progress, Reason, Step
from gateway.optout import stopped
from gateway.ports import Begun

BUSY_PAUSE = timedelta(seconds=2)
OPTED_OUT = "recipient_opted_out"


def dispatch(acting: Acting, progress: Progress) -> Progress | None:
    """One step of a queued intent. Gives what is stored afterwards."""
    now = acting.clock.now()
    later = _not_now(acting, progress, now)
    if later is not None:
        return acting.writes.intents.update(progress.intent.id, lambda p: _if_same(p, progress, later))
    step = progress.step
    if step is None:
        return _change(acting, progress, moves.stepped(progress, now, Reason("no_route", "no step is left")))
    if step.channel is Channel.TOTP:
        return _wait_for_totp(acting, progress, step, now)
    sender = acting.sender_for(progress)
    marked = moves.begun(progress, now, sender.name, acting.fingerprint(progress.intent, step), acting.pace)
    verdict = acting.writes.intents.begin(marked, acting.scopes(step), acting.exempt(progress.intent, step))
    if verdict.verdict != "begun":
        return _refused(acting, progress, verdict, now)
    begun = replace(marked, version=marked.version + 1, added=())
    outcome, row = _send(acting, begun)
    return report(acting, begun, len(begun.attempts), outcome, row)


def _not_now(acting: Acting, progress: Progress, now: datetime) -> Progress | None:
    """What the intent becomes when nothing may be sent at this moment, or None when it may."""
    intent, step = progress.intent, progress.step
    if now >= moves.expires_at(intent):
        return moves.expired(progress, now)
    if intent.send_at is not None and intent.send_at > now:
        return moves.postponed(progress, intent.send_at, now)
    paused = acting.paused_until()
    if paused is not None and paused > now:
        return moves.postponed(progress, paused, now, "sending is on hold for the account")
    if step is not None and step.channel is not Channel.TOTP:
        wait = acting.writes.take_tokens(acting.sender_for(progress).name, step.channel.value)
        if wait > timedelta(0):
            return moves.postponed(progress, now + wait, now)
    return None


def _send(acting: Acting, begun: Progress) -> tuple[Outcome, CodeRow | None]:
    """Never raises a provider's error: it becomes an Outcome."""
    attempt = begun.attempts[-1]
    situation = acting.situation(begun, attempt, moves.expires_at(begun.intent))
    request = acting.request(situation)
    try:
        answer = acting.writes.calls.send(request, test=begun.intent.test)
    except ProviderError as error:
        return outcomes.of_error(error, attempt.step.channel)
    return acting.shape(attempt.step).read(answer, situation), None


def _refused(acting: Acting, progress: Progress, begun: Begun, now: datetime) -> Progress | None:
    if begun.verdict == "suppressed":
        why = Reason(OPTED_OUT, f"{progress.step} is passed over: the recipient opted out")
        return _change(acting, progress, moves.stepped(progress, now, why, suppressed=True))
    if begun.verdict == "busy":
        why_not = "another attempt with the same content has no outcome yet"
        return _change(acting, progress, moves.postponed(progress, now + BUSY_PAUSE, now, why_not))
    return None


def _wait_for_totp(acting: Acting, progress: Progress, step: Step, now: datetime) -> Progress | None:
    known = acting.known(progress.intent)
    if stopped(step, acting.purpose(progress.intent), known.suppressions, known.email_suppressions):
        return _refused(acting, progress, Begun("suppressed"), now)
    if known.factor_sid is None:
        return _change(acting, progress, moves.unproved(progress, now, Reason("no_factor", "the TOTP factor is gone")))
    return _change(acting, progress, moves.awaiting_totp(progress, known.factor_sid, now, acting.pace))


def _change(acting: Acting, seen: Progress, wanted: Progress) -> Progress | None:
    return acting.writes.intents.update(seen.intent.id, lambda stored: _if_same(stored, seen, wanted))


def _if_same(stored: Progress, seen: Progress, wanted: Progress) -> Progress | None:
    """A change that was thought out for what was seen holds only if that still stands."""
    return wanted if stored.version == seen.version else None
