"""Any typed form to strict E.164, and a clear answer to what cannot be one."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.errors import Refused
from gateway.model import LineType
from gateway.normalize import PhoneNumber, parse_phone, time_zones
from tests.normalize.hostile import HOSTILE_TO

STRICT = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)


def refusal(typed: str, country: str | None = None, **kwargs: str) -> Refused:
    with pytest.raises(Refused) as caught:
        parse_phone(typed, country, **kwargs)
    return caught.value


ACCEPTED = [
    ("e164", "+14155550100", None, "+14155550100"),
    ("national", "4155550100", "US", "+14155550100"),
    ("national-with-trunk-prefix", "07700 900123", "GB", "+447700900123"),
    ("lower-case-country", "07700 900123", "gb", "+447700900123"),
    ("brackets-and-dashes", "(415) 555-0100", "US", "+14155550100"),
    ("dots", "415.555.0100", "US", "+14155550100"),
    ("slash", "030/123456", "DE", "+4930123456"),
    ("plus-in-brackets", "(+1) 415 555 0100", None, "+14155550100"),
    ("spaces-around", "  +1 415 555 0100 ", None, "+14155550100"),
    ("no-break-spaces", "\u00a0+1\u00a0415\u202f555\u00a00100\u00a0", None, "+14155550100"),
    ("en-dash-and-hyphen", "415–555‐0100", "US", "+14155550100"),
    ("sentence-end", "+14155550100.", None, "+14155550100"),
    ("optional-trunk-zero", "+44 (0)20 7946 0123", None, "+442079460123"),
    ("international-prefix-of-the-country", "00 44 7700 900123", "DE", "+447700900123"),
    ("american-international-prefix", "011 44 7700 900123", "US", "+447700900123"),
    ("tel-uri", "tel:+1-415-555-0100", None, "+14155550100"),
    ("tel-uri-upper-case", "TEL:+14155550100", None, "+14155550100"),
    ("fullwidth", "＋１（４１５）５５５－０１００", None, "+14155550100"),
    ("fullwidth-national", "４１５５５５０１００", "US", "+14155550100"),
    ("arabic-indic", "٠٧٧٠٠٩٠٠١٢٣", "GB", "+447700900123"),
    ("persian", "+۱۴۱۵۵۵۵۰۱۰۰", None, "+14155550100"),
    ("devanagari", "+१४१५५५५०१००", None, "+14155550100"),
    ("the-number-wins-over-the-country", "+447700900123", "US", "+447700900123"),
    ("a-leading-zero-that-belongs-to-the-number", "02 1234 5678", "IT", "+390212345678"),
    ("six-digits-that-are-a-whole-number", "312345", "AD", "+376312345"),
    ("universal-free-phone", "+800 1234 5678", None, "+80012345678"),
    ("possible-but-unknown-range", "+11234567890", None, "+11234567890"),
]


@pytest.mark.parametrize(("typed", "country", "e164"), [row[1:] for row in ACCEPTED], ids=[row[0] for row in ACCEPTED])
def test_a_typed_number_becomes_e164(typed: str, country: str | None, e164: str) -> None:
    assert parse_phone(typed, country).e164 == e164


def test_the_default_country_serves_where_none_is_given() -> None:
    assert parse_phone("4155550100", None, default_country="US").e164 == "+14155550100"
    assert parse_phone("07700 900123", "GB", default_country="US").e164 == "+447700900123"


def test_an_empty_default_country_is_none() -> None:
    with pytest.raises(Refused, match="ambiguous_number"):
        parse_phone("4155550100", None, default_country="")


REFUSED = [
    ("empty", "", None, "invalid_number", "no digits"),
    ("spaces-only", "   ", "US", "invalid_number", "no digits"),
    ("national-without-country", "4155550100", None, "ambiguous_number", "needs `country`"),
    ("international-prefix-without-country", "0044 7700 900123", None, "ambiguous_number", "international prefix"),
    ("international-prefix-of-elsewhere", "0044 7700 900123", "US", "invalid_number", "00 is not understood in US"),
    ("too-short", "+1415555", None, "invalid_number", "too short"),
    ("two-digits", "42", None, "invalid_number", "too short"),
    ("too-long", "+141555501001", None, "invalid_number", "too long"),
    ("too-long-without-country", "123456789012345678", None, "invalid_number", "too long"),
    ("no-such-calling-code", "+999 123 4567", None, "invalid_number", "calling code does not exist"),
    ("zero-calling-code", "+0 415 555 0100", None, "invalid_number", "calling code does not exist"),
    ("plus-and-international-prefix", "+0014155550100", "GB", "invalid_number", "calling code does not exist"),
    ("local-form", "555-0100", "US", "invalid_number", "area code is missing"),
    ("a-length-the-plan-leaves-out", "+376 312 345 6", None, "invalid_number", "so many digits"),
    ("two-trunk-prefixes", "+49 00301234567", None, "invalid_number", "prefix too many"),
    ("vanity", "1-800-FLOWERS", "US", "invalid_number", "letters are not accepted"),
    ("cyrillic-letter", "+1415555о100", None, "invalid_number", "letters are not accepted"),
    ("newline", "+14155550100\n", None, "invalid_number", "U+000A"),
    ("nul", "+1415\x005550100", None, "invalid_number", "control character (U+0000)"),
    ("tab", "+1\t4155550100", None, "invalid_number", "U+0009"),
    ("direction-mark", "\u202a+14155550100\u202c", None, "invalid_number", "U+202A LEFT-TO-RIGHT EMBEDDING"),
    ("zero-width-space", "+1415\u200b5550100", None, "invalid_number", "U+200B"),
    ("soft-hyphen", "+1415\u00ad5550100", None, "invalid_number", "U+00AD SOFT HYPHEN"),
    ("lone-surrogate", "+1415\ud8005550100", None, "invalid_number", "half of a surrogate pair (U+D800)"),
    ("percent", "+1415%5550100", None, "invalid_number", "U+0025 PERCENT SIGN"),
    ("emoji", "+1415📞5550100", None, "invalid_number", "U+1F4DE"),
    ("ornamental-digits", "+1𝟒155550100", None, "invalid_number", "U+1D7D2"),
    ("circled-digits", "+①4155550100", None, "invalid_number", "U+2460"),
    ("extension-x", "+1 415 555 0100 x123", None, "invalid_number", "extensions are not supported"),
    ("extension-rfc3966", "tel:+14155550100;ext=12", None, "invalid_number", "extensions are not supported"),
    ("extension-word", "(415) 555-0100 ext. 9", "US", "invalid_number", "extensions are not supported"),
    ("extension-comma", "+14155550100,,12", None, "invalid_number", "extensions are not supported"),
    ("service-code", "*67 4155550100", "US", "invalid_number", "service code"),
    ("two-plus", "++14155550100", None, "invalid_number", "+ may stand once"),
    ("plus-inside", "1+4155550100", "US", "invalid_number", "+ may stand once"),
    ("path", "../4155550100", "US", "invalid_number", "punctuation"),
    ("sql-comment", "4155550100--", "US", "invalid_number", "punctuation"),
    ("whatsapp-address", "whatsapp:+14155550100", None, "invalid_number", "without whatsapp:"),
    ("client-address", "client:alice", None, "invalid_number", "client names"),
    ("sip-where-none-is-allowed", "sip:bob@pbx.example.com", None, "invalid_number", "SIP host"),
    ("short-code", "72345", "US", "short_code", "short code"),
    ("short-code-without-country", "72345", None, "short_code", "short code"),
    ("short-code-where-the-plan-is-loose", "40404", "DE", "short_code", "short code"),
    ("short-code-in-arabic-digits", "٧٢٣٤٥", None, "short_code", "short code"),
    ("short-code-by-tel-uri", "tel:72345", "US", "short_code", "short code"),
    ("emergency-us", "911", "US", "short_code", "emergency"),
    ("emergency-eu", "112", "GB", "short_code", "emergency"),
    ("emergency-gb", "999", "GB", "short_code", "emergency"),
    ("emergency-au", "000", "AU", "short_code", "emergency"),
    ("emergency-without-country", "112", None, "short_code", "emergency"),
    ("emergency-behind-a-calling-code", "+1 911", None, "short_code", "emergency"),
    ("emergency-behind-a-shared-calling-code", "+44 999", None, "short_code", "emergency"),
    ("emergency-that-is-possible-locally", "+49 112", None, "short_code", "emergency"),
    ("six-digit-service", "116117", "DE", "short_code", "short code"),
]


@pytest.mark.parametrize(
    ("typed", "country", "code", "says"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_what_cannot_be_a_number_is_told_why(typed: str, country: str | None, code: str, says: str) -> None:
    refused = refusal(typed, country)
    assert refused.code == code
    assert says in refused.detail
    assert [error.field for error in refused.errors] == ["to"]


@pytest.mark.parametrize("country", ["USA", "U", "", "1", "U1", "ÜS", "United States", "U\n"])
def test_a_country_that_is_not_alpha_2_is_refused(country: str) -> None:
    refused = refusal("+14155550100", country)
    assert (refused.code, refused.errors[0].field) == ("invalid_request", "country")
    assert "alpha-2" in refused.detail


@pytest.mark.parametrize(("country", "says"), [("ZZ", "ZZ is not"), ("AQ", "AQ is not"), ("UK", "Kingdom is GB")])
def test_a_country_without_a_numbering_plan_is_refused(country: str, says: str) -> None:
    refused = refusal("4155550100", country)
    assert (refused.code, refused.errors[0].field) == ("invalid_request", "country")
    assert says in refused.detail


@pytest.mark.parametrize("country", ["AQ", "BV", "GS", "HM", "PN", "TF", "UM", "aq"])
def test_a_country_without_a_numbering_plan_may_stand_beside_a_whole_number(country: str) -> None:
    assert parse_phone("+1 415 555 0100", country).e164 == "+14155550100"


@pytest.mark.parametrize("typed", ["+" + "1" * 64, "1" * 10_240, "\x00" * 65, " " * 65])
def test_more_than_64_characters_are_refused_unread(typed: str) -> None:
    refused = refusal(typed, "US")
    assert (refused.code, refused.errors[0].field) == ("invalid_request", "to")
    assert "at most 64" in refused.detail


def test_64_characters_are_read() -> None:
    assert parse_phone("+14155550100".ljust(64), None).e164 == "+14155550100"


def test_a_refusal_names_the_field_it_was_asked_for() -> None:
    assert refusal("911", "US", field="content.voice.dial").errors[0].field == "content.voice.dial"


def test_a_refusal_never_repeats_the_number() -> None:
    for typed in ("+14155550100123", "4155550100", "+1415555x0100", "whatsapp:+14155550100"):
        assert "415555" not in str(refusal(typed))


@pytest.mark.parametrize("typed", HOSTILE_TO, ids=range(len(HOSTILE_TO)))
def test_a_hostile_value_is_refused_whatever_the_country(typed: str) -> None:
    for country in (None, "US", "GB", "DE", "AU"):
        assert refusal(typed, country).code in {"invalid_number", "short_code", "invalid_request"}


def test_the_list_of_hostile_values_is_long_and_without_repetition() -> None:
    assert len(set(HOSTILE_TO)) == len(HOSTILE_TO) >= 300


COUNTRIES = [
    ("+14155550100", "US"),
    ("+16135550100", "CA"),
    ("+12425550100", "BS"),
    ("+447700900123", "GB"),
    ("+442079460123", "GB"),
    ("+11234567890", "US"),
    ("+77710009998", "KZ"),
    ("+80012345678", None),
    ("+883510000000094", None),
]


@pytest.mark.parametrize(("typed", "country"), COUNTRIES, ids=[row[0] for row in COUNTRIES])
def test_the_country_is_the_numbers_own(typed: str, country: str | None) -> None:
    assert parse_phone(typed, "FR").country == country


TYPES = [
    ("fixed-line-or-mobile", "+14155550100", None),
    ("landline", "+442079460123", LineType.LANDLINE),
    ("mobile", "+4915123456789", LineType.MOBILE),
    ("toll-free", "+18005550100", LineType.TOLL_FREE),
    ("premium", "+19002345678", LineType.PREMIUM),
    ("shared-cost", "+39848123456", LineType.SHARED_COST),
    ("voip", "+445612345678", LineType.FIXED_VOIP),
    ("personal", "+447012345678", LineType.PERSONAL),
    ("unknown-range", "+447700900123", None),
]


@pytest.mark.parametrize(("typed", "line_type"), [row[1:] for row in TYPES], ids=[row[0] for row in TYPES])
def test_the_line_type_is_claimed_only_where_the_plan_tells(typed: str, line_type: LineType | None) -> None:
    assert parse_phone(typed, None).offline_type is line_type


def test_a_premium_number_passes_and_says_so() -> None:
    assert parse_phone("+19002345678", None).premium
    assert not parse_phone("+18005550100", None).premium


def test_a_number_for_fiction_is_possible_but_not_known() -> None:
    assert not parse_phone("+447700900123", None).known
    assert parse_phone("+442079460123", None).known


def test_the_national_format_is_as_people_write_it() -> None:
    assert parse_phone("+14155550100", None).national_format == "(415) 555-0100"


PLANNED = [
    (region, kind)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)
    if phonenumbers.example_number_for_type(region, kind)
]


def test_every_countrys_example_numbers_survive_each_form() -> None:
    """Typed nationally, internationally and as E.164, an example number of any country gives the same number."""
    assert len(PLANNED) > 450
    for region, kind in PLANNED:
        number = phonenumbers.example_number_for_type(region, kind)
        assert number is not None
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        for form in (phonenumbers.PhoneNumberFormat.INTERNATIONAL, phonenumbers.PhoneNumberFormat.NATIONAL):
            assert parse_phone(phonenumbers.format_number(number, form), region).e164 == e164, (region, form)


typed_text = st.one_of(
    st.text(max_size=70),
    st.text(alphabet="0123456789+ ()-./x#*;,tel:sip@\u00a0\u202a٠१９", max_size=66),
    st.from_regex(r"\+?[0-9 ().-]{5,20}", fullmatch=True),
)
countries = st.one_of(st.none(), st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)), st.text(max_size=3))


@given(typed_text, countries)
@example("+49 00301234567", None)
@example("0", "IT")
def test_any_text_is_refused_or_becomes_strict_e164(typed: str, country: str | None) -> None:
    try:
        number = parse_phone(typed, country)
    except Refused as refused:
        assert refused.errors
    else:
        assert STRICT.fullmatch(number.e164)
        assert number.country is None or re.fullmatch("[A-Z]{2}", number.country)


@given(st.from_regex(r"(\+[1-9])?[0-9]{6,15}", fullmatch=True), st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)))
def test_a_result_read_again_is_the_same(typed: str, country: str) -> None:
    try:
        number = parse_phone(typed, country)
    except Refused:
        return
    assert parse_phone(number.e164, None) == number
    assert parse_phone(number.e164, country) == number


def test_a_repeated_number_is_not_read_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    first = parse_phone("+1 415 555 0133", None)
    monkeypatch.setattr(phonenumbers, "parse", None)
    assert parse_phone("+1 415 555 0133", None) is first


ZONES = [
    ("+12125550100", ("America/New_York",)),
    ("+447700900123", ("Europe/Guernsey", "Europe/Isle_of_Man", "Europe/London")),
    ("+80012345678", ()),
]


@pytest.mark.parametrize(("e164", "zones"), ZONES, ids=[row[0] for row in ZONES])
def test_a_number_may_be_in_these_zones(e164: str, zones: tuple[str, ...]) -> None:
    assert time_zones(e164) == zones


def test_a_toll_free_number_is_in_many_zones_and_all_are_known_here() -> None:
    zones = time_zones("+18005550100")
    assert len(zones) > 30
    assert all(ZoneInfo(zone) for zone in zones)


def test_a_phone_number_stands_where_a_recipients_number_is_asked_for() -> None:
    number = parse_phone("+14155550100", None)
    assert isinstance(number, PhoneNumber)
    assert number.number == "+14155550100"
