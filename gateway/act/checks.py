"""What the entering of a code makes of an intent that waits for one. Pure; whether it is right is asked elsewhere.

A check is written down before the provider is asked, so that one whose answer is lost is still counted and settled.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from gateway.act import moves, proof
from gateway.act.pace import Pace
from gateway.model import Channel, IntentStatus, Progress, Reason, Verification


class Verdict(StrEnum):
    """The answer to whoever entered a code. All but `approved` are problem codes."""

    APPROVED = "approved"
    WRONG = "wrong_code"
    TOO_MANY = "too_many_attempts"
    EXPIRED = "verification_expired"
    NOT_AWAITING = "not_awaiting_verification"
    UNANSWERED = "verify_unavailable"


EXPIRED = Reason("expired", "no right code came in time")
NO_FACTOR = Reason("no_factor", "the TOTP factor is gone")
TOO_MANY = Reason(Verdict.TOO_MANY.value, "too many wrong codes")


def awaited(progress: Progress | None, sid: str) -> Verification | None:
    """What the intent waits for, if it waits for this verification (or factor)."""
    if progress is None or progress.final or progress.status is not IntentStatus.AWAITING_VERIFICATION:
        return None
    found = progress.verification
    return found if found is not None and found.sid == sid else None


def standing(progress: Progress) -> Verdict:
    """Why an intent takes no code, by how it stands."""
    if progress.failure is not None and progress.failure.code == TOO_MANY.code:
        return Verdict.TOO_MANY
    if progress.status is IntentStatus.EXPIRED and progress.decision.proof and not progress.proved:
        return Verdict.EXPIRED
    return Verdict.NOT_AWAITING


def begun(progress: Progress, sid: str, now: datetime, pace: Pace) -> tuple[Verdict | None, Progress | None]:
    """The check's mark. With a verdict there is no check; the intent becomes what stands beside it, if anything."""
    waits = awaited(progress, sid)
    if waits is None:
        return standing(progress), None
    if now >= waits.expires_at:
        return Verdict.EXPIRED, proof.unproved(progress, now, EXPIRED)
    if waits.checks >= pace.max_checks:
        return Verdict.TOO_MANY, proof.unproved(progress, now, TOO_MANY)
    if waits.step.channel is Channel.TOTP:  # nobody shares a factor, so there is nothing to settle later
        return None, _awaiting(progress, replace(waits, checks=waits.checks + 1))
    marked = replace(waits, checks=waits.checks + 1, checking_since=now)
    return None, replace(progress, verification=marked, wake_at=now + pace.check_lease, ring=False)


def wrong(progress: Progress, sid: str, now: datetime) -> Progress | None:
    waits = awaited(progress, sid)
    if waits is None:
        return None
    cleared = _awaiting(progress, replace(waits, checking_since=None))
    return moves.note(cleared, now, Verdict.WRONG.value, f"{waits.step}: {waits.checks}")


def withdrawn(progress: Progress, sid: str, now: datetime) -> Progress | None:
    """The provider certainly took no check: it does not count."""
    waits = awaited(progress, sid)
    if waits is None:
        return None
    return _awaiting(progress, replace(waits, checks=max(0, waits.checks - 1), checking_since=None))


def settled(progress: Progress, sid: str, now: datetime) -> Progress | None:
    """The check without an answer approved nothing: the next may come."""
    waits = awaited(progress, sid)
    if waits is None or waits.checking_since is None:
        return None
    return moves.note(_awaiting(progress, replace(waits, checking_since=None)), now, "check_settled", "not approved")


def approved(progress: Progress, sid: str, now: datetime) -> Progress | None:
    return proof.proved(progress, now) if awaited(progress, sid) is not None else None


def used_elsewhere(progress: Progress, sid: str, now: datetime) -> Progress | None:
    return proof.used_elsewhere(progress, now) if awaited(progress, sid) is not None else None


def over(progress: Progress, sid: str, now: datetime, why: Reason) -> Progress | None:
    return proof.unproved(progress, now, why) if awaited(progress, sid) is not None else None


def _awaiting(progress: Progress, waits: Verification) -> Progress:
    return replace(progress, verification=waits, wake_at=waits.expires_at, ring=False)
