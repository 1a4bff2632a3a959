"""A provider's refusal or silence as an Outcome, and what else follows: opt-outs, holds, alerts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from gateway.act.acting import Acting
from gateway.act.pace import ACCOUNT_PAUSE
from gateway.codes import CodeRow, classify_callback, classify_create, classify_email
from gateway.errors import ProviderError, ProviderRefused, ProviderSilent
from gateway.model import (
    Attempt,
    AttemptStatus,
    Channel,
    FailureClass,
    LineType,
    Outcome,
    Progress,
    SuppressionEntry,
)
from gateway.optout import carried_by

ENDED = frozenset({AttemptStatus.FAILED, AttemptStatus.CANCELED, AttemptStatus.DELIVERED})


def of_error(error: ProviderError, channel: Channel) -> tuple[Outcome, CodeRow | None]:
    """A create call that did not succeed. No answer at all is UNKNOWN: ask the provider before trying again."""
    if isinstance(error, ProviderRefused):
        by_mail = channel is Channel.EMAIL
        row = classify_email(error.status) if by_mail else classify_create(error.status, error.code)
        status = AttemptStatus.UNKNOWN if row.failure is FailureClass.UNKNOWN_OUTCOME else AttemptStatus.FAILED
        wait = None if error.retry_after_seconds is None else timedelta(seconds=error.retry_after_seconds)
        return Outcome(status, None, row.failure, error.code, error.message[:200], wait), row
    if isinstance(error, ProviderSilent) and not error.sent:
        return Outcome(AttemptStatus.FAILED, failure=FailureClass.RETRY, error_detail="no connection"), None
    return Outcome(AttemptStatus.UNKNOWN, failure=FailureClass.UNKNOWN_OUTCOME, error_detail="no answer"), None


def of_report(
    status: AttemptStatus, word: str, code: int | None, detail: str | None, subject: str
) -> tuple[Outcome, CodeRow | None]:
    """A callback's or a poll's word on an attempt."""
    if status not in (AttemptStatus.FAILED, AttemptStatus.CANCELED):
        return Outcome(status), None
    row = classify_callback(code, word, subject)
    return Outcome(status, failure=row.failure, error_code=code, error_detail=detail), row


def of_failed_answer(outcome: Outcome, word: str, subject: str) -> tuple[Outcome, CodeRow]:
    """A create call that was answered with a resource which has failed already."""
    row = classify_callback(outcome.error_code, word, subject)
    return replace(outcome, failure=row.failure), row


def follow(acting: Acting, progress: Progress, attempt: Attempt, outcome: Outcome, row: CodeRow | None) -> None:
    """Make durable what a failure says of the number or of us, before the route moves on. Safe to repeat.

    What the sandbox says of a number is made up, so a test teaches nothing.
    """
    intent = progress.intent
    if row is None or intent.test or outcome.status not in (AttemptStatus.FAILED, AttemptStatus.CANCELED):
        return
    now = acting.clock.now()
    channel = carried_by(attempt.step).value
    created = attempt.status is AttemptStatus.STARTED
    if row.suppress_scope is not None and channel != "email":  # an address leaves the list with the event itself
        scope = {"stop": acting.policy.stop_scope, "channel": channel}.get(row.suppress_scope, row.suppress_scope)
        source = f"{row.suppress_source}_{'create' if created else 'callback'}"
        entry = SuppressionEntry(scope, source, now, "provider", str(row.code))
        acting.writes.suppress(intent.to.number, entry)
    if row.slows is not None and attempt.status not in ENDED:  # told again, it is no other rush
        pause = outcome.retry_after or timedelta(0)
        acting.writes.slow(attempt.sender, attempt.step.channel.value, account=row.slows == "account", pause=pause)
    unreachable = row.failure is FailureClass.UNREACHABLE
    learns = row.learns if _may_be_wrong(progress) else None
    if learns is not None or row.hold is not None or unreachable:
        held = "all" if row.failure is FailureClass.FRAUD else channel
        acting.writes.learn(
            intent.to.number,
            held,
            line_type=learns,
            hold=row.hold,
            unreachable=unreachable,
            attempt=f"{intent.id}/{attempt.number}",
            by=str(row.code or ""),
            at=now,
        )
    if row.failure is FailureClass.ACCOUNT:
        acting.pause_sending(ACCOUNT_PAUSE, f"account:{row.code}")
    if row.alert:
        fields = {"code": row.code, "class": row.failure.value, "channel": channel, "intent": intent.id}
        acting.alert("provider_alert", fields)


def stopped_in_time() -> Outcome:
    """Begun, and not called: an opt-out came first."""
    return Outcome(AttemptStatus.FAILED, failure=FailureClass.OPTED_OUT, error_detail="not sent: they opted out")


def not_there() -> Outcome:
    """Searched for and not found: it was never created, so the same step may be tried again."""
    return Outcome(
        AttemptStatus.FAILED, failure=FailureClass.RETRY, error_detail="searched for twice: it was never created"
    )


def found() -> Outcome:
    """Searched for and found, in a state that has no word of ours: it was accepted."""
    return Outcome(AttemptStatus.ACCEPTED)


def with_sid(outcome: Outcome, sid: str) -> Outcome:
    return replace(outcome, provider_sid=outcome.provider_sid or sid)


def _may_be_wrong(progress: Progress) -> bool:
    """An error corrects "mobile" or fills a gap; a VoIP or premium number does not become a landline by it."""
    lookup = progress.lookup
    return lookup is None or lookup.line_type in (LineType.MOBILE, LineType.UNKNOWN)
