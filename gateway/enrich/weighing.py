"""Which is believed: what Lookup said of a number's line, or what traffic has taught of it. Decided here alone.

A send error teaches a line type (30006 and 21614: it is a landline), free of charge, for 30 days. In this order:

1. A test's traffic is made up: of a test nothing that was learned counts.
2. A number that Lookup calls invalid is invalid, whatever was learned of it.
3. A lookup that found no type says nothing, so what was learned counts.
4. A lookup that found another type than a mobile's stands: the error was about a line that takes no texts anyway.
5. Else the younger of the two counts: an error after a lookup shows that the lookup was wrong or has aged, a lookup
   after an error shows what the number has become since, by a port for instance.
6. While what was learned is younger than the purpose wants, nothing is bought; what the cache has beside it (carrier,
   validity) is used. A purpose that asks for the SIM's history always looks up: no error teaches that.

Holds (`unreachable`) and proofs stand beside the line type and are never weighed against it. What a reason says of
where a fact comes from is in `Known.origins` and goes on into `Facts.origins`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from gateway.model import Intent, LineType, Lookup, LookupSource
from gateway.ports import Known

SIM_SWAP = "sim_swap"


def counted(intent: Intent, known: Known) -> Known:
    """What of it counts for this intent."""
    return replace(known, learned_line_type=None, held_channels=None, origins={}) if intent.test else known


def spares_a_lookup(known: Known, fields: tuple[str, ...], max_age: timedelta | None, now: datetime) -> bool:
    if known.learned_line_type is None or SIM_SWAP in fields:
        return False
    _, learned_at = known.learned_line_type
    return max_age is None or now - learned_at <= max_age


def weighed(lookup: Lookup, known: Known) -> Lookup:
    """The lookup, with the line type that is believed."""
    if known.learned_line_type is None or lookup.valid is False:
        return lookup
    line_type, learned_at = known.learned_line_type
    silent = lookup.looked_up_at is None or lookup.line_type is LineType.UNKNOWN
    if not silent and lookup.line_type is not LineType.MOBILE:
        return lookup
    if lookup.looked_up_at is not None and lookup.looked_up_at >= learned_at and not silent:
        return lookup
    return replace(lookup, line_type=LineType(line_type), source=LookupSource.LEARNED, looked_up_at=learned_at)
