"""Put the facts together: what the state knows, and a lookup where one is needed. `weighing` says what is believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway.enrich.weighing import SIM_SWAP, counted, spares_a_lookup, weighed
from gateway.model import Facts, Intent, LineType, Lookup, LookupSource, Purpose
from gateway.ports import Known, Reads


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of Lookup: the fields, and how old an answer may be (None: as the cache keeps it)."""

    fields: tuple[str, ...]
    max_age: timedelta | None


def wanted_for(intent: Intent, purpose: Purpose, default_fields: tuple[str, ...]) -> Wanted:
    """A field costs, so only what the defaults, the purpose and its gates need; the stricter age wins."""
    extra = (SIM_SWAP,) if purpose.deny_sim_swapped_within else ()
    fields = tuple(dict.fromkeys((*default_fields, *purpose.lookup_fields, *extra)))
    ages = [age for age in (intent.max_lookup_age, purpose.max_lookup_age) if age is not None]
    return Wanted(fields, min(ages, default=None))


def enrich(intent: Intent, known: Known, reads: Reads, wanted: Wanted, now: datetime) -> Facts:
    """Raises LookupUnavailable when no line type can be had in time."""
    known = counted(intent, known)
    if intent.to.is_sip:
        return _facts(known, Lookup(intent.to.number, LookupSource.OFFLINE, None, line_type=LineType.LANDLINE), now)
    number, fields, max_age, app = intent.to.number, wanted.fields, wanted.max_age, intent.realm
    if spares_a_lookup(known, fields, max_age, now):
        # Beside what was learned the cache may have the carrier, or a younger answer.
        found = weighed(reads.kept(number, fields, max_age=max_age, app=app) or reads.offline(number), known)
        reads.note_free(app, found, fields)
        return _facts(known, found, now)
    lookup = reads.lookup(number, fields, max_age=max_age, allow_stale=False, app=app)
    return _facts(known, weighed(lookup, known), now)


def offline(intent: Intent, known: Known, reads: Reads, wanted: Wanted, now: datetime) -> Facts:
    """Without Lookup: what the digits tell, and what was learned."""
    known = counted(intent, known)
    found = weighed(reads.offline(intent.to.number), known)
    reads.note_free(intent.realm, found, wanted.fields)
    return _facts(known, found, now)


def stale(intent: Intent, known: Known, reads: Reads, wanted: Wanted, now: datetime) -> Facts:
    """From the cache, however old. Raises LookupUnavailable when the cache has nothing either."""
    known = counted(intent, known)
    lookup = reads.lookup(intent.to.number, wanted.fields, max_age=None, allow_stale=True, app=intent.realm)
    return _facts(known, weighed(lookup, known), now)


def _facts(known: Known, lookup: Lookup, now: datetime) -> Facts:
    held: Mapping[str, Any] = known.held_channels or {}
    return Facts(
        as_of=now,
        lookup=lookup,
        suppressions=known.suppressions,
        email_suppressions=known.email_suppressions,
        factor_sid=known.factor_sid,
        proved_at=known.proved_at,
        whatsapp_window_until=known.whatsapp_window_until,
        held_channels=dict(held),
        origins=known.origins,
    )
