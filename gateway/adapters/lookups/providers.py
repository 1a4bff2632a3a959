"""Who can be asked about a number: one shape for all, and the one that asks nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.decide.numbers import range_type
from gateway.model import Lookup, LookupSource
from gateway.normalize.phone import parse_phone


class Provider(Protocol):
    """A source of lookups. What is not `paid` is asked each time, and neither cached nor booked as bought."""

    @property
    def paid(self) -> bool: ...

    def fetch(
        self,
        number: str,
        fields: Sequence[str],
        country: str | None = None,
        *,
        surely_valid: bool = True,
        within_seconds: float | None = None,
    ) -> Lookup:
        """`surely_valid` False: find out free of charge first. Raises LookupUnavailable, at the latest in time."""


class Offline:
    """What libphonenumber alone knows: the country, and the type of ranges that have but one.

    Never whether a number is in use, and never whether it is a mobile or a landline: ported ones keep their digits.
    """

    paid = False

    def fetch(
        self,
        number: str,
        fields: Sequence[str],
        country: str | None = None,
        *,
        surely_valid: bool = True,
        within_seconds: float | None = None,
    ) -> Lookup:
        known = parse_phone(number, None)
        return Lookup(
            number,
            LookupSource.OFFLINE,
            None,
            country=known.country,
            national_format=known.national_format,
            line_type=range_type(number),
        )
