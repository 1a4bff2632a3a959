"""The one way an outcome reaches an intent, whoever brings it: the create call, a callback, the poller, a search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.act import hearing, outcomes
from gateway.act.acting import Acting
from gateway.codes import CodeRow
from gateway.lifecycle import fetched_status
from gateway.model import Attempt, Channel, Outcome, Progress

SUBJECTS = {
    Channel.SMS: "message",
    Channel.WHATSAPP: "message",
    Channel.VOICE: "call",
    Channel.STUDIO: "flow",
    Channel.EMAIL: "email",
    Channel.VERIFY: "verification",
}


def report(acting: Acting, progress: Progress, number: int, outcome: Outcome, row: CodeRow | None) -> Progress | None:
    """Move attempt `number` forward, with all that follows. `progress` as loaded; gives what is stored then."""
    if not 1 <= number <= len(progress.attempts):
        return progress
    outcomes.follow(acting, progress, progress.attempts[number - 1], outcome, row)
    now, pace = acting.clock.now(), acting.pace_for(progress.intent, row)

    def change(stored: Progress) -> Progress:
        return hearing.heard(stored, number, outcome, row, now, pace)

    after = change(progress)
    if after is progress:
        return progress
    intents = acting.writes.intents
    stored = intents.commit(progress, after) or intents.update(progress.intent.id, change)
    if stored is None or not stored.parked:
        return stored
    acting.bound(stored.attempts[number - 1].provider_sid or "")
    return intents.load(progress.intent.id)


def read_answer(attempt: Attempt, answer: Mapping[str, Any]) -> tuple[Outcome, CodeRow | None] | None:
    """What a fetched or found resource says of an attempt now. None: a word that means nothing to us."""
    word = str(answer.get("status") or "").lower()
    subject = SUBJECTS[attempt.step.channel]
    status = fetched_status(subject, word)
    if status is None:
        return None
    code = answer.get("error_code")
    said, row = outcomes.of_report(status, word, int(code) if code else None, None, subject)
    return _with_bill(said, answer), row


def _with_bill(outcome: Outcome, answer: Mapping[str, Any]) -> Outcome:
    segments = str(answer.get("num_segments") or "0")
    price = answer.get("price")
    return Outcome(
        outcome.status,
        str(answer["sid"]) if answer.get("sid") else None,
        outcome.failure,
        outcome.error_code,
        outcome.error_detail,
        segments=int(segments) if segments.isdigit() and int(segments) else None,
        price=str(price) if price is not None else None,
        price_unit=answer.get("price_unit") if price is not None else None,
    )
