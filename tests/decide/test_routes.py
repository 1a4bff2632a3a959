"""What bends a route: proof, narrowing, flows, holds, SIP, and what a channel lacks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.decide import decide
from gateway.model import Content, Decision, Facts, LineType, LookupSource, Policy
from tests.decide.policies import (
    ADDRESS,
    NOW,
    a_lookup,
    an_entry,
    an_intent,
    facts,
    mfa,
    notification,
    shipped_policy,
    steps,
    with_purpose,
)

LATER = NOW + timedelta(hours=1)


def codes(decision: Decision) -> list[str]:
    return [reason.code for reason in decision.reasons]


def refused(decision: Decision) -> str | None:
    return decision.refusal.code if decision.refusal else None


def test_a_fresh_proof_spares_the_next_one() -> None:
    decision = decide(an_intent(), facts("fixedVoip", proved_at=NOW - timedelta(days=30)), shipped_policy())
    assert (decision.proof, decision.route) == ((), steps("sms", "voice"))
    assert "proved_lately" in codes(decision)


def test_an_old_proof_spares_nothing() -> None:
    known = facts("fixedVoip", proved_at=NOW - timedelta(days=30, seconds=1))
    assert decide(an_intent(), known, shipped_policy()).proof == steps("verify")


@pytest.mark.parametrize("policy", [shipped_policy(), with_purpose(mfa(then=steps("sms")))], ids=["shipped", "then"])
def test_mfa_never_uses_a_stored_proof(policy: Policy) -> None:
    intent = an_intent("mfa", body="Welcome back.")
    assert decide(intent, facts(proved_at=NOW), policy).proof == steps("verify")


def test_a_stored_proof_is_not_used_where_there_is_nothing_to_deliver() -> None:
    assert decide(an_intent(body=None), facts("fixedVoip", proved_at=NOW), shipped_policy()).proof == steps("verify")


def test_without_a_body_a_proof_is_the_end() -> None:
    decision = decide(an_intent(body=None), facts("fixedVoip"), shipped_policy())
    assert (decision.proof, decision.route) == (steps("verify"), ())


def test_a_purpose_without_then_only_proves() -> None:
    decision = decide(an_intent("mfa", body="ignored"), facts(), shipped_policy())
    assert (decision.proof, decision.route) == (steps("verify"), ())
    assert decision.reasons[0].detail == "mfa: mobile is done once proved"


def test_no_proof_step_means_no_route() -> None:
    policy = with_purpose(notification(routes={LineType.FIXED_VOIP: steps("totp")}))
    assert refused(decide(an_intent(), facts("fixedVoip"), policy)) == "no_route"


def test_a_proof_list_never_delivers_by_itself() -> None:
    """A delivery step written into a proof list would go out unproved."""
    policy = with_purpose(notification(routes={LineType.FIXED_VOIP: steps("sms", "verify")}, then=steps("voice")))
    decision = decide(an_intent(), facts("fixedVoip"), policy)
    assert (decision.proof, decision.route) == (steps("verify"), steps("voice"))


def test_a_proof_without_a_way_to_deliver_the_body_is_refused() -> None:
    policy = with_purpose(notification(then=steps("email")))
    assert refused(decide(an_intent(), facts("fixedVoip"), policy)) == "no_route"


@pytest.mark.parametrize(
    ("channels", "route", "refusal"),
    [
        (("voice",), "voice", None),
        (("voice", "sms"), "sms voice", None),
        (("email", "whatsapp", "sms"), "sms", None),
        (("email",), "", "no_route"),
        (("verify",), "", "no_route"),
    ],
    ids=["one", "the_policys_order", "never_wider", "nothing_left", "proof_is_not_delivery"],
)
def test_channels_narrow_a_route(channels: tuple[str, ...], route: str, refusal: str | None) -> None:
    decision = decide(an_intent(channels=channels, email=ADDRESS), facts(), shipped_policy())
    assert (decision.route, refused(decision)) == (steps(*route.split()), refusal)


def test_channels_never_skip_proof() -> None:
    decision = decide(an_intent(channels=("voice",)), facts("fixedVoip"), shipped_policy())
    assert (decision.proof, decision.route) == (steps("verify"), steps("voice"))


@pytest.mark.parametrize(
    ("line_type", "proof", "route"),
    [("mobile", "", "studio:welcome"), ("fixedVoip", "verify", "studio:welcome")],
)
def test_a_flow_becomes_the_route_and_proof_still_applies(line_type: str, proof: str, route: str) -> None:
    decision = decide(an_intent(flow="welcome", body=None), facts(line_type), shipped_policy())
    assert (decision.proof, decision.route) == (steps(*proof.split()), steps(route))
    assert decision.reasons[0].code == "route_by_flow"


@pytest.mark.parametrize(
    ("changes", "line_type", "code"),
    [
        ({"flow": "welcome"}, "premium", "no_route"),
        ({"flow": "nowhere"}, "mobile", "no_route"),
        ({"flow": "welcome", "channels": ("sms",)}, "mobile", "no_route"),
        ({"flow": "welcome", "parameters": {"text": "é" * 5000}}, "mobile", "no_route"),
    ],
    ids=["no_list_for_the_type", "not_configured", "narrowed_away", "parameters_too_large"],
)
def test_a_flow_that_cannot_start_is_refused(changes: dict[str, Any], line_type: str, code: str) -> None:
    assert refused(decide(an_intent(**changes), facts(line_type), shipped_policy())) == code


LACKING = [
    ("no_email_address", an_intent(), shipped_policy(), "email"),
    ("no_sender", an_intent(email=ADDRESS), shipped_policy(email_sender=False), "email"),
    ("no_sender", an_intent(), shipped_policy(), "whatsapp"),
    ("no_template", an_intent(), shipped_policy(whatsapp_senders=True), "whatsapp"),
    ("no_sender", an_intent(), shipped_policy(), "studio:nowhere"),
    ("text_too_long", an_intent(body="&" * 900), shipped_policy(), "voice"),
    ("no_body", an_intent(body="\x07"), shipped_policy(), "voice"),
    ("dial_not_allowed", an_intent(content=Content("Hi", dial="+14155550111")), shipped_policy(), "voice"),
]


@pytest.mark.parametrize(
    ("code", "intent", "policy", "step"), LACKING, ids=[f"{row[3].partition(':')[0]}-{row[0]}" for row in LACKING]
)
def test_a_step_that_cannot_be_taken_is_passed_over_and_said(code: str, intent: Any, policy: Policy, step: str) -> None:
    listed = {LineType.MOBILE: steps(step, "sms")}
    purposes = {"notification": notification(routes=listed)}
    changed = Policy(**{name: getattr(policy, name) for name in policy.__slots__} | {"purposes": purposes})
    decision = decide(intent, facts(), changed)
    assert decision.route == steps("sms")
    passed = decision.reasons[-1]
    assert passed.code == code
    assert passed.detail.startswith(f"{step} passed over: ")


def test_an_open_window_lets_free_text_go_by_whatsapp() -> None:
    purposes = {"notification": notification(routes={LineType.MOBILE: steps("whatsapp", "sms")})}
    policy = shipped_policy(purposes=purposes, whatsapp_senders=True)
    assert decide(an_intent(), facts(whatsapp_window_until=LATER), policy).route == steps("whatsapp", "sms")
    assert decide(an_intent(), facts(whatsapp_window_until=NOW), policy).route == steps("sms")


@pytest.mark.parametrize(
    ("held", "proof", "route"),
    [
        ({"sms": LATER}, "", "voice"),
        ({"sms": NOW}, "", "sms voice"),
        ({"email": LATER}, "", "sms voice"),
    ],
    ids=["held", "held_no_longer", "another_channel"],
)
def test_a_channel_that_did_not_reach_the_number_is_passed_over(held: Any, proof: str, route: str) -> None:
    decision = decide(an_intent(), facts(held_channels=held), shipped_policy())
    assert decision.route == steps(*route.split())
    assert ("unreachable_lately" in codes(decision)) == (route == "voice")


def test_a_held_channel_holds_its_verify_too() -> None:
    known = facts("fixedVoip", factor_sid="YF1", held_channels={"sms": LATER})
    decision = decide(an_intent(), known, shipped_policy())
    assert (decision.proof, decision.route) == (steps("totp"), steps("voice"))


def test_a_number_held_on_every_step_goes_by_mail() -> None:
    held = facts(held_channels={"sms": LATER, "voice": LATER})
    with_mail = decide(an_intent(email=ADDRESS), held, shipped_policy())
    assert with_mail.route == steps("email")
    assert codes(with_mail) == ["route_undeliverable", "unreachable_lately", "unreachable_lately"]
    assert refused(decide(an_intent(), held, shipped_policy())) == "no_route"


@pytest.mark.parametrize(
    ("offline_type", "number", "route"),
    [
        ("unknown", "+14155550100", "sms"),
        ("mobile", "+14155550100", "sms"),
        ("unknown", "+18005550100", "voice"),
        ("tollFree", "+18005550100", "voice"),
        ("unknown", "+19005550100", ""),
    ],
    ids=["unknown", "a_range_is_no_mobile", "toll_free_by_range", "toll_free_as_told", "premium_by_range"],
)
def test_without_lookup_only_the_range_speaks(offline_type: str, number: str, route: str) -> None:
    lookup = a_lookup(offline_type, number=number, source=LookupSource.OFFLINE, valid=None, carrier=None)
    decision = decide(an_intent(number=number), facts(lookup=lookup), shipped_policy())
    assert decision.route == steps(*route.split())


SIP = "sip:desk@pbx.example.com"


def sip_facts(**changes: Any) -> Facts:
    lookup = a_lookup("unknown", number=SIP, source=LookupSource.OFFLINE, valid=None, country=None, carrier=None)
    return facts(lookup=lookup, **changes)


def test_a_sip_address_is_only_called() -> None:
    decision = decide(an_intent(number=SIP, email=ADDRESS), sip_facts(), shipped_policy())
    assert decision.route == steps("voice")
    assert codes(decision) == ["route_by_sip", "not_for_sip"]
    assert decision.flags == ()


@pytest.mark.parametrize(
    ("changes", "known"),
    [
        ({"purpose": "mfa"}, {}),
        ({"flow": "welcome"}, {}),
        ({"channels": ("email",), "email": ADDRESS}, {}),
        ({}, {"held_channels": {"all": LATER}}),
    ],
    ids=["cannot_be_verified", "no_flow", "no_mail", "held_back"],
)
def test_a_sip_address_has_no_other_way(changes: dict[str, Any], known: dict[str, Any]) -> None:
    assert refused(decide(an_intent(number=SIP, **changes), sip_facts(**known), shipped_policy())) == "no_route"


def test_a_step_is_passed_over_and_an_opt_out_of_the_rest_is_named() -> None:
    known = facts("landline", suppressions=(an_entry("voice", "api"),))
    assert refused(decide(an_intent(), known, shipped_policy())) == "recipient_opted_out"
    assert decide(an_intent(email=ADDRESS), known, shipped_policy()).route == steps("email")


def test_no_reason_holds_personal_data() -> None:
    known = facts("fixedVoip", suppressions=(an_entry("voice"),), factor_sid="YF1")
    decision = decide(an_intent(email=ADDRESS, channels=("secret-channel",)), known, shipped_policy())
    said = " ".join(reason.detail for reason in (*decision.reasons, *filter(None, [decision.refusal])))
    assert said
    for private in ("4155550100", ADDRESS, "parcel", "secret-channel", "YF1"):
        assert private not in said
