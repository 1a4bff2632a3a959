"""Each gate by the name of its refusal: what it refuses, and what it lets through."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.decide import GATES, decide
from gateway.model import Facts, LineType, LookupSource, Policy
from tests.decide.policies import (
    ADDRESS,
    NOW,
    a_lookup,
    an_intent,
    facts,
    mfa,
    notification,
    shipped_policy,
    steps,
    with_purpose,
)

SWAP_RULE = with_purpose(notification(deny_sim_swapped_within=timedelta(days=2)))


def swapped(ago: timedelta | None, in_period: bool = False) -> Facts:
    date = (NOW - ago).strftime("%Y-%m-%dT%H:%M:%SZ") if ago is not None else None
    swap = {"last_sim_swap_date": date, "swapped_period": "PT24H", "swapped_in_period": in_period}
    return facts(lookup=a_lookup(sim_swap=swap))


def looked_up(**changes: Any) -> Facts:
    return facts(lookup=a_lookup(**changes))


REFUSED = [
    ("invalid_number", looked_up(valid=False, validation_errors=("TOO_SHORT",)), shipped_policy()),
    ("country_not_allowed", looked_up(country="GB"), shipped_policy()),
    ("country_not_allowed", looked_up(country="US"), shipped_policy(deny_countries=frozenset({"US"}))),
    ("line_type_not_supported", facts("pager"), shipped_policy(deny_line_types=frozenset({LineType.PAGER}))),
    ("carrier_not_allowed", facts(), shipped_policy(deny_carriers=("EXAMPLE wireless",))),
    ("carrier_not_allowed", facts(), shipped_policy(deny_carriers=("Other", "exam*"))),
    ("no_route", swapped(timedelta(hours=47)), SWAP_RULE),
    ("no_route", swapped(None, in_period=True), SWAP_RULE),
    ("no_route", facts(held_channels={"all": NOW + timedelta(minutes=1)}), shipped_policy()),
]

ADMITTED = [
    ("valid_not_known", looked_up(valid=None), shipped_policy()),
    ("empty_list_allows_all", looked_up(country="GB"), shipped_policy(allow_countries=frozenset())),
    ("another_country_denied", facts(), shipped_policy(deny_countries=frozenset({"GB"}))),
    ("another_type_denied", facts(), shipped_policy(deny_line_types=frozenset({LineType.PAGER}))),
    ("part_of_a_carrier_name", facts(), shipped_policy(deny_carriers=("Example", "Wireless"))),
    ("only_the_star_is_a_wildcard", facts(), shipped_policy(deny_carriers=("Example?Wireless", "[A-Z]*"))),
    ("carrier_not_known", looked_up(carrier=None), shipped_policy(deny_carriers=("*",))),
    ("swapped_long_ago", swapped(timedelta(hours=49), in_period=True), SWAP_RULE),
    ("swap_not_asked_for", swapped(timedelta(hours=1), in_period=True), shipped_policy()),
    ("swap_not_known", facts(), SWAP_RULE),
    ("hold_is_over", facts(held_channels={"all": NOW}), shipped_policy()),
]


@pytest.mark.parametrize(("code", "known", "policy"), REFUSED, ids=[f"{n}-{row[0]}" for n, row in enumerate(REFUSED)])
def test_a_gate_refuses_with_its_code(code: str, known: Facts, policy: Policy) -> None:
    decision = decide(an_intent(), known, policy)
    assert decision.refusal is not None
    assert decision.refusal.code == code
    assert decision.steps == ()


@pytest.mark.parametrize(("known", "policy"), [row[1:] for row in ADMITTED], ids=[row[0] for row in ADMITTED])
def test_a_gate_lets_others_through(known: Facts, policy: Policy) -> None:
    assert decide(an_intent(), known, policy).route == steps("sms", "voice")


def test_a_gate_is_named_as_its_code() -> None:
    """So that a log line, a metric and a problem lead to the same function."""
    names = {gate.__name__ for gate in GATES}
    assert {code for code, _, _ in REFUSED} - {"no_route"} <= names


@pytest.mark.parametrize("line_type", ["mobile", "fixedVoip", "unknown"])
def test_an_invalid_number_goes_by_mail_where_the_purpose_says_so(line_type: str) -> None:
    known = looked_up(valid=False, line_type=LineType(line_type), country=None)
    decision = decide(an_intent(email=ADDRESS), known, shipped_policy())
    assert (decision.proof, decision.route) == ((), steps("email"))
    assert [reason.code for reason in decision.reasons] == ["route_undeliverable"]


@pytest.mark.parametrize(
    "intent",
    [
        an_intent(),
        an_intent("low_risk", email=ADDRESS),
        an_intent("mfa", email=ADDRESS),
        an_intent(email=ADDRESS, channels=("sms",)),
        an_intent(email=ADDRESS, flow="welcome"),
    ],
    ids=["no_address", "purpose_without_it", "mfa", "mail_not_wanted", "a_flow_has_no_other_way"],
)
def test_an_invalid_number_is_refused_where_no_mail_can_go(intent: Any) -> None:
    refusal = decide(intent, looked_up(valid=False), shipped_policy()).refusal
    assert refusal is not None
    assert refusal.code == "invalid_number"


def test_a_proof_is_never_replaced_by_a_mail_to_a_number_that_is_held() -> None:
    """An unreachable number that must prove itself stays refused, whatever `undeliverable` lists."""
    policy = with_purpose(mfa(undeliverable=steps("email"), then=steps("sms")))
    held = facts(held_channels={"sms": NOW + timedelta(hours=1)})
    decision = decide(an_intent("mfa", email=ADDRESS, body="Your code"), held, policy)
    assert decision.refusal is not None
    assert decision.refusal.code == "no_route"


@pytest.mark.parametrize(
    ("number", "hint", "allowed", "code"),
    [
        ("+447700900123", None, {"GB"}, "country_not_allowed"),
        ("+447700900123", "GB", {"GB"}, None),
        ("+447700900123", "US", {"US"}, "country_not_allowed"),
        ("+442079460123", "US", {"GB"}, None),
        ("+33612345678", None, {"FR"}, None),
    ],
    ids=["unknown_is_refused", "stated_and_possible", "stated_but_impossible", "the_digits_win", "one_country_code"],
)
def test_a_country_lookup_does_not_know_comes_from_the_digits(
    number: str, hint: str | None, allowed: set[str], code: str | None
) -> None:
    known = looked_up(number=number, country=None, line_type=LineType.UNKNOWN)
    decision = decide(an_intent(number=number, country=hint), known, shipped_policy(allow_countries=frozenset(allowed)))
    assert (decision.refusal and decision.refusal.code) == code


def test_an_unknown_country_passes_an_empty_list() -> None:
    known = looked_up(number="+447700900123", country=None)
    assert decide(an_intent(number="+447700900123"), known, shipped_policy(allow_countries=frozenset())).route


def test_a_purpose_that_left_the_policy_has_no_route() -> None:
    refusal = decide(an_intent("gone"), facts(), shipped_policy()).refusal
    assert refusal is not None
    assert refusal.code == "no_route"


@pytest.mark.parametrize(
    ("source", "flag"),
    [
        (LookupSource.STALE, "stale_lookup"),
        (LookupSource.OFFLINE, "offline_lookup"),
        (LookupSource.LEARNED, "learned_lookup"),
    ],
)
def test_a_lookup_that_is_not_fresh_is_flagged(source: LookupSource, flag: str) -> None:
    known = looked_up(source=source, line_type=LineType.UNKNOWN)
    assert decide(an_intent(), known, shipped_policy()).flags == (flag,)
