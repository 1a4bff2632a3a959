"""What a number's digits tell without asking anybody: where it may be, and a few types that are ranges of their own.

Ported and new numbers are not known here: the country is a set of possible ones, and no mobile is told from a landline.
Source: libphonenumber's metadata.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberType

from gateway.model import Facts, LineType, LookupSource, Recipient

_CERTAIN: Mapping[int, LineType] = {
    PhoneNumberType.TOLL_FREE: LineType.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE: LineType.PREMIUM,
    PhoneNumberType.SHARED_COST: LineType.SHARED_COST,
    PhoneNumberType.PERSONAL_NUMBER: LineType.PERSONAL,
    PhoneNumberType.UAN: LineType.UAN,
    PhoneNumberType.VOICEMAIL: LineType.VOICEMAIL,
    PhoneNumberType.PAGER: LineType.PAGER,
}


# The same numbers come again and again; they are kept in this process's memory only.
@lru_cache(maxsize=8192)
def countries(number: str) -> frozenset[str]:
    """The country of an E.164 number, or all of its calling code where the range is not known; empty for a non-number.

    `001` stands for a calling code that belongs to no country.
    """
    parsed = _parsed(number)
    if parsed is None:
        return frozenset()
    known = phonenumbers.region_code_for_number(parsed)
    return frozenset([known] if known else phonenumbers.region_codes_for_country_code(parsed.country_code or 0))


@lru_cache(maxsize=8192)
def range_type(number: str) -> LineType:
    """The type of a number whose range has but one; `unknown` for all others, most of all mobiles and landlines."""
    parsed = _parsed(number)
    return LineType.UNKNOWN if parsed is None else _CERTAIN.get(phonenumbers.number_type(parsed), LineType.UNKNOWN)


def country(to: Recipient, facts: Facts) -> str | None:
    """Lookup's word, else the only possible country, else the recipient's stated one if the number may be there."""
    if facts.lookup.country:
        return facts.lookup.country
    possible = countries(to.number)
    if len(possible) == 1:
        return next(iter(possible))
    return to.country if to.country in possible else None


def line_type(facts: Facts) -> LineType:
    """Lookup's word; without Lookup only what the range itself says, since a ported mobile still looks like one."""
    lookup = facts.lookup
    if lookup.source is not LookupSource.OFFLINE:
        return lookup.line_type
    return lookup.line_type if lookup.line_type in _CERTAIN.values() else range_type(lookup.number)


def _parsed(number: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None
