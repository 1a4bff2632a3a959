"""What becomes of an intent that waits for a code when nobody enters one: its time is over, its check had no answer, or
the provider tells how the verification went.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from gateway.act import asking, checks, moves
from gateway.act.acting import Acting
from gateway.act.asking import Said
from gateway.act.proving import approve, changed, end_others
from gateway.act.starting import forget_start
from gateway.model import Progress, Reason, Verification

ASK_AGAIN = timedelta(seconds=10)
ASKED_FOR = timedelta(minutes=2)
"""How long after a code's life a lost check is still looked for: attempts tell of a conversion a little late."""
CANCELED = Reason("verification_canceled", "the verification was ended at the provider")
ENDS: Mapping[str, Reason] = {
    "expired": checks.EXPIRED,
    "max_attempts_reached": checks.TOO_MANY,
    "canceled": CANCELED,
    "deleted": CANCELED,
    "denied": CANCELED,
    "failed": CANCELED,
}


def look_at_proof(acting: Acting, progress: Progress) -> Progress | None:
    """An intent in `awaiting_verification` whose time to be looked at has come."""
    waits, now = progress.verification, acting.clock.now()
    if waits is None:
        return progress
    if waits.checking_since is not None:
        due = waits.checking_since + acting.pace.check_lease
        return _settle(acting, progress, waits, now) if now >= due else _later(acting, progress, due, now)
    if now < waits.expires_at:
        return progress
    return changed(acting, progress, lambda p: checks.over(p, waits.sid, now, checks.EXPIRED))[1]


def _settle(acting: Acting, progress: Progress, waits: Verification, now: datetime) -> Progress:
    """A check without an answer. Its approval counts only while nobody else could have checked since."""
    sid, intent_id = waits.sid, progress.intent.id
    check = acting.writes.verifications.checker(sid)
    own = check is not None and check.intent == intent_id
    said = asking.of_verification(acting, progress, waits)
    if said is Said.APPROVED:
        if own:
            after = approve(acting, progress, waits)
        else:
            after = changed(acting, progress, lambda p: checks.used_elsewhere(p, sid, now))[1]
    elif said is Said.ALIVE:
        after = changed(acting, progress, lambda p: checks.settled(p, sid, now))[1]
    elif said in (Said.SILENT, Said.UNTOLD) and now < waits.expires_at + ASKED_FOR:
        return _later(acting, progress, now + ASK_AGAIN, now)
    else:
        why = checks.TOO_MANY if said is Said.TOO_MANY else checks.EXPIRED
        after = changed(acting, progress, lambda p: checks.over(p, sid, now, why))[1]
    if own and check is not None:
        acting.writes.verifications.end_check(sid, check)
    return after


def _later(acting: Acting, progress: Progress, until: datetime, now: datetime) -> Progress:
    def change(stored: Progress) -> Progress | None:
        return moves.postponed(stored, until, now) if stored.version == progress.version else None

    return changed(acting, progress, change)[1]


def waiting_for(acting: Acting, sid: str) -> list[Progress]:
    loaded = [acting.writes.intents.load(intent_id) for intent_id in acting.writes.verifications.waiting(sid)]
    return [progress for progress in loaded if progress is not None and checks.awaited(progress, sid) is not None]


def told_approved(acting: Acting, sid: str, waiting: list[Progress]) -> bool:
    """The provider reports an approval. It is the intent's whose check had no answer, and of nobody else.

    While a check is under way its own answer will say so: it is left alone. True when anything changed.
    """
    check = acting.writes.verifications.checker(sid)
    if check is None or not check.lost:
        return end_others(acting, sid, check.intent if check is not None else "")
    for progress in waiting:
        waits = checks.awaited(progress, sid)
        if progress.intent.id == check.intent and waits is not None:
            approve(acting, progress, waits)
            acting.writes.verifications.end_check(sid, check)
            return True
    return end_others(acting, sid, check.intent)


def told_ended(acting: Acting, progress: Progress, sid: str, word: str) -> bool:
    """The provider reports that no code of this verification can be right any more."""
    waits, now = checks.awaited(progress, sid), acting.clock.now()
    if waits is None:
        return False
    forget_start(acting, progress, waits)
    return changed(acting, progress, lambda p: checks.over(p, sid, now, ENDS[word]))[0]
