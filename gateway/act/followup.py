"""What is done for an intent under way: unknown outcomes searched for, silent ones fetched, late ones passed on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from gateway.act import hearing, moves, outcomes
from gateway.act.acting import Acting
from gateway.act.reports import read_answer, report
from gateway.errors import ProviderError
from gateway.model import Attempt, AttemptStatus, Channel, IntentStatus, Progress, Reason
from gateway.ports import Found

UNSEARCHABLE = frozenset({Channel.EMAIL})
LONGEST_POLL = timedelta(hours=12)
RETRY_SEARCH = timedelta(seconds=30)


def look_after(acting: Acting, progress: Progress) -> Progress | None:
    """An intent in `sending` or `sent` whose time to be looked at has come."""
    attempt = progress.attempt
    if attempt is None:
        return None
    if attempt.status in moves.UNDECIDED:
        return _resolve(acting, progress, attempt)
    return _await_word(acting, progress, attempt)


def _resolve(acting: Acting, progress: Progress, attempt: Attempt) -> Progress | None:
    """Nobody knows whether the provider acted: ask it before anything may be sent again."""
    now = acting.clock.now()
    if attempt.status is AttemptStatus.STARTED and now < attempt.started_at + acting.pace.lease:
        return progress
    if now >= moves.expires_at(progress):
        return acting.store(progress, moves.expired(progress, now))
    due = _search_due(acting, attempt)
    if due is None:
        return acting.store(progress, _never_created(acting, progress, now))
    if attempt.step.channel in UNSEARCHABLE:
        return acting.store(progress, moves.postponed(_as_unknown(progress), moves.expires_at(progress), now))
    if now < due:
        return acting.store(progress, moves.postponed(_as_unknown(progress), due, now))
    try:
        found = _ours(acting, progress, attempt)
    except ProviderError as error:
        later = moves.postponed(_as_unknown(progress), now + RETRY_SEARCH, now, f"search failed: {error}")
        return acting.store(progress, later)
    if found is not None:
        said = read_answer(attempt, found.answer)
        outcome, row = said if said is not None else (outcomes.found(), None)
        return report(acting, progress, attempt.number, outcomes.with_sid(outcome, found.sid), row)
    return _searched(acting, progress, attempt, now)


def _search_due(acting: Acting, attempt: Attempt) -> datetime | None:
    if attempt.searches >= len(acting.search_after):
        return None
    return attempt.started_at + acting.search_after[attempt.searches]


def _ours(acting: Acting, progress: Progress, attempt: Attempt) -> Found | None:
    situation = acting.situation(progress, attempt, moves.expires_at(progress))
    request = acting.request(situation)
    for found in acting.writes.calls.search(attempt, request, test=progress.intent.test):
        if attempt.step.channel is Channel.VERIFY:
            # One address has one verification at a time, whoever started it; one that is over is not what was begun.
            if found.answer.get("status") != "approved":
                acting.writes.verifications.expect(found.sid, progress.intent.id)
                return found
            continue
        owner = acting.writes.owner_of(found.sid)
        if owner is None or owner == (progress.intent.id, attempt.number):
            return found
    return None


def _searched(acting: Acting, progress: Progress, attempt: Attempt, now: datetime) -> Progress | None:
    counted = replace(attempt, searches=attempt.searches + 1, status=AttemptStatus.UNKNOWN)
    looked = replace(progress, attempts=(*progress.attempts[:-1], counted))
    looked = moves.note(looked, now, "searched", f"{attempt.number}: not found")
    due = _search_due(acting, counted)
    wanted = moves.postponed(looked, due, now) if due is not None else _never_created(acting, looked, now)
    return acting.store(progress, wanted)


def _never_created(acting: Acting, progress: Progress, now: datetime) -> Progress:
    """Only for what is stored at this moment: a report that came during the search knows better."""
    pace = acting.pace_for(progress.intent)
    return hearing.heard(progress, len(progress.attempts), outcomes.not_there(), None, now, pace)


def _as_unknown(progress: Progress) -> Progress:
    last = progress.attempts[-1]
    return replace(progress, attempts=(*progress.attempts[:-1], replace(last, status=AttemptStatus.UNKNOWN)))


def _await_word(acting: Acting, progress: Progress, attempt: Attempt) -> Progress | None:
    """Handed over, and no last word yet: pass on when the purpose will not wait, else ask the provider."""
    now = acting.clock.now()
    if now - attempt.started_at >= acting.pace.silent_for:
        return acting.store(progress, moves.gone_silent(progress, now))
    after = acting.purpose(progress.intent).fallback_after
    if after and now >= attempt.started_at + after and progress.position + 1 < len(progress.decision.steps):
        why = Reason("fallback_after", f"{attempt.step} was not delivered within {round(after.total_seconds())} s")
        return acting.store(progress, moves.passed_on(progress, now, why))
    return _poll(acting, progress, attempt, now)


def _poll(acting: Acting, progress: Progress, attempt: Attempt, now: datetime) -> Progress | None:
    due = attempt.started_at + acting.pace_for(progress.intent).poll_after
    if due > now:
        return acting.store(progress, moves.postponed(progress, due, now))
    try:
        answer = acting.writes.calls.fetch(attempt, test=progress.intent.test)
    except ProviderError as error:
        acting.alert("poll_failed", {"intent": progress.intent.id, "error": str(error)})
        answer = None
    said = read_answer(attempt, answer) if answer is not None else None
    if said is not None:
        stored = report(acting, progress, attempt.number, *said)
        if stored is None or stored.version != progress.version:
            return _sleep_on(acting, stored, attempt, now)
    return _sleep_on(acting, progress, attempt, now)


def _sleep_on(acting: Acting, progress: Progress | None, attempt: Attempt, now: datetime) -> Progress | None:
    """Doubling pauses between two looks: after 1 h, 2 h, 4 h …, at most 12 h, the last when silence is its answer."""
    if progress is None or progress.final or progress.status is IntentStatus.QUEUED:
        return progress
    age = max(now - attempt.started_at, acting.pace.poll_after)
    until = min(now + min(age, LONGEST_POLL), attempt.started_at + acting.pace.silent_for)
    return acting.store(progress, moves.postponed(progress, until, now))
