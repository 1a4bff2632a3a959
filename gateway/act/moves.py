"""What becomes of an intent: each function takes the Progress that stands and gives the one that shall. Pure.

What a provider says of an attempt is in hearing.py, what follows from a failure in failing.py, from a code in proof.py.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from gateway.act.pace import Pace
from gateway.lifecycle import may_follow
from gateway.model import (
    Attempt,
    AttemptStatus,
    Decision,
    Facts,
    FailureClass,
    Intent,
    IntentStatus,
    Lookup,
    Progress,
    Reason,
    TimelineEntry,
)

UNDECIDED = frozenset({AttemptStatus.STARTED, AttemptStatus.UNKNOWN})
QUIET = "quiet_hours"


def note(progress: Progress, now: datetime, event: str, detail: str = "") -> Progress:
    return replace(progress, added=(*progress.added, TimelineEntry(now, event, detail)))


def wanted_at(intent: Intent) -> datetime:
    return max(intent.created_at, intent.send_at or intent.created_at)


def expires_at(progress: Progress) -> datetime:
    """When it is given up: the time to live counts from the earliest moment it may go."""
    return (progress.earliest or wanted_at(progress.intent)) + progress.intent.ttl


def accepted(
    intent: Intent,
    decision: Decision,
    lookup: Lookup | None,
    facts: Facts | None = None,
    *,
    pending: bool,
    quiet_until: datetime | None = None,
) -> Progress:
    """A new intent. `pending`: the worker will look up and decide. `quiet_until`: from when it is wanted until then."""
    now, first = intent.created_at, quiet_until or wanted_at(intent)
    waits = first > now
    if quiet_until is not None:
        why = Reason(QUIET, f"it is quiet where the recipient may be: not before {quiet_until:%Y-%m-%dT%H:%MZ}")
        decision = replace(decision, reasons=(*decision.reasons, why))
    detail = ", ".join(str(step) for step in decision.steps) or "waiting for lookup"
    return Progress(
        intent=intent,
        status=IntentStatus.PENDING_LOOKUP if pending else IntentStatus.QUEUED,
        version=1,
        decision=decision,
        lookup=lookup,
        facts=facts,
        wake_at=first,
        ring=not waits,
        earliest=quiet_until,
        added=(TimelineEntry(now, "accepted", detail),),
    )


def decided(progress: Progress, decision: Decision, lookup: Lookup | None, now: datetime) -> Progress:
    """The worker's own verdict, for an intent that waited for its lookup or whose facts had grown old."""
    if decision.refusal is not None:
        status = IntentStatus.SUPPRESSED if decision.refusal.code == "recipient_opted_out" else IntentStatus.FAILED
        progress = replace(progress, lookup=lookup, decision=replace(decision, refusal=None))
        return ended(progress, status, now, decision.refusal)
    kept = tuple(reason for reason in progress.decision.reasons if reason.code == QUIET)
    decision = replace(decision, reasons=(*decision.reasons, *kept))
    decided_now = replace(
        progress, status=IntentStatus.QUEUED, decision=decision, lookup=lookup, position=0, tries=0, wake_at=now
    )
    return note(decided_now, now, "decided", ", ".join(str(step) for step in decision.steps))


def ended(progress: Progress, status: IntentStatus, now: datetime, failure: Reason | None = None) -> Progress:
    """A final state: nobody wakes it again."""
    last = replace(progress, status=status, failure=failure, final=True, wake_at=None, ring=False, verification=None)
    return note(last, now, status.value, failure.code if failure else "")


def postponed(progress: Progress, until: datetime, now: datetime, why: str = "") -> Progress:
    later = replace(progress, wake_at=until, ring=False)
    return note(later, now, "postponed", why) if why else later


def queued_again(progress: Progress, at: datetime, now: datetime, detail: str) -> Progress:
    soon = at <= now
    again = replace(progress, status=IntentStatus.QUEUED, wake_at=at, ring=soon, sent_at=None, verification=None)
    return note(again, now, "queued", detail)


def begun(progress: Progress, now: datetime, sender: str, fingerprint: str, pace: Pace) -> Progress:
    """The attempt's mark, written before the provider is called."""
    step = progress.decision.steps[progress.position]
    attempt = Attempt(
        number=len(progress.attempts) + 1,
        step=step,
        status=AttemptStatus.STARTED,
        started_at=now,
        sender=sender,
        fingerprint=fingerprint,
    )
    going = replace(
        progress,
        status=IntentStatus.SENDING,
        attempts=(*progress.attempts, attempt),
        tries=progress.tries + 1,
        wake_at=now + pace.lease,
        ring=False,
    )
    return note(going, now, "attempt_started", f"{attempt.number}: {step}")


def stepped(progress: Progress, now: datetime, why: Reason, *, suppressed: bool = False) -> Progress:
    """On to the next step, or the end when there is none. An unproved intent never passes its proof list."""
    position = progress.position + 1
    proofs = len(progress.decision.proof)
    out_of_proof = not progress.proved and progress.position < proofs <= position
    if position >= len(progress.decision.steps) or out_of_proof:
        # Whoever waits for a code has been written to already: that is a failure, not a suppression.
        waits = progress.status is IntentStatus.AWAITING_VERIFICATION
        return ended(progress, IntentStatus.SUPPRESSED if suppressed and not waits else IntentStatus.FAILED, now, why)
    moved = replace(progress, position=position, tries=0)
    return queued_again(moved, now, now, f"{why.code}: next is {progress.decision.steps[position]}")


def passed_on(progress: Progress, now: datetime, why: Reason) -> Progress:
    """To the next step though the last word on this one is still to come: it will move the route no more."""
    settled = replace(progress.attempts[-1], settled=True)
    return stepped(replace(progress, attempts=(*progress.attempts[:-1], settled)), now, why)


def expired(progress: Progress, now: datetime) -> Progress:
    """Its time is over. An attempt of unknown outcome is never sent again: failed, not expired."""
    attempt = progress.attempt
    if attempt is not None and attempt.status in UNDECIDED and progress.status is IntentStatus.SENDING:
        why = Reason(FailureClass.UNKNOWN_OUTCOME.value, f"{attempt.step}: nobody can tell whether it was sent")
        return ended(progress, IntentStatus.FAILED, now, why)
    return ended(progress, IntentStatus.EXPIRED, now, Reason("expired", "its time to live ended"))


def cancelable(progress: Progress) -> bool:
    """Until sending begins, and while a proof is awaited."""
    return may_follow(progress.status, IntentStatus.CANCELED, final=progress.final)


def canceled(progress: Progress, now: datetime) -> Progress:
    return ended(progress, IntentStatus.CANCELED, now)


def gone_silent(progress: Progress, now: datetime) -> Progress:
    """72 hours without a last word: `sent` is final, though a later `delivered` still counts."""
    return ended(progress, IntentStatus.SENT, now)
