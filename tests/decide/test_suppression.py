"""Which entry stops which step, and what that does to a decision."""

from __future__ import annotations

import pytest

from gateway.decide import decide
from gateway.model import Step
from gateway.optout import KEYWORD_SOURCES, blocking_scopes, exempt_sources, suppressed
from tests.decide.policies import ADDRESS, an_entry, an_intent, facts, mfa, notification, shipped_policy, steps

SCOPES = [
    ("sms", {"all", "sms"}),
    ("whatsapp", {"all", "whatsapp"}),
    ("voice", {"all", "voice"}),
    ("email", {"all", "email"}),
    ("verify", {"all", "verify", "sms"}),
    ("verify:call", {"all", "verify", "voice"}),
    ("verify:whatsapp", {"all", "verify", "whatsapp"}),
    ("verify:email", {"all", "verify", "email"}),
    ("studio:welcome", {"all", "studio", "sms", "voice"}),
    ("totp", {"all", "totp"}),
]
STEPS = [step for step, _ in SCOPES]


@pytest.mark.parametrize(("step", "scopes"), SCOPES, ids=STEPS)
def test_a_step_is_stopped_by_these_scopes(step: str, scopes: set[str]) -> None:
    assert blocking_scopes(Step.parse(step)) == scopes


@pytest.mark.parametrize("scope", ["all", "sms", "whatsapp", "voice", "email", "totp", "verify", "studio"])
@pytest.mark.parametrize("step", STEPS)
def test_an_entry_stops_a_step_when_its_scope_says_so(step: str, scope: str) -> None:
    parsed, entry = Step.parse(step), an_entry(scope, "api")
    found = suppressed(parsed, facts(suppressions=(an_entry("elsewhere"), entry)), notification())
    assert found == (entry if scope in blocking_scopes(parsed) else None)


@pytest.mark.parametrize(("step", "stops"), [(step, step in ("email", "verify:email")) for step in STEPS], ids=STEPS)
@pytest.mark.parametrize("scope", ["all", "email"])
def test_an_entry_on_the_address_stops_mail_alone(step: str, stops: bool, scope: str) -> None:
    known = facts(email_suppressions=(an_entry(scope, "sendgrid"),))
    assert (suppressed(Step.parse(step), known, notification()) is not None) == stops


@pytest.mark.parametrize("source", [*sorted(KEYWORD_SOURCES), "api", "import"])
def test_a_stop_does_not_lock_a_person_out_of_their_own_account(source: str) -> None:
    known = facts(suppressions=(an_entry("all", source),))
    decision = decide(an_intent("mfa"), known, shipped_policy())
    if source in KEYWORD_SOURCES:
        assert decision.proof == steps("verify")
    else:
        assert decision.refusal is not None
        assert decision.refusal.code == "recipient_opted_out"


def test_the_exemption_is_for_proof_steps_of_purposes_that_ask_for_it() -> None:
    assert exempt_sources(Step.parse("totp"), mfa()) == KEYWORD_SOURCES
    assert exempt_sources(Step.parse("sms"), mfa()) == frozenset()
    assert exempt_sources(Step.parse("verify"), notification()) == frozenset()


@pytest.mark.parametrize("line_type", ["mobile", "landline", "fixedVoip", "tollFree", "unknown"])
@pytest.mark.parametrize("flow", [None, "welcome"])
def test_a_recipient_who_opted_out_of_all_is_never_routed(line_type: str, flow: str | None) -> None:
    known = facts(line_type, suppressions=(an_entry(),), factor_sid="YF1")
    decision = decide(an_intent(email=ADDRESS, flow=flow), known, shipped_policy())
    assert decision.steps == ()
    assert decision.refusal is not None
    assert decision.refusal.code == "recipient_opted_out"


def test_an_opt_out_of_one_channel_leaves_the_others() -> None:
    decision = decide(an_intent(), facts(suppressions=(an_entry("sms", "21610_create"),)), shipped_policy())
    assert decision.route == steps("voice")
    assert [reason.code for reason in decision.reasons] == ["route_by_line_type", "recipient_opted_out"]


def test_a_proof_by_a_stopped_channel_is_passed_over() -> None:
    known = facts("fixedVoip", suppressions=(an_entry("sms"),), factor_sid="YF1")
    decision = decide(an_intent(), known, shipped_policy())
    assert (decision.proof, decision.route) == (steps("totp"), steps("voice"))


def test_a_proof_that_only_an_opt_out_prevents_is_refused_as_one() -> None:
    refusal = decide(an_intent("mfa"), facts(suppressions=(an_entry("sms", "api"),)), shipped_policy()).refusal
    assert refusal is not None
    assert refusal.code == "recipient_opted_out"


def test_a_proof_that_was_never_possible_is_no_opt_out() -> None:
    known = facts("fixedVoip", suppressions=(an_entry("sms"),))
    refusal = decide(an_intent(), known, shipped_policy()).refusal
    assert refusal is not None
    assert refusal.code == "no_route"
