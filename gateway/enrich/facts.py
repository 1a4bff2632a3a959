"""Put the facts together; the one place where a learned line type is weighed against a looked-up one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from gateway.model import Facts, Intent, LineType, Lookup, LookupSource, Purpose
from gateway.ports import Known, Reads

SIM_SWAP = "sim_swap"


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
    known = _untaught(intent, known)
    if intent.to.is_sip:
        return _facts(known, Lookup(intent.to.number, LookupSource.OFFLINE, None, line_type=LineType.LANDLINE), now)
    taught = _taught(intent, known, reads, wanted, now)
    if taught is not None:
        reads.note_free(intent.realm, taught, wanted.fields)
        return _facts(known, taught, now)
    lookup = reads.lookup(intent.to.number, wanted.fields, max_age=wanted.max_age, allow_stale=False, app=intent.realm)
    return _facts(known, weighed(lookup, known), now)


def offline(intent: Intent, known: Known, reads: Reads, wanted: Wanted, now: datetime) -> Facts:
    """Without Lookup: what the digits tell, and what was learned."""
    known = _untaught(intent, known)
    found = weighed(reads.offline(intent.to.number), known)
    reads.note_free(intent.realm, found, wanted.fields)
    return _facts(known, found, now)


def stale(intent: Intent, known: Known, reads: Reads, wanted: Wanted, now: datetime) -> Facts:
    """From the cache, however old. Raises LookupUnavailable when the cache has nothing either."""
    known = _untaught(intent, known)
    lookup = reads.lookup(intent.to.number, wanted.fields, max_age=None, allow_stale=True, app=intent.realm)
    return _facts(known, weighed(lookup, known), now)


def _untaught(intent: Intent, known: Known) -> Known:
    """What real traffic has taught of a number says nothing of the sandbox's."""
    return replace(known, learned_line_type=None, held_channels=None) if intent.test else known


def _taught(intent: Intent, known: Known, reads: Reads, wanted: Wanted, now: datetime) -> Lookup | None:
    """A send error has said what the number is: nothing needs to be bought while that is young enough."""
    if known.learned_line_type is None or SIM_SWAP in wanted.fields:
        return None
    line_type, learned_at = known.learned_line_type
    if wanted.max_age is not None and now - learned_at > wanted.max_age:
        return None
    base = reads.offline(intent.to.number)
    return replace(base, source=LookupSource.LEARNED, looked_up_at=learned_at, line_type=LineType(line_type))


def weighed(lookup: Lookup, known: Known) -> Lookup:
    """The younger of the two wins: a port after the error was seen shows in a later lookup."""
    if known.learned_line_type is None or lookup.valid is False:
        return lookup
    line_type, learned_at = known.learned_line_type
    if lookup.looked_up_at is not None and lookup.looked_up_at >= learned_at:
        return lookup
    return replace(lookup, line_type=LineType(line_type), source=LookupSource.LEARNED, looked_up_at=learned_at)


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
    )
