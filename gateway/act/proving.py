"""Take a code for an intent that waits for one, and see to it that an approval is one intent's alone.

Verify gives all starts to one address the same verification, so its approval says nothing of who typed the code. It
counts for the intent through which the right code came; all others that wait for it end. Checks of one verification go
one at a time, so an approval that is only read about, because the answer was lost, is the checking intent's own.
"""

from __future__ import annotations

import contextlib
from datetime import timedelta

from gateway.act import asking, checks
from gateway.act.acting import Acting
from gateway.act.asking import Said, service_of
from gateway.act.checks import Verdict
from gateway.act.starting import forget_start
from gateway.errors import ProviderError, StoreError
from gateway.model import Channel, IntentStatus, Progress, Verification
from gateway.ports import Change, Check

PATIENCE = timedelta(seconds=5)
"""How long a check waits for another one of the same verification."""
PROVES_THE_NUMBER = frozenset({"sms", "call", "whatsapp"})


def enter(acting: Acting, progress: Progress, code: str) -> tuple[Verdict, Progress]:
    """The whole of `POST /intents/{id}/verification`. The code is handed on and kept nowhere."""
    waits = progress.verification
    if waits is None or progress.status is not IntentStatus.AWAITING_VERIFICATION:
        return checks.standing(progress), progress
    if waits.step.channel is Channel.TOTP:
        return _totp(acting, progress, waits, code)
    check = acting.writes.verifications.begin_check(waits.sid, progress.intent.id, PATIENCE)
    if check is None:
        return Verdict.UNANSWERED, progress
    if check.lost:
        said = asking.of_verification(acting, progress, waits)
        if said is not Said.ALIVE:
            return _conclude(acting, progress, waits, check, said)
    refused, marked = _mark(acting, progress, waits)
    if refused is not None:
        if refused is Verdict.TOO_MANY:
            _use_up(acting, marked, waits)
        acting.writes.verifications.end_check(waits.sid, check)
        return refused, marked
    said = _said_of(acting, marked, waits, check, code)
    return _conclude(acting, marked, waits, check, said)


def _use_up(acting: Acting, progress: Progress, waits: Verification) -> None:
    """No code is taken for it any more, so it is called off: else Twilio would give the next intent the same one."""
    forget_start(acting, progress, waits)
    # Where that fails it expires by itself.
    with contextlib.suppress(ProviderError):
        service = service_of(acting, progress, waits.sid)
        acting.writes.codes.cancel_verification(service, waits.sid, test=progress.intent.test)


def _said_of(acting: Acting, progress: Progress, waits: Verification, check: Check, code: str) -> Said:
    said = asking.of_code(acting, progress, waits, code)
    if said is Said.GONE and asking.of_verification(acting, progress, waits) is Said.APPROVED:
        # It was refused, so not this check was approved; an earlier one of this intent without an answer may have been.
        return Said.APPROVED if check.lost else Said.USED
    if said is Said.SILENT and asking.of_verification(acting, progress, waits) is Said.APPROVED:
        return Said.APPROVED
    return said


def _conclude(
    acting: Acting, progress: Progress, waits: Verification, check: Check, said: Said
) -> tuple[Verdict, Progress]:
    sid, now = waits.sid, acting.clock.now()
    if said in (Said.SILENT, Said.UNTOLD, Said.ALIVE) or (said is Said.REFUSED and check.lost):
        # The worker settles it when no answer can come any more; until then nobody else may check.
        acting.writes.verifications.lose_check(sid, check)
        return Verdict.UNANSWERED, progress
    if said is Said.APPROVED:
        after = approve(acting, progress, waits)
        verdict = Verdict.APPROVED if after.proved else checks.standing(after)
    else:
        verdict, change = {
            Said.WRONG: (Verdict.WRONG, lambda p: checks.wrong(p, sid, now)),
            Said.TOO_MANY: (Verdict.TOO_MANY, lambda p: checks.over(p, sid, now, checks.TOO_MANY)),
            Said.GONE: (Verdict.EXPIRED, lambda p: checks.over(p, sid, now, checks.EXPIRED)),
            Said.USED: (Verdict.EXPIRED, lambda p: checks.used_elsewhere(p, sid, now)),
            Said.REFUSED: (Verdict.UNANSWERED, lambda p: checks.withdrawn(p, sid, now)),
        }[said]
        after = changed(acting, progress, change)[1]
    if said not in (Said.WRONG, Said.REFUSED):
        forget_start(acting, progress, waits)
    acting.writes.verifications.end_check(sid, check)
    return verdict, after


def approve(acting: Acting, progress: Progress, waits: Verification) -> Progress:
    """The right code came through this intent: it is proved, and whoever else waits for the verification ends."""
    now = acting.clock.now()
    _, after = changed(acting, progress, lambda p: checks.approved(p, waits.sid, now))
    try:
        if after.proved and waits.step.variant in PROVES_THE_NUMBER:
            acting.writes.prove(progress.intent.realm, progress.intent.to.number, now)
        end_others(acting, waits.sid, progress.intent.id)
    except StoreError:
        # Nothing is wrong with what was stored: a missing proof is asked for again, and the others find the code used.
        acting.alert("approval_not_told", {"intent": progress.intent.id})
    return after


def end_others(acting: Acting, sid: str, proved_id: str) -> bool:
    """All but one of those that wait for an approved verification. True when there were any."""
    now, ended = acting.clock.now(), False
    for intent_id in acting.writes.verifications.waiting(sid):
        other = acting.writes.intents.load(intent_id) if intent_id != proved_id else None
        if other is not None and checks.awaited(other, sid) is not None:
            ended |= changed(acting, other, lambda p: checks.used_elsewhere(p, sid, now))[0]
    return ended


def _totp(acting: Acting, progress: Progress, waits: Verification, code: str) -> tuple[Verdict, Progress]:
    """A factor is one person's in one application, and each code one challenge: nobody else's approval can be meant."""
    refused, marked = _mark(acting, progress, waits)
    if refused is not None:
        return refused, marked
    said, now, sid = asking.of_totp(acting, marked, waits, code), acting.clock.now(), waits.sid
    if said is Said.SILENT:
        return Verdict.UNANSWERED, marked
    if said is Said.GONE:
        acting.writes.drop_factor(sid)
    verdict, change = {
        Said.APPROVED: (Verdict.APPROVED, lambda p: checks.approved(p, sid, now)),
        Said.WRONG: (Verdict.WRONG, lambda p: checks.wrong(p, sid, now)),
        Said.TOO_MANY: (Verdict.TOO_MANY, lambda p: checks.over(p, sid, now, checks.TOO_MANY)),
        Said.GONE: (Verdict.EXPIRED, lambda p: checks.over(p, sid, now, checks.NO_FACTOR)),
        Said.REFUSED: (Verdict.UNANSWERED, lambda p: checks.withdrawn(p, sid, now)),
    }[said]
    applied, after = changed(acting, marked, change)
    return (checks.standing(after) if said is Said.APPROVED and not applied else verdict), after


def _mark(acting: Acting, progress: Progress, waits: Verification) -> tuple[Verdict | None, Progress]:
    """Written down before the provider is asked; a verdict instead where the intent takes no code."""
    now, pace = acting.clock.now(), acting.pace
    refused: Verdict | None = None

    def change(stored: Progress) -> Progress | None:
        nonlocal refused
        refused, after = checks.begun(stored, waits.sid, now, pace)
        return after

    _, after = changed(acting, progress, change)
    return refused, after


def changed(acting: Acting, progress: Progress, change: Change) -> tuple[bool, Progress]:
    """Whether the change was made, and what is stored now."""
    made = False

    def noted(stored: Progress) -> Progress | None:
        nonlocal made
        after = change(stored)
        made = after is not None
        return after

    after = acting.writes.intents.update(progress.intent.id, noted)
    return made, after if after is not None else progress
