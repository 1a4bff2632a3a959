"""The verdict: the gates in their order, then the route; everything it knows is in its three arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gateway.decide import numbers, origins
from gateway.decide.gates import GATES, SIP_GATES, invalid_number
from gateway.decide.routes import routed, undeliverable
from gateway.model import LINE_TYPE, Decision, Facts, Intent, LookupSource, Policy, Reason

_SOURCE_FLAGS: Mapping[LookupSource, str] = {
    LookupSource.STALE: "stale_lookup",
    LookupSource.OFFLINE: "offline_lookup",
    LookupSource.LEARNED: "learned_lookup",
}


def decide(intent: Intent, facts: Facts, policy: Policy) -> Decision:
    """A refusal is a Decision too. A purpose that has left the policy since acceptance has no route."""
    if intent.purpose not in policy.purposes:
        return Decision(refusal=Reason("no_route", "the purpose is not in the policy"))
    judged = _judged(intent, facts, policy)
    return replace(judged, reasons=judged.reasons + _known_by(facts), flags=_flags(intent, facts, policy))


def _judged(intent: Intent, facts: Facts, policy: Policy) -> Decision:
    for gate in SIP_GATES if intent.to.is_sip else GATES:
        refusal = gate(intent, facts, policy)
        if refusal is None:
            continue
        instead = undeliverable(intent, facts, policy) if gate is invalid_number else None
        return instead or Decision(refusal=refusal)
    return routed(intent, facts, policy)


def _known_by(facts: Facts) -> tuple[Reason, ...]:
    """Where the line type comes from and how old that is, where it is not a lookup that is still good."""
    lookup = facts.lookup
    if lookup.looked_up_at is None:
        return ()
    match lookup.source:
        case LookupSource.STALE:
            known = f"looked up {origins.ago(facts, lookup.looked_up_at)}, since Lookup is away"
        case LookupSource.LEARNED:
            known = f"learned {origins.learned(facts, LINE_TYPE, lookup.looked_up_at)}"
        case _:
            return ()
    return (Reason(_SOURCE_FLAGS[lookup.source], f"{lookup.line_type.value}: {known}"),)


def _flags(intent: Intent, facts: Facts, policy: Policy) -> tuple[str, ...]:
    """What an operator should see although it stops nothing."""
    if intent.to.is_sip:
        return ()
    line_type = numbers.line_type(facts)
    kind = (line_type.value,) if line_type in policy.flag_line_types else ()
    source = _SOURCE_FLAGS.get(facts.lookup.source)
    return kind + ((source,) if source else ())
