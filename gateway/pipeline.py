"""The story: an intent is normalized, enriched, decided, accepted; a worker acts. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from gateway import decide, enrich, tracing
from gateway.act import Acting, bill, dispatch, look_after, look_at_proof, moves
from gateway.errors import LookupUnavailable, Refused
from gateway.model import Decision, Facts, Intent, IntentStatus, Lookup, LookupSource, Progress, Reason
from gateway.ports import Claim, Known, Reads

A_MOMENT = timedelta(minutes=1)
"""Facts of the acceptance itself are not fetched a second time, however young the purpose wants them."""
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(seconds=4), timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class House:
    """What the story needs: powers to read (enrich), powers to write (act), and the fields bought by default."""

    reads: Reads
    acting: Acting
    default_fields: tuple[str, ...]


def judge(house: House, intent: Intent, known: Known, *, free: bool = False) -> Progress:
    """Enrich and decide, without accepting. Raises Refused for a no; `pending_lookup` when Lookup cannot answer now.

    `free`: nothing may be paid for (the dry run with `lookup=offline`).
    """
    policy = house.acting.policy
    if intent.test and not house.acting.takes_tests:
        raise Refused("no_route", "A test key sends to the sandbox alone, and [sandbox] base_url is not configured.")
    known = house.acting.facing(intent, known)
    refusal = _precheck(house, intent, known)
    if refusal is not None:
        raise Refused(refusal.code, refusal.detail)
    facts = _free_facts(house, intent, known) if free else _facts(house, intent, known)
    quiet_until = house.acting.quiet_until(intent, moves.wanted_at(intent))
    if facts is None:
        unknown = Lookup(intent.to.number, LookupSource.DEFERRED, None, country=intent.to.country)
        return moves.accepted(intent, Decision(), unknown, pending=True, quiet_until=quiet_until)
    decision = decide.decide(intent, facts, policy)
    if decision.refusal is not None:
        raise Refused(decision.refusal.code, decision.refusal.detail)
    return moves.accepted(intent, decision, facts.lookup, facts, pending=False, quiet_until=quiet_until)


def accept(
    house: House,
    intent: Intent,
    known: Known,
    claim: Claim | None,
    answered: Callable[[Progress], str],
    *,
    may_ring: bool = True,
) -> tuple[Progress, str]:
    """The intent is durable when this returns: its progress and the answer that its idempotency key keeps."""
    with tracing.span("accept", intent=intent.id, purpose=intent.purpose):
        trace = tracing.traceparent()
        progress = judge(house, intent if trace is None else replace(intent, trace=trace), known)
        answer = answered(progress)
        kept = None if claim is None else replace(claim, answer=answer)
        house.acting.writes.intents.accept(progress, kept, ring=progress.ring and may_ring)
    return progress, answer


def run(house: House, intent_id: str) -> Progress | None:
    """Whatever this intent needs now: the worker's whole job, safe to run at any time and any number of times."""
    progress = house.acting.writes.intents.load(intent_id)
    if progress is None or progress.final:
        return bill(house.acting, progress) if progress is not None and progress.wake_at is not None else progress
    with (
        structlog.contextvars.bound_contextvars(intent=intent_id),
        tracing.span("run", progress.intent.trace, intent=intent_id, status=progress.status.value),
    ):
        return _run(house, progress)


def _run(house: House, loaded: Progress) -> Progress | None:
    progress: Progress | None = loaded
    if loaded.status is IntentStatus.PENDING_LOOKUP or _facts_are_old(house, loaded):
        progress = _decide_again(house, loaded)
    match progress.status if progress is not None else None:
        case IntentStatus.QUEUED:
            return dispatch(house.acting, progress) if progress is not None else None
        case IntentStatus.SENDING | IntentStatus.SENT:
            return look_after(house.acting, progress) if progress is not None and not progress.final else progress
        case IntentStatus.AWAITING_VERIFICATION:
            return look_at_proof(house.acting, progress) if progress is not None else None
    return progress


def _precheck(house: House, intent: Intent, known: Known) -> Reason | None:
    return decide.precheck(
        intent, house.acting.policy, suppressions=known.suppressions, email_suppressions=known.email_suppressions
    )


def _facts(house: House, intent: Intent, known: Known) -> Facts | None:
    """None: accept now, and let the worker look up."""
    purpose, now = house.acting.purpose(intent), house.acting.clock.now()
    wanted = enrich.wanted_for(intent, purpose, house.default_fields)
    try:
        return enrich.enrich(intent, known, house.reads, wanted, now)
    except LookupUnavailable as err:
        match purpose.on_lookup_failure:
            case "offline":
                return enrich.offline(intent, known, house.reads, wanted, now)
            case "stale":
                return _stale(house, intent, known, wanted)
            case "defer":
                return None
        raise _no_lookup(err) from err


def _free_facts(house: House, intent: Intent, known: Known) -> Facts:
    wanted = enrich.wanted_for(intent, house.acting.purpose(intent), house.default_fields)
    return enrich.offline(intent, known, house.reads, wanted, intent.created_at)


def _no_lookup(err: LookupUnavailable) -> Refused:
    """The purpose says reject: for want of money, or for want of an answer."""
    code, detail = "lookup_unavailable", f"Lookup is unavailable: {err.cause}"
    if err.cause == "budget":
        code, detail = "budget_exhausted", "Today's budget of paid lookups is used up."
    return Refused(code, detail, retry_after_seconds=err.retry_after_seconds)


def _stale(house: House, intent: Intent, known: Known, wanted: enrich.Wanted) -> Facts | None:
    try:
        return enrich.stale(intent, known, house.reads, wanted, house.acting.clock.now())
    except LookupUnavailable:
        return None


def _facts_are_old(house: House, progress: Progress) -> bool:
    """Facts older than the purpose allows are fetched and decided again, before anything was tried."""
    limit = enrich.wanted_for(progress.intent, house.acting.purpose(progress.intent), house.default_fields).max_age
    lookup = progress.lookup
    if limit is None or progress.attempts or progress.status is not IntentStatus.QUEUED:
        return False
    if lookup is None or lookup.looked_up_at is None or progress.proved:
        return False
    return house.acting.clock.now() - lookup.looked_up_at > max(limit, A_MOMENT)


def _decide_again(house: House, progress: Progress) -> Progress | None:
    acting = house.acting
    intent, now = progress.intent, acting.clock.now()
    if now >= moves.expires_at(progress):
        return acting.store(progress, moves.expired(progress, now))
    known = acting.facing(intent, acting.known(intent))
    refusal = _precheck(house, intent, known)
    if refusal is not None:  # it has changed since the intent was accepted: nothing is paid for it
        return acting.store(progress, moves.decided(progress, Decision(refusal=refusal), progress.lookup, now))
    try:
        facts = _facts(house, intent, known)
    except Refused as err:
        return acting.store(progress, moves.ended(progress, IntentStatus.FAILED, now, Reason(err.code, err.detail)))
    if facts is None:
        waited = min(max(SHORTEST_PAUSE, (now - intent.created_at) / 2), LONGEST_PAUSE)
        later = moves.postponed(progress, now + waited, now, "lookup is unavailable")
        return acting.store(progress, later)
    decision = decide.decide(intent, facts, acting.policy)
    return acting.store(progress, replace(moves.decided(progress, decision, facts.lookup, now), facts=facts))
