"""How an intent and its progress are written in Redis: what is personal is encrypted, the rest is JSON."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic_core import from_json, to_json

from gateway.errors import StoreUnavailable
from gateway.model import (
    Attempt,
    AttemptStatus,
    Content,
    Decision,
    Facts,
    FailureClass,
    Intent,
    IntentStatus,
    LineType,
    Lookup,
    LookupSource,
    Origin,
    Progress,
    Reason,
    Recipient,
    Step,
    SuppressionEntry,
    TimelineEntry,
    Verification,
)

NONCE_BYTES = 12


def to_ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def from_ms(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _maybe_ms(moment: datetime | None) -> int | None:
    return None if moment is None else to_ms(moment)


def _maybe_moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else from_ms(milliseconds)


def dumps(document: object) -> str:
    return to_json(document).decode()


class Sealer:
    """AES-256-GCM over one key; `about` binds a text to its place, so that it cannot be moved to another."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, text: str, about: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode(), about.encode())

    def open(self, sealed: bytes, about: str) -> str:
        """Raises StoreUnavailable when the text was sealed with another key."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about.encode()).decode()
        except InvalidTag as err:
            raise StoreUnavailable("stored text cannot be read with this GATEWAY_DATA_KEY") from err


_NAMES: dict[type[Any], tuple[str, ...]] = {}


def _field_names(kind: type[Any]) -> tuple[str, ...]:
    if kind not in _NAMES:
        _NAMES[kind] = tuple(spec.name for spec in fields(kind))
    return _NAMES[kind]


def _given(value: Any) -> dict[str, Any]:
    """A dataclass as a dictionary, without what is empty (None, "", 0, nothing in it; False says something)."""
    pairs = ((name, getattr(value, name)) for name in _field_names(type(value)))
    return {name: found for name, found in pairs if found or found is False}


def intent_document(intent: Intent) -> dict[str, Any]:
    """Everything of an intent as JSON values; fields that hold their default are left out."""
    document = _given(intent)
    document["to"] = _given(intent.to)
    document["content"] = _given(intent.content)
    document["created_at"] = to_ms(intent.created_at)
    document["ttl"] = intent.ttl.total_seconds()
    if intent.send_at is not None:
        document["send_at"] = to_ms(intent.send_at)
    if intent.max_lookup_age is not None:
        document["max_lookup_age"] = intent.max_lookup_age.total_seconds()
    return document


def read_intent(document: Mapping[str, Any]) -> Intent:
    content = dict(document["content"])
    content["media_urls"] = tuple(content.get("media_urls", ()))
    values = dict(document)
    values["to"] = Recipient(**document["to"])
    values["content"] = Content(**content)
    values["channels"] = tuple(document.get("channels", ()))
    values["created_at"] = from_ms(document["created_at"])
    values["ttl"] = timedelta(seconds=document["ttl"])
    if "send_at" in document:
        values["send_at"] = from_ms(document["send_at"])
    if "max_lookup_age" in document:
        values["max_lookup_age"] = timedelta(seconds=document["max_lookup_age"])
    return Intent(**values)


def lookup_document(lookup: Lookup, *, with_number: bool = False) -> dict[str, Any]:
    """A lookup as JSON values; the number itself only where the text is going to be sealed."""
    document = _given(lookup)
    document["looked_up_at"] = _maybe_ms(lookup.looked_up_at)
    if not with_number:
        for personal in ("number", "national_format", "caller_name"):
            document.pop(personal, None)
    return document


def read_lookup(document: Mapping[str, Any], number: str = "") -> Lookup:
    values = dict(document)
    values.setdefault("number", number)
    values["source"] = LookupSource(document["source"])
    values["looked_up_at"] = _maybe_moment(document.get("looked_up_at"))
    values["line_type"] = LineType(document.get("line_type", "unknown"))
    values["validation_errors"] = tuple(document.get("validation_errors", ()))
    return Lookup(**values)


def _facts_document(facts: Facts) -> dict[str, Any]:
    """Without the lookup, which stands beside it; of an entry only what decides, never who wrote it and why."""
    document: dict[str, Any] = {"as_of": to_ms(facts.as_of)}
    for name in ("suppressions", "email_suppressions"):
        if entries := getattr(facts, name):
            document[name] = [[e.scope, e.source, to_ms(e.at)] for e in entries]
    if facts.factor_sid is not None:
        document["factor_sid"] = facts.factor_sid
    for name in ("proved_at", "whatsapp_window_until"):
        if (moment := getattr(facts, name)) is not None:
            document[name] = to_ms(moment)
    if facts.held_channels:
        document["held_channels"] = {channel: to_ms(until) for channel, until in facts.held_channels.items()}
    if facts.origins:
        document["origins"] = {name: [origin.source, to_ms(origin.at)] for name, origin in facts.origins.items()}
    return document


def _read_facts(document: Mapping[str, Any], lookup: Lookup) -> Facts:
    def entries(name: str) -> tuple[SuppressionEntry, ...]:
        return tuple(SuppressionEntry(scope, source, from_ms(at)) for scope, source, at in document.get(name, ()))

    return Facts(
        as_of=from_ms(document["as_of"]),
        lookup=lookup,
        suppressions=entries("suppressions"),
        email_suppressions=entries("email_suppressions"),
        factor_sid=document.get("factor_sid"),
        proved_at=_maybe_moment(document.get("proved_at")),
        whatsapp_window_until=_maybe_moment(document.get("whatsapp_window_until")),
        held_channels={channel: from_ms(until) for channel, until in document.get("held_channels", {}).items()},
        origins={name: Origin(source, from_ms(at)) for name, (source, at) in document.get("origins", {}).items()},
    )


def _attempt_document(attempt: Attempt) -> dict[str, Any]:
    document = _given(attempt)
    document["step"] = str(attempt.step)
    document["started_at"] = to_ms(attempt.started_at)
    if attempt.ended_at is not None:
        document["ended_at"] = to_ms(attempt.ended_at)
    return document


def _read_attempt(document: Mapping[str, Any]) -> Attempt:
    values = dict(document)
    values["step"] = Step.parse(document["step"])
    values["status"] = AttemptStatus(document["status"])
    values["started_at"] = from_ms(document["started_at"])
    values["ended_at"] = _maybe_moment(document.get("ended_at"))
    if "failure" in document:
        values["failure"] = FailureClass(document["failure"])
    return Attempt(**values)


def _reasons(reasons: tuple[Reason, ...]) -> list[list[str]]:
    return [[r.code, r.detail] for r in reasons]


def state_text(progress: Progress) -> str:
    """What changes in the life of an intent, as one JSON text without personal data."""
    decision, verification = progress.decision, progress.verification
    document: dict[str, Any] = {
        "status": progress.status.value,
        "proof": [str(s) for s in decision.proof],
        "route": [str(s) for s in decision.route],
        "reasons": _reasons(decision.reasons),
        "flags": list(decision.flags),
        "position": progress.position,
        "tries": progress.tries,
        "attempts": [_attempt_document(a) for a in progress.attempts],
        "proved": progress.proved,
        "final": progress.final,
        "late": progress.late,
    }
    if progress.lookup is not None:
        document["lookup"] = lookup_document(progress.lookup)
    if progress.facts is not None:
        document["facts"] = _facts_document(progress.facts)
    if verification is not None:
        document["verification"] = [
            str(verification.step),
            verification.sid,
            to_ms(verification.expires_at),
            verification.checks,
            _maybe_ms(verification.checking_since),
        ]
    if progress.failure is not None:
        document["failure"] = [progress.failure.code, progress.failure.detail]
    if progress.earliest is not None:
        document["earliest"] = to_ms(progress.earliest)
    for name in ("sent_at", "updated_at", "wake_at"):
        document[name] = _maybe_ms(getattr(progress, name))
    return dumps(document)


def read_progress(intent: Intent, state: str | bytes, version: int) -> Progress:
    document = from_json(state)
    decision = Decision(
        proof=tuple(Step.parse(s) for s in document["proof"]),
        route=tuple(Step.parse(s) for s in document["route"]),
        reasons=tuple(Reason(*r) for r in document["reasons"]),
        flags=tuple(document["flags"]),
    )
    awaited = document.get("verification")
    failure = document.get("failure")
    lookup = read_lookup(document["lookup"], intent.to.number) if "lookup" in document else None
    facts = document.get("facts")
    return Progress(
        intent=intent,
        status=IntentStatus(document["status"]),
        version=version,
        decision=decision,
        lookup=lookup,
        position=document["position"],
        tries=document["tries"],
        attempts=tuple(_read_attempt(a) for a in document["attempts"]),
        proved=document["proved"],
        verification=_read_verification(awaited) if awaited else None,
        failure=Reason(*failure) if failure else None,
        sent_at=_maybe_moment(document["sent_at"]),
        final=document["final"],
        late=document["late"],
        earliest=_maybe_moment(document.get("earliest")),
        updated_at=_maybe_moment(document["updated_at"]),
        wake_at=_maybe_moment(document["wake_at"]),
        facts=_read_facts(facts, lookup) if facts and lookup is not None else None,
    )


def _read_verification(stored: list[Any]) -> Verification:
    step, sid, expires_at, checks, *checking = stored
    since = _maybe_moment(checking[0]) if checking else None
    return Verification(Step.parse(step), sid, from_ms(expires_at), checks, since)


def timeline_text(entry: TimelineEntry) -> str:
    return dumps([to_ms(entry.at), entry.event, entry.detail])


def read_timeline(text: str | bytes) -> TimelineEntry:
    at, event, detail = from_json(text)
    return TimelineEntry(from_ms(at), event, detail)


def entry_document(entry: SuppressionEntry) -> dict[str, Any]:
    return {"scope": entry.scope, "source": entry.source, "at": to_ms(entry.at), "who": entry.who, "why": entry.why}


def read_entry(document: Mapping[str, Any]) -> SuppressionEntry:
    return SuppressionEntry(
        document["scope"],
        document["source"],
        from_ms(document["at"]),
        document.get("who", ""),
        document.get("why", ""),
    )
