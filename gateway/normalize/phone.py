"""From any typed form and a country to strict E.164. Offline only what is impossible is refused, not what is unknown.

Premium numbers pass here: whether one may be called is the policy's question. Source: libphonenumber, ITU-T E.164.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import overload

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType, ValidationResult

from gateway.errors import FieldError, InvalidRequest
from gateway.model import LineType
from gateway.normalize import short
from gateway.normalize.characters import dialled, wrong
from gateway.normalize.sip import SipAddress, is_sip, parse_sip

LONGEST_TYPED = 64
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
# National digits with every prefix that may stand before them: more is not a number in any country.
_MOST_DIGITS = 17
_NON_GEOGRAPHICAL = "001"
# Countries of ISO 3166-1 whose numbers are another's: they say nothing of national digits, and may stand beside a +.
_WITHOUT_PLAN = frozenset({"AQ", "BV", "GS", "HM", "PN", "TF", "UM"})

# FIXED_LINE_OR_MOBILE (all of +1) and UNKNOWN are missing on purpose: offline nobody can tell, so nothing is claimed.
# VOIP is read as the stricter of the two kinds.
_LINE_TYPES: Mapping[int, LineType] = {
    PhoneNumberType.FIXED_LINE: LineType.LANDLINE,
    PhoneNumberType.MOBILE: LineType.MOBILE,
    PhoneNumberType.TOLL_FREE: LineType.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE: LineType.PREMIUM,
    PhoneNumberType.SHARED_COST: LineType.SHARED_COST,
    PhoneNumberType.VOIP: LineType.FIXED_VOIP,
    PhoneNumberType.PERSONAL_NUMBER: LineType.PERSONAL,
    PhoneNumberType.PAGER: LineType.PAGER,
    PhoneNumberType.UAN: LineType.UAN,
    PhoneNumberType.VOICEMAIL: LineType.VOICEMAIL,
}

_TOO_SHORT = "too short to be a phone number"
_TOO_LONG = "too long to be a phone number"
_NO_SUCH_CODE = "the country calling code does not exist"

_UNPARSABLE: Mapping[int, str] = {
    NumberParseException.INVALID_COUNTRY_CODE: _NO_SUCH_CODE,
    NumberParseException.NOT_A_NUMBER: _TOO_SHORT,
    NumberParseException.TOO_SHORT_AFTER_IDD: "too short after the international prefix",
    NumberParseException.TOO_SHORT_NSN: _TOO_SHORT,
    NumberParseException.TOO_LONG: _TOO_LONG,
}
_IMPOSSIBLE: Mapping[int, str] = {
    ValidationResult.INVALID_COUNTRY_CODE: _NO_SUCH_CODE,
    ValidationResult.TOO_SHORT: _TOO_SHORT,
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "the area code is missing",
    ValidationResult.INVALID_LENGTH: "no number of this country has so many digits",
    ValidationResult.TOO_LONG: _TOO_LONG,
}


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number that can exist.

    `country`: the country of the number itself; where its range is unknown, the main one of its calling code;
    None where the code belongs to no country (+800, +883).
    `known`: libphonenumber knows the range; else ask Lookup, free of charge, before anything is paid for.
    `offline_type`: the line type as far as the numbering plan tells, None where it does not.
    """

    e164: str
    country: str | None
    known: bool
    offline_type: LineType | None
    national_format: str

    @property
    def number(self) -> str:
        return self.e164

    @property
    def premium(self) -> bool:
        return self.offline_type is LineType.PREMIUM


@overload
def parse_phone(
    typed: str, country: str | None, *, default_country: str | None = None, field: str = "to"
) -> PhoneNumber: ...


@overload
def parse_phone(
    typed: str,
    country: str | None,
    *,
    sip_hosts: frozenset[str],
    default_country: str | None = None,
    field: str = "to",
) -> PhoneNumber | SipAddress: ...


def parse_phone(
    typed: str,
    country: str | None,
    *,
    default_country: str | None = None,
    sip_hosts: frozenset[str] = frozenset(),
    field: str = "to",
) -> PhoneNumber | SipAddress:
    """The number, or with `sip_hosts` perhaps a SIP address. `country` wins over `default_country`, `+` over both.

    Raises InvalidRequest: `invalid_number`, `ambiguous_number`, `short_code`; `invalid_request` for a wrong country
    or more than 64 characters.
    """
    return _parsed(typed, country, default_country, sip_hosts, field)


# Only what was accepted is kept, so no entry is longer than 64 characters. Numbers stay in this process's memory.
@lru_cache(maxsize=8192)
def _parsed(
    typed: str, country: str | None, default_country: str | None, sip_hosts: frozenset[str], field: str
) -> PhoneNumber | SipAddress:
    if len(typed) > LONGEST_TYPED:
        raise wrong(field, f"at most {LONGEST_TYPED} characters", "invalid_request")
    region = _region(country) or _region(default_country or None)
    if is_sip(typed):
        return parse_sip(typed, sip_hosts, field)
    digits = dialled(typed, field)
    if region in _WITHOUT_PLAN and not digits.startswith("+"):
        raise _without_plan(region)
    number = _parse(digits, region, field)
    _refuse_impossible(number, digits, region, field)
    return _described(number, field)


def _region(country: str | None) -> str | None:
    if country is None:
        return None
    if len(country) != 2 or not (country.isascii() and country.isalpha()):
        raise InvalidRequest(FieldError("country", "must be an ISO 3166-1 alpha-2 code of two letters, like US"))
    region = country.upper()
    if region not in phonenumbers.SUPPORTED_REGIONS and region not in _WITHOUT_PLAN:
        raise _without_plan(region)
    return region


def _without_plan(region: str) -> InvalidRequest:
    hint = " (the United Kingdom is GB)" if region == "UK" else ""
    return InvalidRequest(FieldError("country", f"{region} is not a country with a numbering plan{hint}"))


def _parse(digits: str, region: str | None, field: str) -> phonenumbers.PhoneNumber:
    national = not digits.startswith("+")
    if region is None and national:
        raise _without_country(digits, field)
    try:
        # Given a region, libphonenumber would read +00… as the region's international prefix.
        return phonenumbers.parse(digits, region if national else None)
    except NumberParseException as error:
        if region and national and short.is_short(digits, region, None):
            raise short.short_code(field) from error
        raise wrong(field, _UNPARSABLE.get(error.error_type, "cannot be a phone number")) from error


def _without_country(digits: str, field: str) -> InvalidRequest:
    if short.looks_short(digits):
        return short.short_code(field)
    if len(digits) < 3:
        return wrong(field, _TOO_SHORT)
    if len(digits) > _MOST_DIGITS:
        return wrong(field, _TOO_LONG)
    if digits.startswith("00"):
        message = "an international prefix is understood only with `country`; or write + in its place"
    else:
        message = "a national number needs `country`; or write + and the country calling code"
    return wrong(field, message, "ambiguous_number")


def _refuse_impossible(number: phonenumbers.PhoneNumber, digits: str, region: str | None, field: str) -> None:
    national = not digits.startswith("+")
    if region and national and short.is_short(digits, region, number):
        raise short.short_code(field)
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason == ValidationResult.IS_POSSIBLE:
        return
    # A short code has no calling code before it, an emergency number sometimes gets one.
    if short.is_emergency_abroad(number):
        raise short.short_code(field)
    if national and digits.startswith("00"):
        raise wrong(field, f"00 is not understood in {region}; write + in its place")
    raise wrong(field, _IMPOSSIBLE[reason])


def _described(number: phonenumbers.PhoneNumber, field: str) -> PhoneNumber:
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if not E164.fullmatch(e164):
        raise wrong(field, _TOO_SHORT if len(e164) < 8 else _TOO_LONG)
    # A second trunk prefix would be dropped only when the result is read again: then it names another number.
    if phonenumbers.format_number(phonenumbers.parse(e164), PhoneNumberFormat.E164) != e164:
        raise wrong(field, "has a prefix too many")
    return PhoneNumber(
        e164=e164,
        country=_country(number),
        known=phonenumbers.is_valid_number(number),
        offline_type=_LINE_TYPES.get(phonenumbers.number_type(number)),
        national_format=phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL),
    )


def _country(number: phonenumbers.PhoneNumber) -> str | None:
    known = phonenumbers.region_code_for_number(number)
    region = known or phonenumbers.region_code_for_country_code(number.country_code or 0)
    return None if region in (_NON_GEOGRAPHICAL, phonenumbers.UNKNOWN_REGION) else region


@lru_cache(maxsize=8192)
def time_zones(e164: str) -> tuple[str, ...]:
    """All IANA zones the number may be in; empty where nothing is known. A mobile number may be in any of its country.

    Where quiet hours matter they must hold in every one of these.
    """
    # Loading the zones costs memory that only quiet hours and their blocks need.
    from phonenumbers import timezone

    number = phonenumbers.parse(e164)
    found = timezone.time_zones_for_number(number)
    if found == (timezone.UNKNOWN_TIMEZONE,):
        found = timezone.time_zones_for_geographical_number(number)
    return tuple(zone for zone in found if zone != timezone.UNKNOWN_TIMEZONE)
