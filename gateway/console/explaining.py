"""A decision taken apart: what each gate says, one by one, beside the decision itself. Stores nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway import decide, enrich
from gateway.decide.gates import GATES, SIP_GATES
from gateway.errors import LookupUnavailable
from gateway.ids import ulid
from gateway.model import Decision, Facts, Intent, Lookup, Progress, Purpose, Reason, masked
from gateway.normalize.intent import Caller, only_proves, to_intent
from gateway.normalize.payload import SendPayload
from gateway.ports import Known
from gateway.wiring import Gateway

TEXT = "A text of the usual length."


@dataclass(frozen=True, slots=True)
class Verdict:
    """`refusal` None: the gate lets it pass."""

    gate: str
    refusal: Reason | None


@dataclass(frozen=True, slots=True)
class Explained:
    """`refused_early`: by what is asked before anything is paid for; then no lookup was made."""

    shown: str
    country: str | None
    purpose: str
    refused_early: Reason | None
    lookup: Lookup | None
    verdicts: Sequence[Verdict]
    decision: Decision | None


def explain(gateway: Gateway, app: str, *, to: str, country: str, purpose: str, live: bool) -> Explained:
    """Raises Refused for what is no request, LookupUnavailable when a live lookup cannot be had."""
    intent = _intent(gateway, app, to, country, purpose)
    known = gateway.reads.known(app, intent.to.number, None, None)
    early = decide.precheck(
        intent, gateway.policy, suppressions=known.suppressions, email_suppressions=known.email_suppressions
    )
    shown, named = masked(intent.to.number), intent.to.country
    if early is not None:
        return Explained(shown, named, intent.purpose, early, None, (), None)
    facts = _facts(gateway, intent, known, live)
    verdicts = judged(gateway, intent, facts)
    decision = decide.decide(intent, facts, gateway.policy)
    return Explained(shown, facts.lookup.country or named, intent.purpose, None, facts.lookup, verdicts, decision)


def judged(gateway: Gateway, intent: Intent, facts: Facts) -> tuple[Verdict, ...]:
    """Every gate, also those behind one that refuses."""
    gates = SIP_GATES if intent.to.is_sip else GATES
    return tuple(Verdict(gate.__name__, gate(intent, facts, gateway.policy)) for gate in gates)


def judged_now(gateway: Gateway, progress: Progress) -> tuple[Verdict, ...]:
    """What the gates of today's policy say of an intent by the lookup it was decided with."""
    if progress.lookup is None or progress.intent.purpose not in gateway.policy.purposes:
        return ()
    return judged(gateway, progress.intent, Facts(progress.intent.created_at, progress.lookup))


def _intent(gateway: Gateway, app: str, to: str, country: str, purpose: str) -> Intent:
    known: Purpose | None = gateway.policy.purposes.get(purpose)
    body = None if known is not None and only_proves(known) else TEXT
    payload = SendPayload.model_construct(to=to.strip(), country=country.strip() or None, purpose=purpose, body=body)
    default = gateway.settings.lookup.default_country_code
    now = gateway.clock.now()
    return to_intent(payload, Caller(app), gateway.policy, intent_id=ulid(), now=now, default_country=default)


def _facts(gateway: Gateway, intent: Intent, known: Known, live: bool) -> Facts:
    """Without `live`: from the cache, however old, else what the digits tell."""
    purpose, now, reads = gateway.policy.purposes[intent.purpose], gateway.clock.now(), gateway.reads
    wanted = enrich.wanted_for(intent, purpose, gateway.house.default_fields)
    if live:
        return enrich.enrich(intent, known, reads, wanted, now)
    try:
        return enrich.stale(intent, known, reads, wanted, now)
    except LookupUnavailable:
        return enrich.offline(intent, known, reads, wanted, now)
