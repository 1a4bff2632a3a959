"""Lookup v2: what each scenario's number answers, and what is paid for."""

from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

LINE_TYPES = {
    "00": "mobile",
    "09": "mobile",
    **{f"1{last}": "landline" for last in range(10)},
    "20": "nonFixedVoip",
    "21": "fixedVoip",
    "22": "tollFree",
    "23": "premium",
    "24": "sharedCost",
    "25": "personal",
    "26": "uan",
    "27": "voicemail",
    "28": "pager",
    "29": "unknown",
    "74": "landline",
}


def look_up(client: Client, number: str, fields: str | None = "line_type_intelligence", **more: Any) -> Any:
    asked = {} if fields is None else {"fields": fields}
    return client.lookups.v2.phone_numbers(number).fetch(**asked, **more)


@pytest.mark.parametrize(("digits", "line_type"), LINE_TYPES.items(), ids=LINE_TYPES)
def test_the_last_digits_choose_the_line_type(client: Client, digits: str, line_type: str) -> None:
    found = look_up(client, f"+121255501{digits}")
    assert found.valid is True
    assert found.validation_errors == []
    assert found.line_type_intelligence["type"] == line_type
    assert found.line_type_intelligence["error_code"] is None


def test_a_us_mobile_has_its_carrier_and_codes(client: Client) -> None:
    found = look_up(client, "+14155550100")
    assert found.line_type_intelligence == {
        "type": "mobile",
        "carrier_name": "T-Mobile USA, Inc.",
        "mobile_country_code": "310",
        "mobile_network_code": "260",
        "error_code": None,
    }
    assert (found.country_code, found.calling_country_code) == ("US", "1")
    assert found.national_format == "(415) 555-0100"
    assert found.caller_name is None


@pytest.mark.parametrize("digits", ["22", "25", "29"])
def test_types_without_carrier_have_none(client: Client, digits: str) -> None:
    assert look_up(client, f"+141555501{digits}").line_type_intelligence["carrier_name"] is None


@pytest.mark.parametrize(
    ("number", "country", "line_type"),
    [
        ("+16135550100", "CA", "mobile"),
        ("+447700900100", "GB", "mobile"),
        ("+447700900920", "GB", "nonFixedVoip"),
        ("+442079460100", "GB", "landline"),
        ("+441632960100", "GB", "landline"),
        ("+33639980000", "FR", "mobile"),
        ("+18005550199", "US", "tollFree"),
        ("+18772221111", "US", "tollFree"),
        ("+12025890142", "US", "mobile"),
        ("+4915112345678", "DE", "mobile"),
    ],
)
def test_the_kind_of_number_decides_where_digits_do_not(
    client: Client, number: str, country: str, line_type: str
) -> None:
    found = look_up(client, number)
    assert (found.country_code, found.line_type_intelligence["type"]) == (country, line_type)


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        ("+14155550130", "TOO_SHORT"),
        ("+14155550139", "INVALID_BUT_POSSIBLE"),
        ("+141555501001", "TOO_LONG"),
        ("+1415555", "TOO_SHORT"),
        ("+999123456789", "INVALID_COUNTRY_CODE"),
        ("notanumber", "NOT_A_NUMBER"),
    ],
)
def test_an_invalid_number_is_200_and_not_valid_and_not_paid(
    client: Client, control: Any, number: str, fault: str
) -> None:
    found = look_up(client, number)
    assert found.valid is False
    assert found.validation_errors == [fault]
    assert found.country_code is None
    assert control.get("counts")["paid_lookups"] == {}


def test_a_national_number_is_read_in_its_country(client: Client) -> None:
    assert look_up(client, "07700900100", None, country_code="GB").phone_number == "+447700900100"


@pytest.mark.parametrize(("digits", "status", "code"), [("31", 404, 20404), ("32", 429, 20429), ("33", 500, 20500)])
def test_some_lookups_fail(client: Client, digits: str, status: int, code: int) -> None:
    with pytest.raises(TwilioRestException) as refused:
        look_up(client, f"+141555501{digits}")
    assert (refused.value.status, refused.value.code) == (status, code)


def test_one_lookup_never_answers(hasty: Client) -> None:
    with pytest.raises(requests.exceptions.ReadTimeout):
        look_up(hasty, "+14155550134")


@pytest.mark.parametrize(("digits", "code"), [("35", 60600), ("37", 60601)])
def test_a_failed_package_is_200_with_an_inner_code(client: Client, digits: str, code: int) -> None:
    found = look_up(client, f"+141555501{digits}")
    assert found.valid is True
    assert found.line_type_intelligence["error_code"] == code
    assert found.line_type_intelligence["type"] is None


def test_an_asked_package_may_be_null(client: Client) -> None:
    assert look_up(client, "+14155550136").line_type_intelligence is None


@pytest.mark.parametrize(("digits", "swapped"), [("00", False), ("38", True)])
def test_sim_swap_says_whether_it_was_lately(client: Client, digits: str, swapped: bool) -> None:
    found = look_up(client, f"+141555501{digits}", "sim_swap")
    assert found.sim_swap["last_sim_swap"]["swapped_in_period"] is swapped


def test_sim_swap_of_a_landline_is_60612(client: Client) -> None:
    assert look_up(client, "+14155550110", "sim_swap").sim_swap["error_code"] == 60612


def test_caller_name_is_for_the_us_only(client: Client) -> None:
    assert look_up(client, "+14155550100", "caller_name").caller_name["caller_type"] == "CONSUMER"
    assert look_up(client, "+447700900100", "caller_name").caller_name["error_code"] == 60600


def test_a_package_that_is_not_enabled_says_so(client: Client) -> None:
    found = look_up(client, "+14155550100", "line_status,reassigned_number")
    assert found.line_status["error_code"] == 60606
    assert found.reassigned_number["error_code"] == "60606"


@pytest.mark.parametrize(("fields", "country"), [("nonsense", None), ("line_type_intelligence,x", None), (None, "USA")])
def test_unknown_fields_and_countries_are_400(client: Client, fields: str | None, country: str | None) -> None:
    more = {} if country is None else {"country_code": country}
    with pytest.raises(TwilioRestException) as refused:
        look_up(client, "+14155550100", fields, **more)
    assert refused.value.status == 400


def test_only_packages_are_paid(client: Client, control: Any) -> None:
    look_up(client, "+14155550100", None)
    look_up(client, "+14155550100", "validation")
    assert control.get("counts")["paid_lookups"] == {}
    look_up(client, "+14155550100", "line_type_intelligence,caller_name")
    look_up(client, "+14155550100", "line_type_intelligence")
    assert control.get("counts")["paid_lookups"] == {"+14155550100": {"line_type_intelligence": 2, "caller_name": 1}}
    paid = [one["paid"] for one in control.get("requests", product="lookup")["requests"]]
    assert paid == [[], [], ["line_type_intelligence", "caller_name"], ["line_type_intelligence"]]
