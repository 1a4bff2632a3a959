"""What is refused before anything is paid for, and what must be asked first."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.decide import precheck
from gateway.model import Content, LineType, Policy, SuppressionEntry
from tests.decide.policies import ADDRESS, an_entry, an_intent, notification, shipped_policy, steps, with_purpose

API = "api"


def code(
    intent: Any, policy: Policy | None = None, entries: tuple[SuppressionEntry, ...] = (), **rest: Any
) -> str | None:
    refusal = precheck(intent, policy or shipped_policy(), suppressions=entries, **rest)
    return refusal.code if refusal else None


@pytest.mark.parametrize(
    ("number", "refusal"),
    [
        ("+14155550100", None),
        ("+15551230000", None),
        ("+442079460123", "country_not_allowed"),
        ("+447700900123", "country_not_allowed"),
        ("+12685550100", "country_not_allowed"),
        ("+883510012345", "country_not_allowed"),
        ("sip:desk@pbx.example.com", None),
    ],
    ids=["allowed", "may_be_allowed", "known", "calling_code_is_enough", "caribbean", "no_country", "sip"],
)
def test_a_country_is_judged_as_far_as_the_digits_tell(number: str, refusal: str | None) -> None:
    assert code(an_intent(number=number)) == refusal


def test_a_denied_country_is_refused_though_the_list_is_empty() -> None:
    policy = shipped_policy(allow_countries=frozenset(), deny_countries=frozenset({"GB"}))
    assert code(an_intent(number="+442079460123"), policy) == "country_not_allowed"
    assert code(an_intent(number="+33612345678"), policy) is None


def test_a_country_that_the_caller_derived_is_used() -> None:
    assert code(an_intent(), calling_country="AG") == "country_not_allowed"


@pytest.mark.parametrize(
    ("purpose", "denied", "refusal"),
    [
        ("notification", frozenset(), "no_route"),
        ("notification", frozenset({LineType.PREMIUM}), "line_type_not_supported"),
        ("mfa", frozenset(), None),
    ],
    ids=["no_list", "denied", "listed"],
)
def test_a_premium_number_is_told_by_its_digits(purpose: str, denied: Any, refusal: str | None) -> None:
    assert code(an_intent(purpose, number="+19005550100"), shipped_policy(deny_line_types=denied)) == refusal


@pytest.mark.parametrize(
    ("target", "allowed", "refusal"),
    [
        ("+14155550111", True, None),
        ("+14155550111", False, "invalid_request"),
        ("+442079460123", True, "country_not_allowed"),
        ("+19005550100", True, "line_type_not_supported"),
    ],
    ids=["allowed", "not_by_this_purpose", "country", "premium"],
)
def test_a_dial_target_passes_the_gates_of_a_recipient(target: str, allowed: bool, refusal: str | None) -> None:
    policy = with_purpose(notification(allow_dial=allowed))
    assert code(an_intent(content=Content("Hello", dial=target)), policy) == refusal


@pytest.mark.parametrize(
    ("intent", "entries", "refusal"),
    [
        (an_intent(), (an_entry(),), "recipient_opted_out"),
        (an_intent(email=ADDRESS), (an_entry(),), "recipient_opted_out"),
        (an_intent(), (an_entry("sms"),), None),
        (an_intent(), (an_entry("sms"), an_entry("voice")), "recipient_opted_out"),
        (an_intent(email=ADDRESS), (an_entry("sms"), an_entry("voice")), None),
        (an_intent(channels=("sms",)), (an_entry("sms"),), "recipient_opted_out"),
        (an_intent(flow="welcome"), (an_entry("voice"),), "recipient_opted_out"),
        (an_intent("mfa"), (an_entry(),), None),
        (an_intent("mfa"), (an_entry(source=API),), "recipient_opted_out"),
        (an_intent("mfa"), (an_entry("sms", API),), None),
        (an_intent("mfa", identity=None), (an_entry("sms", API), an_entry("voice", API)), "recipient_opted_out"),
        (an_intent("mfa"), (an_entry("sms", API), an_entry("voice", API)), None),
    ],
    ids=[
        "all",
        "all_means_mail_too",
        "one_channel",
        "both_channels",
        "mail_is_left",
        "narrowed_to_it",
        "flow",
        "mfa_keyword",
        "mfa_api",
        "mfa_one_channel",
        "mfa_no_identity",
        "mfa_totp_is_left",
    ],
)
def test_an_opt_out_of_everything_costs_nothing(
    intent: Any, entries: tuple[SuppressionEntry, ...], refusal: str | None
) -> None:
    assert code(intent, entries=entries) == refusal


def test_the_address_has_entries_of_its_own() -> None:
    numbered, addressed = (an_entry("sms"), an_entry("voice")), (an_entry("email", "sendgrid"),)
    assert code(an_intent(email=ADDRESS), entries=numbered, email_suppressions=addressed) == "recipient_opted_out"


@pytest.mark.parametrize("channels", [("whatsapp",), ("totp",), ("email",)])
def test_a_narrowing_that_leaves_nothing_costs_nothing(channels: tuple[str, ...]) -> None:
    assert code(an_intent(channels=channels)) == "no_route"


def test_a_then_that_delivers_nothing_needs_no_delivery() -> None:
    policy = with_purpose(notification(routes={LineType.MOBILE: steps("verify")}, then=steps("verify:call")))
    assert code(an_intent(), policy) is None


def test_a_flow_of_the_name_of_a_channel_needs_no_address() -> None:
    policy = with_purpose(notification(routes={LineType.MOBILE: steps("studio:email")}, then=()))
    assert code(an_intent(), policy) is None


def test_a_purpose_that_is_not_in_the_policy_has_no_route() -> None:
    assert code(an_intent("gone")) == "no_route"
