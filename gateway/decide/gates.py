"""May we? Each gate looks at one thing and refuses or is silent; how a number is reached is not asked here.

A gate is named as the code of its refusal. Two carry `no_route`, since the interface has no code of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from gateway.decide import numbers, origins
from gateway.model import Facts, Intent, Policy, Reason

Gate = Callable[[Intent, Facts, Policy], Reason | None]


def held_back(intent: Intent, facts: Facts, policy: Policy) -> Reason | None:
    """Refuse a number that a provider blocked for fraud: another channel would only multiply the bill."""
    until = facts.held_channels.get("all")
    if until is None or until <= facts.as_of:
        return None
    since = origins.learned(facts, "all")
    told = f", learned {since}" if since else ""
    return Reason("no_route", f"the number is held back on every channel after a fraud block{told}")


def invalid_number(intent: Intent, facts: Facts, policy: Policy) -> Reason | None:
    """Refuse a number that Lookup calls invalid; silence is not a verdict."""
    if facts.lookup.valid is not False:
        return None
    causes = ", ".join(facts.lookup.validation_errors)
    return Reason("invalid_number", "the number is not valid" + (f" ({causes})" if causes else ""))


def country_not_allowed(intent: Intent, facts: Facts, policy: Policy) -> Reason | None:
    """Refuse a country the policy denies or does not list. An empty list allows all, even an unknown country."""
    country = numbers.country(intent.to, facts)
    if allows_country(country, policy):
        return None
    return Reason("country_not_allowed", f"numbers of {country or 'an unknown country'} are not allowed")


def line_type_not_supported(intent: Intent, facts: Facts, policy: Policy) -> Reason | None:
    """Refuse a line type the policy denies for every purpose."""
    line_type = numbers.line_type(facts)
    if line_type not in policy.deny_line_types:
        return None
    return Reason("line_type_not_supported", f"{line_type.value} numbers are not supported")


def carrier_not_allowed(intent: Intent, facts: Facts, policy: Policy) -> Reason | None:
    """Refuse a carrier whose whole name matches an entry, whatever the case; `*` in an entry stands for anything."""
    carrier = facts.lookup.carrier
    if carrier is None or not any(_names(entry, carrier) for entry in policy.deny_carriers):
        return None
    return Reason("carrier_not_allowed", "the number's carrier is not allowed")


def sim_swapped(intent: Intent, facts: Facts, policy: Policy) -> Reason | None:
    """Refuse a number that lately got another SIM: whoever has it now may not be whom the application knows."""
    within = policy.purposes[intent.purpose].deny_sim_swapped_within
    swap = facts.lookup.sim_swap
    if within is None or not swap:
        return None
    swapped_at = _moment(swap.get("last_sim_swap_date"))
    recent = facts.as_of - swapped_at < within if swapped_at else bool(swap.get("swapped_in_period"))
    return Reason("no_route", "the number's SIM was swapped too lately for this purpose") if recent else None


GATES: tuple[Gate, ...] = (
    held_back,
    invalid_number,
    country_not_allowed,
    line_type_not_supported,
    carrier_not_allowed,
    sim_swapped,
)

SIP_GATES: tuple[Gate, ...] = (held_back,)
"""A SIP address has no country, line type, carrier or SIM; its host was checked when the intent was accepted."""


def allows_country(country: str | None, policy: Policy) -> bool:
    if country in policy.deny_countries:
        return False
    return not policy.allow_countries or country in policy.allow_countries


def _names(entry: str, carrier: str) -> bool:
    literal = entry.casefold().replace("[", "[[]").replace("?", "[?]")  # of fnmatch's wildcards only `*` is offered
    return fnmatchcase(carrier.casefold(), literal)


def _moment(value: object) -> datetime | None:
    """Source: Lookup v2's `last_sim_swap_date`, ISO 8601; a carrier may not give it."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
