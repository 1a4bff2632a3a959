"""Take the next step of a queued intent: write the attempt down, call the provider, write the outcome."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from gateway.act import moves, outcomes, proof
from gateway.act.acting import Acting
from gateway.act.reports import SUBJECTS, report
from gateway.act.starting import note_start, shared_start
from gateway.channels.shape import ProviderRequest, Situation
from gateway.codes import CodeRow
from gateway.errors import ProviderError
from gateway.model import AttemptStatus, Channel, Facts, Intent, Lookup, LookupSource, Outcome, Progress, Reason, Step
from gateway.optout import stopped
from gateway.ports import Begun

CHANGEABLE = frozenset({Channel.WHATSAPP, Channel.STUDIO})
"""A window may have closed, a flow may have left the configuration."""
BUSY_PAUSE = timedelta(seconds=2)
RECHECK_AFTER = timedelta(milliseconds=100)
HELD_PAUSE = timedelta(milliseconds=500)
OPTED_OUT = "recipient_opted_out"
URGENT = "urgent"


def dispatch(acting: Acting, progress: Progress) -> Progress | None:
    """One step of a queued intent. Gives what is stored afterwards."""
    now = acting.clock.now()
    later = _not_now(acting, progress, now)
    if later is not None:
        return acting.store(progress, later)
    step = progress.step
    if step is None:
        return acting.store(progress, moves.stepped(progress, now, Reason("no_route", "no step is left")))
    if step.channel is Channel.TOTP:
        return _wait_for_totp(acting, progress, step, now)
    return _begun(acting, progress, step, now)


def _begun(acting: Acting, progress: Progress, step: Step, now: datetime) -> Progress | None:
    """The attempt's mark is written first; who was not allowed to write it calls nobody."""
    sender = acting.sender_for(progress)
    marked = moves.begun(progress, now, sender.name, acting.fingerprint(progress.intent, step), acting.pace)
    lack = _lack(acting, progress, step, now)
    if lack is not None:
        return acting.store(progress, moves.stepped(progress, now, lack))
    situation = acting.situation(marked, marked.attempts[-1], acting.deliver_by(progress, now))
    request = acting.request(situation)
    exempt, writer = acting.exempt(progress.intent, step), acting.writer(step, sender)
    verdict = acting.writes.intents.begin(marked, acting.scopes(step), exempt, writer)
    if verdict.verdict != "begun":
        return _refused(acting, progress, verdict, now)
    return _called(acting, replace(marked, version=marked.version + 1, added=()), situation, request, now)


def _called(
    acting: Acting, begun: Progress, situation: Situation, request: ProviderRequest, now: datetime
) -> Progress | None:
    """`now`: when the mark was made."""
    attempt = begun.attempts[-1]
    with acting.under_way, structlog.contextvars.bound_contextvars(attempt=attempt.number):
        waited = acting.clock.now() - now
        if waited > acting.pace.lease / 2:
            return begun  # this process stood still: by the time of an answer others may have searched, so none is sent
        if waited > RECHECK_AFTER and _stopped_since(acting, begun.intent, attempt.step):
            outcome, row = outcomes.stopped_in_time(), None
        else:
            outcome, row = _send(acting, begun, situation, request)
    return report(acting, begun, attempt.number, outcome, row)


def _stopped_since(acting: Acting, intent: Intent, step: Step) -> bool:
    """Whether an opt-out came after the mark, for a call that had to wait until others were answered."""
    known = acting.known(intent)
    return stopped(step, acting.purpose(intent), known.suppressions, known.email_suppressions) is not None


def _not_now(acting: Acting, progress: Progress, now: datetime) -> Progress | None:
    """What the intent becomes when nothing may be sent at this moment, or None when it may."""
    intent, step = progress.intent, progress.step
    if now >= moves.expires_at(progress):
        return moves.expired(progress, now)
    if intent.send_at is not None and intent.send_at > now:
        return moves.postponed(progress, intent.send_at, now)
    quiet_until = acting.quiet_until(intent, now)
    if quiet_until is not None:
        return moves.postponed(progress, min(quiet_until, moves.expires_at(progress)), now, moves.QUIET)
    paused = acting.paused_until()
    if paused is not None and paused > now:
        return moves.postponed(progress, paused, now, "sending is on hold for the account")
    if step is not None and step.channel is not Channel.TOTP:
        urgent = acting.purpose(intent).priority == URGENT
        fresh = (progress.wake_at or now) <= (progress.earliest or moves.wanted_at(intent))
        sender = acting.sender_for(progress).name
        wait = acting.writes.take_tokens(sender, step.channel.value, urgent=urgent, fresh=fresh)
        if wait > timedelta(0):
            return moves.postponed(progress, min(now + wait, moves.expires_at(progress)), now)
    return None


def _lack(acting: Acting, progress: Progress, step: Step, now: datetime) -> Reason | None:
    """Why the step cannot be taken any more, where that can have changed since it was decided."""
    if step.channel not in CHANGEABLE:
        return None
    lookup = progress.lookup or Lookup(progress.intent.to.number, LookupSource.OFFLINE, None)
    window = acting.window_until(acting.known(progress.intent), acting.sender_for(progress))
    facts = Facts(as_of=now, lookup=lookup, whatsapp_window_until=window)
    lack = acting.shape(step).lacks(step, progress.intent, facts, acting.policy)
    return None if lack is None else Reason(getattr(lack, "code", "no_route"), f"{step} is passed over: {lack}")


def _send(
    acting: Acting, begun: Progress, situation: Situation, request: ProviderRequest
) -> tuple[Outcome, CodeRow | None]:
    """Never raises a provider's error: it becomes an Outcome."""
    channel = situation.step.channel
    shared = shared_start(acting, begun, request)
    if shared is not None:
        return shared, None
    try:
        answer = acting.writes.calls.send(request, test=situation.intent.test)
    except ProviderError as error:
        return outcomes.of_error(error, channel)
    outcome = acting.shape(situation.step).read(answer, situation)
    if outcome.status is AttemptStatus.FAILED:
        return outcomes.of_failed_answer(outcome, str(answer.get("status") or ""), SUBJECTS[channel])
    note_start(acting, begun, request, outcome)
    return outcome, None


def _refused(acting: Acting, progress: Progress, begun: Begun, now: datetime) -> Progress | None:
    if begun.verdict == "suppressed":
        why = Reason(OPTED_OUT, f"{progress.step} is passed over: the recipient opted out")
        return acting.store(progress, moves.stepped(progress, now, why, suppressed=True))
    if begun.verdict == "held":
        return acting.store(progress, moves.postponed(progress, now + HELD_PAUSE, now))
    if begun.verdict == "busy":
        why_not = "another attempt with the same content has no outcome yet"
        return acting.store(progress, moves.postponed(progress, now + BUSY_PAUSE, now, why_not))
    return None


def _wait_for_totp(acting: Acting, progress: Progress, step: Step, now: datetime) -> Progress | None:
    known = acting.known(progress.intent)
    if stopped(step, acting.purpose(progress.intent), known.suppressions, known.email_suppressions):
        return _refused(acting, progress, Begun("suppressed"), now)
    if known.factor_sid is None:
        return acting.store(progress, proof.unproved(progress, now, Reason("no_factor", "the TOTP factor is gone")))
    return acting.store(progress, proof.awaiting_totp(progress, known.factor_sid, now, acting.pace))
