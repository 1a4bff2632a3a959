"""Providers' words on attempts: each finds its intent and moves the attempt forward, or waits for its owner."""

from __future__ import annotations

from dataclasses import replace

from gateway.act import Acting, moves, outcomes, report
from gateway.codes import CodeRow, classify_drop
from gateway.inbox.desk import Desk
from gateway.inbox.events import Reply, StatusReported, Subject
from gateway.inbox.fields import undocumented
from gateway.inbox.verifications import verification_reported
from gateway.lifecycle import attempt_status
from gateway.model import AttemptStatus, FailureClass, Outcome, Progress, SuppressionEntry

MACHINES = ("machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "fax")
LEAVES_THE_LIST = {
    "bounce": "hard_bounce",
    "unsubscribe": "unsubscribe",
    "group_unsubscribe": "unsubscribe",
    "spamreport": "spam_report",
    "spam_report": "spam_report",
}
"""By event, or by why SendGrid drops an e-mail."""


def status_reported(desk: Desk, event: StatusReported) -> Reply:
    if event.event_id is not None and desk.seen(event.event_id):
        return Reply("duplicate")
    if event.address is not None:
        _leave_the_list(desk, event)
    effect = _move(desk, event)
    if event.event_id is not None:
        desk.remember(event.event_id)
    return Reply(effect)


def _move(desk: Desk, event: StatusReported) -> str:
    if event.subject is Subject.VERIFICATION:
        effect = verification_reported(desk, event, lambda p, n: _apply(desk.acting, p, n, event) == "applied")
        if effect is not None:
            return effect
    owner = _owner(event) or desk.acting.writes.owner_of(event.sid)
    if owner is None:
        parked = desk.park(event)
        if parked is None:
            return "orphan"
        owner = parked
    progress = desk.acting.writes.intents.load(owner[0])
    if progress is None or not 1 <= owner[1] <= len(progress.attempts):
        return "orphan"
    known_sid = progress.attempts[owner[1] - 1].provider_sid
    if known_sid is not None and event.sid and not _same(event, known_sid):
        return "orphan"
    return _apply(desk.acting, progress, owner[1], event)


def _owner(event: StatusReported) -> tuple[str, int] | None:
    return (event.intent, event.attempt) if event.intent and event.attempt else None


def _same(event: StatusReported, known_sid: str) -> bool:
    """SendGrid's sg_message_id begins with the id we were given."""
    return event.sid == known_sid or event.subject in (Subject.EMAIL, Subject.FLOW)


def _apply(acting: Acting, progress: Progress, number: int, event: StatusReported) -> str:
    moved = _moves(acting, progress, number, event)
    told = undocumented(event.fields)
    kept = bool(told) and _noted(acting, progress, f"{event.subject.value}_fields", f"{number}: {told}")
    return "applied" if moved or kept else "duplicate"


def _moves(acting: Acting, progress: Progress, number: int, event: StatusReported) -> bool:
    status = attempt_status(event.subject.value, event.status)
    if status is None:
        name = "read" if event.status == "read" else f"{event.subject.value}_status"
        return _noted(acting, progress, name, f"{number}: {event.status[:64]}")
    outcome, row = _outcome(acting, progress, status, event)
    before = progress.version
    after = report(acting, progress, number, outcome, row)
    return after is not None and after.version != before


def _outcome(
    acting: Acting, progress: Progress, status: AttemptStatus, event: StatusReported
) -> tuple[Outcome, CodeRow | None]:
    if event.subject is Subject.CALL and status is AttemptStatus.DELIVERED and not _was_heard(acting, progress, event):
        unheard = Outcome(
            AttemptStatus.FAILED, event.sid, FailureClass.CONTENT, error_detail="the call ended without being confirmed"
        )
        return unheard, None
    detail = event.error_detail or event.fields.get("reason")
    outcome, row = outcomes.of_report(status, event.status, event.error_code, _short(detail), event.subject.value)
    if event.subject is Subject.EMAIL and event.status == "dropped":
        row = classify_drop(event.fields.get("reason", ""))
        outcome = replace(outcome, failure=row.failure)
    sid = None if event.subject in (Subject.EMAIL, Subject.FLOW) else event.sid or None
    return replace(outcome, provider_sid=sid), row


def _was_heard(acting: Acting, progress: Progress, event: StatusReported) -> bool:
    """`completed` says that the call ended, not that somebody heard it: the purpose says what counts."""
    rules = acting.purpose(progress.intent).voice
    machine = event.fields.get("AnsweredBy", "") in MACHINES
    return not rules.confirm and (not machine or rules.voicemail_counts or not rules.machine_detection)


def _short(detail: str | None) -> str | None:
    return detail[:200] if detail else None


def _noted(acting: Acting, progress: Progress, name: str, told: str) -> bool:
    """What moves nothing is kept in the timeline, once. False: it stands there already."""
    intents, intent_id = acting.writes.intents, progress.intent.id

    def stands() -> bool:
        return any((entry.event, entry.detail) == (name, told) for entry in intents.timeline(intent_id))

    if stands():
        return False
    now = acting.clock.now()
    # Looked up again for the very version that is changed, so that two of a kind in one moment leave one line.
    intents.update(intent_id, lambda stored: stored if stands() else moves.note(stored, now, name, told))
    return True


def _leave_the_list(desk: Desk, event: StatusReported) -> None:
    """Unsubscribe, spam report and hard bounce: no more e-mail to this address."""
    source = LEAVES_THE_LIST.get(event.status)
    if event.status == "dropped":
        source = LEAVES_THE_LIST.get(classify_drop(event.fields.get("reason", "")).suppress_source)
    if source is None or event.address is None:
        return
    entry = SuppressionEntry("email", source, desk.acting.clock.now(), "sendgrid", event.status)
    desk.acting.writes.suppress(event.address, entry)
