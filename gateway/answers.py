"""How an intent is shown to the application that made it, in answers and in events: masked, nothing of its content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from gateway.model import Attempt, Lookup, LookupSource, Progress, TimelineEntry, masked


def moment(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def summary(progress: Progress, now: datetime) -> dict[str, Any]:
    """The answer to `POST /send` and `POST /route`."""
    intent, lookup, step = progress.intent, progress.lookup, progress.step
    deferred = lookup is None or lookup.source is LookupSource.DEFERRED
    document: dict[str, Any] = {
        "id": intent.id,
        "status": progress.status.value,
        "final": progress.final,
        "purpose": intent.purpose,
        "to": masked(intent.to.number),
        "country": (lookup.country if lookup else None) or intent.to.country,
        "line_type": None if deferred or lookup is None else lookup.line_type.value,
        "carrier": lookup.carrier if lookup else None,
        "proof": [str(s) for s in progress.decision.proof],
        "route": [str(s) for s in progress.decision.route],
        "channel": step.channel.value if step else None,
        "reasons": [{"code": r.code, "detail": r.detail} for r in progress.decision.reasons],
        "flags": list(progress.decision.flags),
        "lookup": {"source": lookup.source.value if lookup else "deferred", "age_seconds": _age(lookup, now)},
        "links": {"self": f"/intents/{intent.id}"},
    }
    if intent.test:
        document["test"] = True
    if intent.retry_of is not None:
        document["retry_of"] = intent.retry_of
    return document


def whole(progress: Progress, timeline: Iterable[TimelineEntry], now: datetime) -> dict[str, Any]:
    """The answer to `GET /intents/{id}`."""
    document = summary(progress, now)
    document |= {
        "version": progress.version,
        "created_at": moment(progress.intent.created_at),
        "updated_at": moment(progress.updated_at),
        "attempts": [_attempt(a) for a in progress.attempts],
        "timeline": shown_timeline(timeline),
        "lookup": document["lookup"] | _snapshot(progress.lookup),
        "metadata": dict(progress.intent.metadata),
    }
    if progress.late:
        document["late"] = True
    if progress.verification is not None:
        awaited = progress.verification
        document["verification"] = {"step": str(awaited.step), "expires_at": moment(awaited.expires_at)}
    if progress.failure is not None:
        document["failure"] = {"code": progress.failure.code, "detail": progress.failure.detail}
    return document


def shown_timeline(entries: Iterable[TimelineEntry]) -> list[dict[str, Any]]:
    return [{"at": moment(e.at), "event": e.event, "detail": e.detail} for e in entries]


def _age(lookup: Lookup | None, now: datetime) -> int | None:
    if lookup is None or lookup.looked_up_at is None:
        return None
    return max(0, round((now - lookup.looked_up_at).total_seconds()))


def _snapshot(lookup: Lookup | None) -> Mapping[str, Any]:
    if lookup is None:
        return {}
    return {
        "valid": lookup.valid,
        "line_type": lookup.line_type.value,
        "carrier": lookup.carrier,
        "mobile_country_code": lookup.mobile_country_code,
        "mobile_network_code": lookup.mobile_network_code,
        "looked_up_at": moment(lookup.looked_up_at),
        "errors": dict(lookup.errors),
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "channel": attempt.step.channel.value,
        "step": str(attempt.step),
        "status": attempt.status.value,
        "provider_sid": attempt.provider_sid,
        "error_code": attempt.error_code,
        "error_class": attempt.failure.value if attempt.failure else None,
        "error_detail": attempt.error_detail,
        "segments": attempt.segments,
        "price": attempt.price,
        "price_unit": attempt.price_unit,
        "started_at": moment(attempt.started_at),
        "ended_at": moment(attempt.ended_at),
    }
