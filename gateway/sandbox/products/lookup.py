"""Lookup v2: what is known of a number, and which of it is paid for.

Source: twilio_lookups_v2; an invalid number is 200 with `valid` false, a failed package is 200 with an inner code.
"""

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from gateway.sandbox.ask import Ask, Operation, Reply
from gateway.sandbox.numbers import Subscriber, subscriber
from gateway.sandbox.plans import LookupPlan
from gateway.sandbox.refusals import Refusal
from gateway.sandbox.scenarios import scenario_for
from gateway.sandbox.times import iso, now

if TYPE_CHECKING:
    from gateway.sandbox.world import World

PACKAGES = (
    "caller_name",
    "sim_swap",
    "call_forwarding",
    "line_status",
    "line_type_intelligence",
    "identity_match",
    "reassigned_number",
    "sms_pumping_risk",
    "phone_number_quality_score",
    "pre_fill",
)
OFFERED = frozenset({"caller_name", "sim_swap", "line_type_intelligence"})
NOT_ENABLED = 60606
WITH_CARRIER = frozenset({"mobile", "landline", "fixedVoip", "nonFixedVoip"})
# country -> carrier, mobile country code, mobile network code
CARRIERS = {
    "US": ("T-Mobile USA, Inc.", "310", "260"),
    "CA": ("Rogers Communications Canada Inc.", "302", "720"),
    "GB": ("Vodafone Limited", "234", "15"),
}
OTHER_CARRIER = ("Example Mobile", "999", "99")


def _fetch(world: "World", ask: Ask) -> Reply:
    packages = _asked_packages(ask)
    region = ask.asked("CountryCode") or "US"
    if not re.fullmatch(r"[A-Z]{2}", region):
        raise Refusal(20001, "CountryCode")
    number = subscriber(ask.params["number"], region)
    plan = scenario_for(number.phone_number).lookup
    if plan.missing:
        raise Refusal(20404, ask.path)
    fault = plan.not_valid or number.fault
    found = _invalid(ask, number, fault) if fault else _valid(ask, number, plan, packages)
    paid = () if fault else packages
    if paid:
        world.log.note_paid(number.phone_number, paid)
    return Reply(200, found, paid=paid)


def _asked_packages(ask: Ask) -> tuple[str, ...]:
    """The packages in Fields, each once; `validation` adds nothing and is free."""
    asked = [name.strip() for name in (ask.asked("Fields") or "").split(",") if name.strip()]
    for name in asked:
        if name != "validation" and name not in PACKAGES:
            raise Refusal(20001, f"Fields: {name}")
    return tuple(dict.fromkeys(name for name in asked if name != "validation"))


def _shell(ask: Ask, number: Subscriber) -> dict[str, Any]:
    empty: dict[str, Any] = dict.fromkeys(PACKAGES)
    return empty | {
        "calling_country_code": number.calling_code,
        "country_code": number.country,
        "phone_number": number.phone_number,
        "national_format": number.national_format,
        "valid": True,
        "validation_errors": [],
        "url": f"https://lookups.twilio.com/v2/PhoneNumbers/{number.phone_number}",
    }


def _invalid(ask: Ask, number: Subscriber, fault: str) -> dict[str, Any]:
    return _shell(ask, number) | {
        "calling_country_code": None,
        "country_code": None,
        "national_format": None,
        "valid": False,
        "validation_errors": [fault],
    }


def _valid(ask: Ask, number: Subscriber, plan: LookupPlan, packages: tuple[str, ...]) -> dict[str, Any]:
    found = _shell(ask, number)
    if plan.package_absent:
        return found
    for name in packages:
        if name not in OFFERED:
            found[name] = {"error_code": str(NOT_ENABLED) if name == "reassigned_number" else NOT_ENABLED}
    if "line_type_intelligence" in packages:
        found["line_type_intelligence"] = _line_type(number, plan)
    if "caller_name" in packages:
        found["caller_name"] = _caller_name(number, plan)
    if "sim_swap" in packages:
        found["sim_swap"] = _sim_swap(number, plan)
    return found


def _line_type(number: Subscriber, plan: LookupPlan) -> dict[str, Any]:
    kind = plan.line_type or number.kind
    nobody = {"type": None, "carrier_name": None, "mobile_country_code": None, "mobile_network_code": None}
    if plan.package_code is not None:
        return nobody | {"error_code": plan.package_code}
    if kind not in WITH_CARRIER:
        return nobody | {"type": kind, "error_code": None}
    carrier, country_code, network_code = CARRIERS.get(number.country or "", OTHER_CARRIER)
    codes = (country_code, network_code) if kind == "mobile" else plan.mobile_codes or (None, None)
    return {
        "type": kind,
        "carrier_name": plan.carrier or (carrier if kind == "mobile" else "Example Telephone Company"),
        "mobile_country_code": codes[0],
        "mobile_network_code": codes[1],
        "error_code": None,
    }


def _caller_name(number: Subscriber, plan: LookupPlan) -> dict[str, Any]:
    if plan.package_code is not None:
        return {"caller_name": None, "caller_type": None, "error_code": plan.package_code}
    if number.country != "US":
        return {"caller_name": None, "caller_type": None, "error_code": 60600}
    return {"caller_name": "SANDBOX PERSON", "caller_type": "CONSUMER", "error_code": None}


def _sim_swap(number: Subscriber, plan: LookupPlan) -> dict[str, Any]:
    kind = plan.line_type or number.kind
    code = plan.package_code if plan.package_code is not None else None if kind == "mobile" else 60612
    carrier, country_code, network_code = CARRIERS.get(number.country or "", OTHER_CARRIER)
    last = now() - (timedelta(hours=3) if plan.swapped_lately else timedelta(days=400))
    swap = {"last_sim_swap_date": iso(last), "swapped_period": "PT24H", "swapped_in_period": plan.swapped_lately}
    return {
        "last_sim_swap": swap if code is None else None,
        "carrier_name": carrier if code is None else None,
        "mobile_country_code": country_code if code is None else None,
        "mobile_network_code": network_code if code is None else None,
        "error_code": code,
    }


OPERATIONS = (Operation("lookup", "fetch", "GET", "/v2/PhoneNumbers/{number}", _fetch),)
