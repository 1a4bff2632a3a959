"""How? The purpose's list for the line type becomes proof steps and a route; whether we may at all was asked before.

A list that holds `verify` or `totp` is a proof list: the text goes out by `then`, and only after one of its steps was
approved or while the number's proof is fresh. In a proof list only proof steps count, in any other only delivery steps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from gateway.decide import numbers, origins
from gateway.decide.steps import OPTED_OUT, UNREACHABLE, Choice, choose
from gateway.model import Channel, Decision, Facts, Intent, LineType, Policy, Purpose, Reason, Step

MFA = "mfa"


@dataclass(frozen=True, slots=True)
class Plan:
    """What the policy lists before any step is passed over, and the name of what it lists them for."""

    proof: tuple[Step, ...]
    delivery: tuple[Step, ...]
    subject: str
    code: str = "route_by_line_type"


def planned(intent: Intent, facts: Facts, purpose: Purpose) -> Plan:
    """Empty when the purpose lists nothing for this line type: it is not to be reached, by a flow no more than else."""
    if intent.to.is_sip:
        listed, subject, code = purpose.steps_for(LineType.LANDLINE), "a SIP address", "route_by_sip"
    else:
        line_type = numbers.line_type(facts)
        listed, subject, code = purpose.steps_for(line_type), line_type.value, "route_by_line_type"
    if not listed:
        return Plan((), (), subject)
    proof = tuple(step for step in listed if step.proves)
    delivery = purpose.then if proof else listed
    if intent.flow is not None:
        delivery, code = (Step(Channel.STUDIO, intent.flow),), "route_by_flow"
    elif proof and not intent.has_body:
        delivery = ()
    return Plan(proof, tuple(step for step in delivery if not step.proves), subject, code)


def routed(intent: Intent, facts: Facts, policy: Policy) -> Decision:
    """Proof and route, or the refusal `no_route` or `recipient_opted_out`."""
    purpose = policy.purposes[intent.purpose]
    plan = planned(intent, facts, purpose)
    if not plan.proof and not plan.delivery:
        return _refused("no_route", f"{purpose.name} has no route for {plan.subject}")
    delivery = choose(plan.delivery, intent, facts, policy)
    if plan.delivery and not delivery.taken:
        return _undelivered(intent, facts, policy, plan, delivery)
    if not plan.proof:
        return Decision(route=delivery.taken, reasons=(_goes(purpose, plan, delivery.taken), *delivery.passed))
    return _proved_first(intent, facts, policy, plan, delivery)


def undeliverable(intent: Intent, facts: Facts, policy: Policy) -> Decision | None:
    """The e-mail steps for a number that cannot be reached, if any can be taken. A flow has no way but its own."""
    purpose = policy.purposes[intent.purpose]
    if intent.flow is not None:
        return None
    listed = tuple(step for step in purpose.undeliverable if step.channel is Channel.EMAIL)
    choice = choose(listed, intent, facts, policy)
    if not choice.taken:
        return None
    detail = f"{purpose.name}: the number cannot be reached, goes by {_in_turn(choice.taken)}"
    return Decision(route=choice.taken, reasons=(Reason("route_undeliverable", detail), *choice.passed))


def _proved_first(intent: Intent, facts: Facts, policy: Policy, plan: Plan, delivery: Choice) -> Decision:
    purpose = policy.purposes[intent.purpose]
    goes = _goes(purpose, plan, delivery.taken)
    if delivery.taken and facts.proved_at is not None and _proved_lately(facts.proved_at, facts, policy, purpose):
        how = f"the number was proved {origins.ago(facts, facts.proved_at)} by a code sent to it"
        proved = Reason("proved_lately", f"{plan.subject} need not prove itself: {how}")
        return Decision(route=delivery.taken, reasons=(goes, proved, *delivery.passed))
    proof = choose(plan.proof, intent, facts, policy)
    if not proof.taken:
        code = OPTED_OUT if proof.was_only_passed_for(OPTED_OUT) else "no_route"
        return _refused(code, f"{plan.subject} must prove itself first, and cannot", *proof.passed, *delivery.passed)
    asked = Reason("proof_required", f"{plan.subject} must prove itself by {' or '.join(map(str, proof.taken))} first")
    return Decision(proof.taken, delivery.taken, (goes, asked, *proof.passed, *delivery.passed))


def _proved_lately(proved_at: datetime, facts: Facts, policy: Policy, purpose: Purpose) -> bool:
    """A stored proof spares the next one, except where the proof is the message."""
    return purpose.name != MFA and facts.as_of - proved_at <= policy.proof_max_age


def _undelivered(intent: Intent, facts: Facts, policy: Policy, plan: Plan, delivery: Choice) -> Decision:
    """No delivery step is left. Steps that were never possible do not count against an opt-out of all the others."""
    held = delivery.was_passed_for(UNREACHABLE)
    if delivery.was_passed_for(OPTED_OUT) and not held:
        return _refused(OPTED_OUT, f"the recipient opted out of every way to reach {plan.subject}", *delivery.passed)
    if held and not plan.proof and (instead := undeliverable(intent, facts, policy)):
        return replace(instead, reasons=instead.reasons + delivery.passed)
    return _refused("no_route", f"no step can be taken for {plan.subject}", *delivery.passed)


def _goes(purpose: Purpose, plan: Plan, route: tuple[Step, ...]) -> Reason:
    way = f"goes by {_in_turn(route)}" if route else "is done once proved"
    return Reason(plan.code, f"{purpose.name}: {plan.subject} {way}")


def _in_turn(steps: tuple[Step, ...]) -> str:
    return ", then ".join(map(str, steps))


def _refused(code: str, detail: str, *passed: Reason) -> Decision:
    return Decision(reasons=passed, refusal=Reason(code, detail))
