"""Laws that hold for every intent, fact and policy, tried on generated ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.decide import decide, line_type, precheck
from gateway.model import Facts, Intent, LineType, LookupSource, Policy, Purpose, Step, SuppressionEntry
from gateway.optout import suppressed
from tests.decide.policies import ADDRESS, NOW, NUMBER, a_lookup, an_intent, shipped_policy, steps

STEPS = steps(
    "sms", "voice", "email", "whatsapp", "studio:welcome", "studio:nowhere",
    "verify", "verify:call", "verify:email", "verify:whatsapp", "totp",
)  # fmt: skip
CHANNELS = ["sms", "voice", "email", "whatsapp", "studio", "studio:welcome", "verify", "totp", "verify:call"]

step_lists = st.lists(st.sampled_from(STEPS), max_size=4, unique=True).map(tuple)
purposes = st.builds(
    Purpose,
    name=st.sampled_from(["notification", "mfa"]),
    routes=st.dictionaries(st.sampled_from(list(LineType)), step_lists),
    default=step_lists,
    then=step_lists,
    undeliverable=st.sampled_from([(), steps("email")]),
    exempt_from_keyword=st.booleans(),
)
entries = st.builds(
    SuppressionEntry,
    scope=st.sampled_from(["all", "sms", "voice", "whatsapp", "email"]),
    source=st.sampled_from(["keyword", "21610_callback", "api", "import"]),
    at=st.just(NOW),
)
entry_lists = st.lists(entries, max_size=3).map(tuple)
lookups = st.builds(
    a_lookup,
    line_type=st.sampled_from([each.value for each in LineType]),
    source=st.sampled_from(list(LookupSource)),
    valid=st.sampled_from([True, True, True, None, False]),
)
holds = st.dictionaries(
    st.sampled_from(["sms", "voice", "email"]), st.sampled_from([NOW + timedelta(hours=1), NOW]), max_size=2
)
known = st.builds(
    Facts,
    as_of=st.just(NOW),
    lookup=lookups,
    suppressions=entry_lists,
    email_suppressions=entry_lists,
    factor_sid=st.sampled_from([None, "YF1"]),
    proved_at=st.sampled_from([None, NOW, NOW - timedelta(days=31)]),
    whatsapp_window_until=st.sampled_from([None, NOW + timedelta(hours=1)]),
    held_channels=holds,
)


@st.composite
def situations(draw: st.DrawFn) -> tuple[Intent, Facts, Policy]:
    purpose = draw(purposes)
    intent = an_intent(
        purpose.name,
        number=draw(st.sampled_from([NUMBER, NUMBER, "sip:desk@pbx.example.com"])),
        body=draw(st.sampled_from(["Hello", None])),
        email=draw(st.sampled_from([ADDRESS, None])),
        channels=tuple(draw(st.lists(st.sampled_from(CHANNELS), max_size=3))),
        flow=draw(st.sampled_from([None, None, "welcome", "nowhere"])),
    )
    policy = shipped_policy(purposes={purpose.name: purpose}, whatsapp_senders=draw(st.booleans()))
    return intent, draw(known), policy


def listed(intent: Intent, facts: Facts, policy: Policy) -> tuple[Step, ...]:
    kind = LineType.LANDLINE if intent.to.is_sip else line_type(facts)
    return policy.purposes[intent.purpose].steps_for(kind)


@given(situations())
def test_the_same_question_has_the_same_answer(case: tuple[Intent, Facts, Policy]) -> None:
    assert decide(*case) == decide(*case)


@given(situations())
def test_a_refusal_has_no_steps_and_an_admission_has_some(case: tuple[Intent, Facts, Policy]) -> None:
    decision = decide(*case)
    assert (decision.refusal is None) == bool(decision.steps)
    assert all(step.proves for step in decision.proof)
    assert not any(step.proves for step in decision.route)


@given(situations())
def test_a_step_the_recipient_stopped_is_never_taken(case: tuple[Intent, Facts, Policy]) -> None:
    intent, facts, policy = case
    purpose = policy.purposes[intent.purpose]
    assert not [step for step in decide(*case).steps if suppressed(step, facts, purpose)]


@given(situations(), st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=3).map(tuple))
def test_channels_never_widen_a_route(case: tuple[Intent, Facts, Policy], channels: tuple[str, ...]) -> None:
    intent, facts, policy = case
    if facts.lookup.valid is False or facts.held_channels:
        facts = replace(facts, lookup=replace(facts.lookup, valid=True), held_channels={})
    wide = decide(replace(intent, channels=()), facts, policy)
    narrow = decide(replace(intent, channels=channels), facts, policy)
    assert set(narrow.route) <= set(wide.route)
    assert all(str(step) in channels or step.channel.value in channels for step in narrow.route)
    if narrow.route:
        assert narrow.proof == wide.proof


@given(situations())
def test_a_proof_list_is_never_bypassed(case: tuple[Intent, Facts, Policy]) -> None:
    """Whoever must prove themselves does, unless a fresh proof is stored; a mail to the invalid is no way round."""
    intent, facts, policy = case
    must_prove = any(step.proves for step in listed(intent, facts, policy))
    decision = decide(intent, facts, policy)
    if must_prove and decision.route and not decision.proof:
        fresh = facts.proved_at == NOW and intent.purpose != "mfa"
        assert fresh or decision.route == steps("email")
        assert fresh or facts.lookup.valid is False


@given(situations())
def test_every_step_comes_from_the_policy_or_is_the_flow(case: tuple[Intent, Facts, Policy]) -> None:
    intent, facts, policy = case
    purpose = policy.purposes[intent.purpose]
    flow = (Step.parse(f"studio:{intent.flow}"),) if intent.flow else ()
    allowed = {*listed(intent, facts, policy), *purpose.then, *purpose.undeliverable, *flow}
    assert set(decide(*case).steps) <= allowed


@given(situations())
def test_what_precheck_refuses_no_lookup_could_have_admitted(case: tuple[Intent, Facts, Policy]) -> None:
    intent, facts, policy = case
    refusal = precheck(intent, policy, suppressions=facts.suppressions, email_suppressions=facts.email_suppressions)
    if refusal is not None:
        assert decide(intent, facts, policy).refusal is not None
