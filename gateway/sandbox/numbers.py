"""What a phone number itself says: its country, its kind, and the scenario that its last digits choose.

Scenarios live only in the ranges kept for fiction, so that no real person's number is ever meant.
Source: NANPA (555-0100 to 555-0199), Ofcom and ARCEP (numbers for drama).
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberFormat, ValidationResult

TOLL_FREE = ("800", "833", "844", "855", "866", "877", "888")
# pattern, its last group being the two digits that choose; the kind of line; the country (None: ask the numbering plan)
FICTION: tuple[tuple[re.Pattern[str], str, str | None], ...] = (
    (re.compile(r"\+1(?:800|833|844|855|866|877|888)55501(\d\d)"), "tollFree", "US"),
    (re.compile(r"\+1[2-9]\d\d55501(\d\d)"), "mobile", None),
    (re.compile(r"\+447700900\d(\d\d)"), "mobile", "GB"),
    (re.compile(r"\+442079460\d(\d\d)"), "landline", "GB"),
    (re.compile(r"\+441\d\d4960\d(\d\d)"), "landline", "GB"),
    (re.compile(r"\+441632960\d(\d\d)"), "landline", "GB"),
    (re.compile(r"\+3363998\d\d(\d\d)"), "mobile", "FR"),
)
IMPOSSIBLE = {
    ValidationResult.TOO_SHORT: "TOO_SHORT",
    ValidationResult.TOO_LONG: "TOO_LONG",
    ValidationResult.INVALID_COUNTRY_CODE: "INVALID_COUNTRY_CODE",
    ValidationResult.INVALID_LENGTH: "INVALID_LENGTH",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "TOO_SHORT",
}


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One number. `digits` is None outside the fiction ranges; `fault` is Lookup's word for an impossible number."""

    phone_number: str
    kind: str = "mobile"
    digits: str | None = None
    country: str | None = None
    calling_code: str | None = None
    national_format: str | None = None
    fault: str | None = None


@lru_cache(maxsize=65_536)
def subscriber(text: str, region: str = "US") -> Subscriber:
    """Read a number as Lookup does: a national form belongs to `region`."""
    try:
        parsed = phonenumbers.parse(text, None if text.startswith("+") else region)
    except phonenumbers.NumberParseException as unreadable:
        return Subscriber(text if text.startswith("+") else f"+1{text}", fault=_unreadable(unreadable))
    e164 = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    fault = IMPOSSIBLE.get(phonenumbers.is_possible_number_with_reason(parsed))
    if fault:
        return Subscriber(e164, fault=fault)
    kind, digits, country = _fiction(e164)
    return Subscriber(
        phone_number=e164,
        kind=kind,
        digits=digits,
        country=country or _country(parsed),
        calling_code=str(parsed.country_code),
        national_format=phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL),
    )


def digits_of(number: str) -> str | None:
    """The two digits that choose the scenario, or None outside the fiction ranges."""
    return _fiction(number)[1]


@lru_cache(maxsize=65_536)
def _fiction(e164: str) -> tuple[str, str | None, str | None]:
    for pattern, kind, country in FICTION:
        found = pattern.fullmatch(e164)
        if found:
            return kind, found.group(1), country
    toll_free = e164.startswith("+1") and e164[2:5] in TOLL_FREE
    return "tollFree" if toll_free else "mobile", None, None


def _country(parsed: phonenumbers.PhoneNumber) -> str | None:
    known = phonenumbers.region_code_for_number(parsed)
    if known:
        return known
    main = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    return None if main in ("ZZ", "001") else main


def _unreadable(error: phonenumbers.NumberParseException) -> str:
    kinds = phonenumbers.NumberParseException
    names = {
        kinds.INVALID_COUNTRY_CODE: "INVALID_COUNTRY_CODE",
        kinds.TOO_SHORT_NSN: "TOO_SHORT",
        kinds.TOO_SHORT_AFTER_IDD: "TOO_SHORT",
        kinds.TOO_LONG: "TOO_LONG",
    }
    return names.get(error.error_type, "NOT_A_NUMBER")
