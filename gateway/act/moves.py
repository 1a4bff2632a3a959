"""What becomes of an intent: each function takes the Progress that stands and gives the one that shall. Pure.

Every failed attempt moves the route by exactly one step (`settled` remembers it); the first `delivered` of any attempt
ends the intent, whatever else is under way.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.codes import CodeRow, defer_until
from gateway.lifecycle import forward
from gateway.model import (
    Attempt,
    AttemptStatus,
    Channel,
    Decision,
    FailureClass,
    Intent,
    IntentStatus,
    Lookup,
    Outcome,
    Progress,
    Reason,
    TimelineEntry,
    Verification,
)

ENDED_BADLY = frozenset({AttemptStatus.FAILED, AttemptStatus.CANCELED})
UNDECIDED = frozenset({AttemptStatus.STARTED, AttemptStatus.UNKNOWN})
TRY_AGAIN = frozenset(
    {FailureClass.RETRY, FailureClass.UNREACHABLE, FailureClass.UNLISTED, FailureClass.UNKNOWN_OUTCOME}
)
ENDS = frozenset({FailureClass.FRAUD, FailureClass.BUG})
ACCOUNT_PAUSE = timedelta(seconds=60)
QUIET = "quiet_hours"


@dataclass(frozen=True, slots=True)
class Pace:
    """How often and how soon: tries on one step, the first pause and the longest, how long to wait for a last word.

    `code_life`, `max_checks`: how long a code is good, and how many are taken. `check_lease`: after so long the answer
    to a check will not come any more. `resend_after`: until then a started verification is shared, not started again.
    `zones`: the time zones the recipient may be in, where a pause must end in their morning.
    """

    tries_per_step: int = 5
    first_pause: timedelta = timedelta(seconds=4)
    longest_pause: timedelta = timedelta(minutes=10)
    lease: timedelta = timedelta(seconds=45)
    poll_after: timedelta = timedelta(hours=1)
    silent_for: timedelta = timedelta(hours=72)
    bill_after: timedelta = timedelta(minutes=5)
    code_life: timedelta = timedelta(minutes=10)
    max_checks: int = 5
    check_lease: timedelta = timedelta(seconds=20)
    resend_after: timedelta = timedelta(seconds=30)
    zones: tuple[str, ...] = ()


def note(progress: Progress, now: datetime, event: str, detail: str = "") -> Progress:
    return replace(progress, added=(*progress.added, TimelineEntry(now, event, detail)))


def wanted_at(intent: Intent) -> datetime:
    return max(intent.created_at, intent.send_at or intent.created_at)


def expires_at(progress: Progress) -> datetime:
    """When it is given up: the time to live counts from the earliest moment it may go."""
    return (progress.earliest or wanted_at(progress.intent)) + progress.intent.ttl


def accepted(
    intent: Intent, decision: Decision, lookup: Lookup | None, *, pending: bool, quiet_until: datetime | None = None
) -> Progress:
    """A new intent. `pending`: the worker will look up and decide. `quiet_until`: from when it is wanted until then."""
    now, first = intent.created_at, quiet_until or wanted_at(intent)
    waits = first > now
    if quiet_until is not None:
        why = Reason(QUIET, f"it is quiet where the recipient may be: not before {quiet_until:%Y-%m-%dT%H:%MZ}")
        decision = replace(decision, reasons=(*decision.reasons, why))
    progress = Progress(
        intent=intent,
        status=IntentStatus.PENDING_LOOKUP if pending else IntentStatus.QUEUED,
        version=1,
        decision=decision,
        lookup=lookup,
        wake_at=first,
        ring=not waits,
        earliest=quiet_until,
    )
    detail = ", ".join(str(step) for step in decision.steps)
    return note(progress, now, "accepted", detail or "waiting for lookup")


def decided(progress: Progress, decision: Decision, lookup: Lookup, now: datetime) -> Progress:
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


def heard(
    progress: Progress, number: int, outcome: Outcome, row: CodeRow | None, now: datetime, pace: Pace
) -> Progress:
    """What a provider says of attempt `number`, by answer, callback or poll. The same object back: nothing new."""
    if not 1 <= number <= len(progress.attempts):
        return progress
    before = progress.attempts[number - 1]
    after = _merged(before, outcome, now)
    if after == before:
        return progress
    attempts = tuple(after if a.number == number else a for a in progress.attempts)
    told = replace(progress, attempts=attempts)
    if after.status is not before.status:
        told = note(told, now, f"attempt_{after.status}", _detail(after))
    if progress.final and progress.status is not IntentStatus.SENT:
        return _delivered_twice(told, before, after)
    if after.status is AttemptStatus.DELIVERED and not after.step.proves:
        return billed_later(_delivered(told, after, now), now, pace)
    if number != len(progress.attempts) or progress.final or before.settled:
        return told
    if after.status in ENDED_BADLY:
        return billed_later(_settled(told, after, row, outcome, now, pace), now, pace)
    return _under_way(told, before, after, outcome, now, pace)


BILLED = frozenset({Channel.SMS, Channel.WHATSAPP, Channel.VOICE})


def unbilled(progress: Progress) -> tuple[Attempt, ...]:
    """Attempts that cost something and whose price is not known yet: a provider tells it some time after the end."""
    return tuple(a for a in progress.attempts if a.step.channel in BILLED and a.provider_sid and a.price is None)


def billed_later(progress: Progress, now: datetime, pace: Pace) -> Progress:
    """An intent that has ended is looked at once more for its segments and its price."""
    if not progress.final or not pace.bill_after or not unbilled(progress):
        return progress
    return replace(progress, wake_at=now + pace.bill_after)


def _merged(before: Attempt, outcome: Outcome, now: datetime) -> Attempt:
    status = forward(before.status, outcome.status)
    known = {
        name: getattr(outcome, name)
        for name in ("error_code", "error_detail", "segments", "price", "price_unit")
        if getattr(outcome, name) is not None
    }
    if outcome.status is not status:
        known.pop("error_code", None)
        known.pop("error_detail", None)
    failure = outcome.failure if outcome.status is status else before.failure
    ends = status in ENDED_BADLY or status is AttemptStatus.DELIVERED
    return replace(
        before,
        status=status,
        provider_sid=before.provider_sid or outcome.provider_sid,
        failure=failure if status is not AttemptStatus.DELIVERED else None,
        ended_at=before.ended_at or (now if ends else None),
        **known,
    )


def _detail(attempt: Attempt) -> str:
    code = f" {attempt.error_code}" if attempt.error_code else ""
    return f"{attempt.number}: {attempt.step}{code}"


def _delivered(progress: Progress, attempt: Attempt, now: datetime) -> Progress:
    late = attempt.number != len(progress.attempts) or progress.status is IntentStatus.QUEUED
    done = replace(progress, late=progress.late or late, failure=None)
    return ended(done, IntentStatus.DELIVERED, now)


def _delivered_twice(progress: Progress, before: Attempt, after: Attempt) -> Progress:
    """A second attempt reached the person although the intent had ended with another: nobody may count both."""
    twice = after.status is AttemptStatus.DELIVERED and before.status is not AttemptStatus.DELIVERED
    late = twice and not after.step.proves and progress.status is IntentStatus.DELIVERED
    return replace(progress, late=True) if late else progress


def _under_way(
    progress: Progress, before: Attempt, after: Attempt, outcome: Outcome, now: datetime, pace: Pace
) -> Progress:
    if after.status in UNDECIDED:
        return replace(progress, wake_at=now) if after.status is not before.status else progress
    if after.step.proves:
        return _awaiting(progress, after, outcome, now, pace) if before.status in UNDECIDED else progress
    if after.status is AttemptStatus.SENT and progress.status is not IntentStatus.SENT:
        progress = note(replace(progress, status=IntentStatus.SENT, sent_at=now), now, "sent")
    return replace(progress, wake_at=after.started_at + pace.poll_after, ring=False)


def _awaiting(progress: Progress, attempt: Attempt, outcome: Outcome, now: datetime, pace: Pace) -> Progress:
    deadline = min(outcome.deadline or attempt.started_at + pace.code_life, expires_at(progress))
    awaited = Verification(attempt.step, attempt.provider_sid or "", deadline)
    waiting = replace(
        progress,
        status=IntentStatus.AWAITING_VERIFICATION,
        verification=awaited,
        wake_at=deadline,
        ring=False,
    )
    return note(waiting, now, "awaiting_verification", str(attempt.step))


def awaiting_totp(progress: Progress, factor_sid: str, now: datetime, pace: Pace) -> Progress:
    """A TOTP step calls nothing: it waits for the code at once."""
    step = progress.decision.steps[progress.position]
    deadline = min(now + pace.code_life, expires_at(progress))
    waiting = replace(
        progress,
        status=IntentStatus.AWAITING_VERIFICATION,
        verification=Verification(step, factor_sid, deadline),
        wake_at=deadline,
        ring=False,
    )
    return note(waiting, now, "awaiting_verification", str(step))


def _settled(
    progress: Progress, attempt: Attempt, row: CodeRow | None, outcome: Outcome, now: datetime, pace: Pace
) -> Progress:
    """The route moves because of this failure, once."""
    attempts = tuple(replace(a, settled=True) if a.number == attempt.number else a for a in progress.attempts)
    progress = replace(progress, attempts=attempts)
    failure = outcome.failure or FailureClass.UNLISTED
    why = Reason(
        failure.value, f"{attempt.step} failed" + (f" with {attempt.error_code}" if attempt.error_code else "")
    )
    if failure in ENDS:
        return ended(progress, IntentStatus.FAILED, now, why)
    if failure is FailureClass.INVALID:
        return _undeliverable(progress, now, why)
    again = _again_at(progress, failure, row, outcome, now, pace)
    if again is not None and again < expires_at(progress):
        if failure is FailureClass.ACCOUNT:
            progress = replace(progress, tries=max(0, progress.tries - 1))
        return queued_again(progress, again, now, f"{why.detail}, again on the same step")
    return stepped(progress, now, why, suppressed=failure is FailureClass.OPTED_OUT)


def _undeliverable(progress: Progress, now: datetime, why: Reason) -> Progress:
    """The number is invalid: only steps that need no number may follow (email)."""
    for position in range(progress.position + 1, len(progress.decision.steps)):
        if progress.decision.steps[position].channel is Channel.EMAIL and (
            progress.proved or not progress.decision.proof
        ):
            return queued_again(replace(progress, position=position, tries=0), now, now, f"{why.code}: next is email")
    return ended(progress, IntentStatus.FAILED, now, why)


def _again_at(
    progress: Progress,
    failure: FailureClass,
    row: CodeRow | None,
    outcome: Outcome,
    now: datetime,
    pace: Pace,
) -> datetime | None:
    """When the same step may be tried again, None when it may not."""
    if failure is FailureClass.ACCOUNT:
        return now + ACCOUNT_PAUSE
    if failure is FailureClass.DEFER and row is not None:
        return max(defer_until(row, now, pace.zones), now + (outcome.retry_after or timedelta(0)))
    if failure not in TRY_AGAIN:
        return None
    allowed = pace.tries_per_step - 1 if row is None or row.retries is None else row.retries
    if progress.tries > allowed:
        return None
    least = max(outcome.retry_after or timedelta(0), (row.retry_after if row else None) or timedelta(0))
    return now + max(least, pause(progress, pace))


def pause(progress: Progress, pace: Pace) -> timedelta:
    """Doubling with the tries, and ±20 % that differ between intents but not between runs."""
    doubled = pace.first_pause * (2 ** max(0, progress.tries - 1))
    spread = zlib.crc32(f"{progress.intent.id}{progress.tries}".encode()) % 4001 / 10_000 + 0.8
    jittered: timedelta = min(doubled, pace.longest_pause) * spread
    return jittered


def expired(progress: Progress, now: datetime) -> Progress:
    """Its time is over. An attempt of unknown outcome is never sent again: failed, not expired."""
    attempt = progress.attempt
    if attempt is not None and attempt.status in UNDECIDED and progress.status is IntentStatus.SENDING:
        why = Reason(FailureClass.UNKNOWN_OUTCOME.value, f"{attempt.step}: nobody can tell whether it was sent")
        return ended(progress, IntentStatus.FAILED, now, why)
    return ended(progress, IntentStatus.EXPIRED, now, Reason("expired", "its time to live ended"))


def canceled(progress: Progress, now: datetime) -> Progress:
    return ended(progress, IntentStatus.CANCELED, now)


def proved(progress: Progress, now: datetime) -> Progress:
    """The right code came: on to delivery, or done when there is nothing to deliver."""
    told = _proof_over(progress, AttemptStatus.DELIVERED, now)
    done = replace(told, proved=True, position=len(progress.decision.proof), tries=0, verification=None)
    done = note(done, now, "approved", str(progress.verification.step) if progress.verification else "")
    if not progress.decision.route:
        return ended(done, IntentStatus.VERIFIED, now)
    return queued_again(done, now, now, f"next is {progress.decision.route[0]}")


def unproved(progress: Progress, now: datetime, why: Reason) -> Progress:
    """This proof step came to nothing: the next one, or the end (`expired` when it was only time)."""
    over = _proof_over(progress, AttemptStatus.FAILED, now, why.detail)
    if progress.position + 1 < len(progress.decision.proof):
        return stepped(over, now, why)
    return ended(over, IntentStatus.EXPIRED if why.code == "expired" else IntentStatus.FAILED, now, why)


def used_elsewhere(progress: Progress, now: datetime) -> Progress:
    """The code was entered, but not here: an approval is never shared, and no other proof step makes up for it."""
    why = Reason("code_used_elsewhere", "the code was entered for another intent")
    return ended(_proof_over(progress, AttemptStatus.FAILED, now, why.detail), IntentStatus.EXPIRED, now, why)


def _proof_over(progress: Progress, status: AttemptStatus, now: datetime, detail: str | None = None) -> Progress:
    """The attempt whose code was awaited has come to its end, and later reports of it move the route no more."""
    sid = progress.verification.sid if progress.verification else None
    failure = None if status is AttemptStatus.DELIVERED else FailureClass.CONTENT
    attempts = tuple(
        replace(a, status=status, ended_at=now, settled=True, failure=failure, error_detail=detail)
        if sid and a.provider_sid == sid and a.status not in ENDED_BADLY
        else a
        for a in progress.attempts
    )
    return replace(progress, attempts=attempts)


def gone_silent(progress: Progress, now: datetime) -> Progress:
    """72 hours without a last word: `sent` is final, though a later `delivered` still counts."""
    return ended(progress, IntentStatus.SENT, now)
