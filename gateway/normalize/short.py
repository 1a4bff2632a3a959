"""Short codes and emergency numbers: what must never be called, texted or looked up. Source: libphonenumber."""

from __future__ import annotations

import phonenumbers
from phonenumbers import shortnumberinfo

from gateway.errors import InvalidRequest
from gateway.normalize.characters import wrong

_SHORT = range(3, 7)


def short_code(field: str) -> InvalidRequest:
    return wrong(field, "a short code or emergency number cannot be a recipient", "short_code")


def looks_short(digits: str) -> bool:
    """Three to six digits: a short code in any country but the few whose whole numbers are as short."""
    return len(digits) in _SHORT


def is_short(digits: str, region: str, number: phonenumbers.PhoneNumber | None) -> bool:
    """Whether digits typed in this region are a short code there; `number` is what they make when read as a number."""
    if is_emergency(digits, region):
        return True
    whole = number is not None and phonenumbers.is_valid_number(number)
    if looks_short(digits):
        # In Germany five digits could be a number too, as far as the plan tells; who types five means a short code.
        return not (whole and _has_short_plan(region))
    return not whole and _is_known(digits, region)


def is_emergency(digits: str, region: str) -> bool:
    return shortnumberinfo.is_emergency_number(digits, region)


def is_emergency_abroad(number: phonenumbers.PhoneNumber) -> bool:
    """An emergency number behind a calling code (`+1 911`), for any of the countries that share the code."""
    digits = phonenumbers.national_significant_number(number)
    regions = phonenumbers.region_codes_for_country_code(number.country_code or 0)
    return any(is_emergency(digits, region) for region in regions)


def _has_short_plan(region: str) -> bool:
    example = phonenumbers.example_number(region)
    return example is not None and len(phonenumbers.national_significant_number(example)) in _SHORT


def _is_known(digits: str, region: str) -> bool:
    code = phonenumbers.country_code_for_valid_region(region)
    number = phonenumbers.PhoneNumber(country_code=code, national_number=int(digits))
    return shortnumberinfo.is_valid_short_number_for_region(number, region)
