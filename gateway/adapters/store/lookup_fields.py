"""How a lookup is divided into the fields that are cached one by one, and put together again. Pure.

No entry holds the number or its national form; the caller's name is sealed by the cache.
Source: Lookup v2 answers per package, and each package is paid for alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gateway.codes.lookup import PackageEffect, lookup_package
from gateway.model import LineType, Lookup, LookupSource

VALID = "valid"
"""The entry of the answer without fields, which is free."""

ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    VALID: ("valid", "validation_errors", "country"),
    "line_type_intelligence": ("line_type", "carrier", "mobile_country_code", "mobile_network_code"),
    "caller_name": ("caller_name",),
    "sim_swap": ("sim_swap",),
}
"""Which attributes of a Lookup each field fills. A field that is not here is not cached."""


@dataclass(frozen=True, slots=True)
class CachedField:
    """What one field says. `values` has the names of a Lookup's attributes; `error` is the code the package gave."""

    name: str
    looked_up_at: datetime
    values: Mapping[str, Any] = field(default_factory=dict)
    error: int | None = None

    @property
    def says_invalid(self) -> bool:
        return self.name == VALID and self.values.get("valid") is False


def divided(lookup: Lookup, fields: Sequence[str]) -> Iterator[CachedField]:
    """The base entry and one entry per asked field; of an invalid number the base alone."""
    if lookup.looked_up_at is None or lookup.valid is None:
        return
    wanted = [VALID] if lookup.valid is False else [VALID, *fields]
    for name in dict.fromkeys(wanted):
        values = {attribute: getattr(lookup, attribute) for attribute in ATTRIBUTES.get(name, ())}
        if values:
            kept = {key: value for key, value in values.items() if value not in (None, ())}
            yield CachedField(name, lookup.looked_up_at, kept, lookup.errors.get(name))


Longest = Mapping[LineType, timedelta]
"""How long a line type is believed at most. Not listed: as long as any answer."""


def is_good(entry: CachedField) -> bool:
    """A full answer, worth more than none when it is old."""
    return entry.error is None and not entry.says_invalid


def keep_for(entry: CachedField, ttl: timedelta, negative_ttl: timedelta, longest: Longest) -> timedelta:
    """How long an entry is good; zero: not at all. An error that is ours or passes by must not stand for a week."""
    if entry.says_invalid:
        return negative_ttl
    if entry.error is None:
        return min(ttl, longest.get(entry.values["line_type"], ttl)) if "line_type" in entry.values else ttl
    row = lookup_package(entry.error)
    if row.effect is PackageEffect.USE:
        return min(row.keep or ttl, ttl)
    return min(row.keep or negative_ttl, negative_ttl) if row.effect is PackageEffect.PROCEED else timedelta(0)


def assembled(
    number: str, entries: Mapping[str, CachedField], source: LookupSource, national_format: str | None = None
) -> Lookup:
    """One Lookup out of cached entries, as old as the oldest of them."""
    values: dict[str, Any] = {}
    for entry in entries.values():
        values.update(entry.values)
    if "line_type" in values:
        values["line_type"] = LineType(values["line_type"])
    values["validation_errors"] = tuple(values.get("validation_errors", ()))
    if national_format is not None:
        values["national_format"] = national_format
    errors = {entry.name: entry.error for entry in entries.values() if entry.error is not None}
    oldest = min((entry.looked_up_at for entry in entries.values()), default=None)
    return Lookup(number=number, source=source, looked_up_at=oldest, errors=errors, **values)
