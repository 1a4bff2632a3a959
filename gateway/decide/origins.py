"""How a reason tells where a learned fact comes from and how old it is: `3 days ago from error 30006`. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.model import Facts, Origin

_UNITS = ((timedelta(days=1), "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute"))


def ago(facts: Facts, at: datetime) -> str:
    """In whole units of the largest kind, rounded down."""
    age = facts.as_of - at
    for unit, name in _UNITS:
        count = age // unit
        if count >= 1:
            return f"{count} {name}{'' if count == 1 else 's'} ago"
    return "less than a minute ago"


def learned(facts: Facts, name: str, since: datetime | None = None) -> str:
    """`name` as in Facts.origins. `since`: its age where no origin is known of it. Empty: nothing is known."""
    origin = facts.origins.get(name)
    if origin is None:
        return "" if since is None else f"{ago(facts, since)} from a send error"
    return f"{ago(facts, origin.at)} from {_spoken(origin)}"


def _spoken(origin: Origin) -> str:
    return f"error {origin.source}" if origin.source else "a send error"
