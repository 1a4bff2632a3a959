"""What can be refused before anything is paid for: only what no answer of Lookup could change."""

from __future__ import annotations

from gateway.decide import numbers
from gateway.decide.gates import allows_country
from gateway.decide.steps import wanted
from gateway.model import Channel, Intent, LineType, Policy, Purpose, Reason, Step, SuppressionEntry
from gateway.optout import carried_by, stopped


def precheck(
    intent: Intent,
    policy: Policy,
    *,
    suppressions: tuple[SuppressionEntry, ...],
    email_suppressions: tuple[SuppressionEntry, ...] = (),
    calling_country: str | None = None,
) -> Reason | None:
    """The refusal, or None. `calling_country` where the caller already derived it from the digits."""
    purpose = policy.purposes.get(intent.purpose)
    if purpose is None:
        return Reason("no_route", "the purpose is not in the policy")
    return (
        _country_not_allowed(intent, policy, calling_country)
        or _premium_number(intent, policy, purpose)
        or _dial_not_allowed(intent, policy, purpose)
        or _no_way(intent, purpose, suppressions, email_suppressions)
    )


def _country_not_allowed(intent: Intent, policy: Policy, calling_country: str | None) -> Reason | None:
    """A number that may be in an allowed country is asked about, since new ranges are not known offline."""
    if intent.to.is_sip:
        return None
    return _outside(intent.to.number, policy, calling_country, "numbers of")


def _outside(number: str, policy: Policy, country: str | None, what: str) -> Reason | None:
    possible: frozenset[str | None] = frozenset([country] if country else numbers.countries(number) or [None])
    if any(allows_country(each, policy) for each in possible):
        return None
    named = next(iter(possible)) if len(possible) == 1 else None
    return Reason("country_not_allowed", f"{what} {named or 'this calling code'} are not allowed")


def _premium_number(intent: Intent, policy: Policy, purpose: Purpose) -> Reason | None:
    """Premium is a range of its own: the digits tell it for certain, so a purpose without a route need not ask."""
    if intent.to.is_sip or numbers.range_type(intent.to.number) is not LineType.PREMIUM:
        return None
    if LineType.PREMIUM in policy.deny_line_types:
        return Reason("line_type_not_supported", "premium numbers are not supported")
    return (
        None if purpose.steps_for(LineType.PREMIUM) else Reason("no_route", f"{purpose.name} has no route for premium")
    )


def _dial_not_allowed(intent: Intent, policy: Policy, purpose: Purpose) -> Reason | None:
    """Whom a call is connected to passes the gates as if it were called, and only where the purpose lets it."""
    target = intent.content.dial
    if target is None:
        return None
    if not purpose.allow_dial:
        return Reason("invalid_request", f"content.voice.dial: {purpose.name} does not allow it")
    if outside := _outside(target, policy, None, "calls connected to"):
        return outside
    kind = numbers.range_type(target)
    if kind is LineType.PREMIUM or kind in policy.deny_line_types:
        return Reason("line_type_not_supported", f"calls cannot be connected to {kind.value} numbers")
    return None


def _no_way(
    intent: Intent,
    purpose: Purpose,
    numbered: tuple[SuppressionEntry, ...],
    addressed: tuple[SuppressionEntry, ...],
) -> Reason | None:
    """Nothing the purpose could give for any line type is left, be it for narrowing or for opt-outs."""
    if not numbered and not addressed and intent.flow is None and _delivers(intent, purpose):
        return None
    proof, delivery = _conceivable(intent, purpose)
    needed = delivery if _must_deliver(intent, purpose, proof) else proof | delivery
    if not needed:
        return Reason("no_route", f"{purpose.name} has no step that could be taken")
    if all(stopped(step, purpose, numbered, addressed) for step in needed):
        return Reason("recipient_opted_out", "the recipient opted out of every way this purpose could take")
    return None


def _delivers(intent: Intent, purpose: Purpose) -> bool:
    """One possible delivery step is enough where nobody opted out: the most usual case, and quick to see."""
    lists = (*purpose.routes.values(), purpose.then, purpose.default)
    return any(not step.proves and _possible(step, intent) for steps in lists for step in steps)


def _conceivable(intent: Intent, purpose: Purpose) -> tuple[frozenset[Step], frozenset[Step]]:
    """Every proof and every delivery step of any list, less what the intent itself already rules out."""
    lists = (*purpose.routes.values(), purpose.default, purpose.then, purpose.undeliverable)
    steps = frozenset(step for each in lists for step in each if _possible(step, intent))
    proof = frozenset(step for step in steps if step.proves)
    if intent.flow is None:
        return proof, steps - proof
    flow = Step(Channel.STUDIO, intent.flow)
    return proof, frozenset([flow] if wanted(flow, intent) else [])


def _must_deliver(intent: Intent, purpose: Purpose, proof: frozenset[Step]) -> bool:
    """A proof without delivery in `then` ends the intent well; in every other case something must go out."""
    delivers = any(not step.proves for step in purpose.then)
    return intent.flow is not None or (intent.has_body and (delivers or not proof))


def _possible(step: Step, intent: Intent) -> bool:
    if step.channel is Channel.TOTP:
        return intent.identity is not None
    if carried_by(step) is Channel.EMAIL:
        return intent.to.email is not None and wanted(step, intent)
    return wanted(step, intent)
