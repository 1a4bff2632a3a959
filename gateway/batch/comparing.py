"""What another policy would do with numbers of the past: how many would go another way, and what that would cost.

Nothing is asked of anybody: rows that were enriched say their line type, others are as the cache or the digits say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from gateway.batch.plan import PREFIX, Plan
from gateway.batch.row import STEP_MARK, Answered, Checked, Judge
from gateway.batch.tables import Row, fitted, read_table
from gateway.model import LineType, Lookup, LookupSource, Policy

STEP_PRICES: Mapping[str, Decimal] = {
    "sms": Decimal("0.0083"),
    "whatsapp": Decimal("0.005"),
    "voice": Decimal("0.014"),
    "email": Decimal("0.001"),
    "verify": Decimal("0.0583"),
    "totp": Decimal("0.05"),
    "studio": Decimal("0.0083"),
}
"""US dollars for one attempt, as list prices in the US stood in 2026; estimates to be replaced by the account's own."""
Known = Callable[[str], Lookup]


@dataclass(slots=True)
class Difference:
    """`moves`: from one route or refusal to another, how many, and the change of cost."""

    rows: int = 0
    skipped: int = 0
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    cost: dict[tuple[str, str], Decimal] = field(default_factory=dict)

    @property
    def moved(self) -> int:
        return sum(self.moves.values())

    @property
    def usd(self) -> Decimal:
        return sum(self.cost.values(), Decimal(0))

    def add(self, before: str, after: str, prices: Mapping[str, Decimal]) -> None:
        change = cost_of(after, prices) - cost_of(before, prices)
        self.moves[before, after] += 1
        self.cost[before, after] = self.cost.get((before, after), Decimal(0)) + change


def compared(
    old: Policy,
    new: Policy,
    plan: Plan,
    known: Known,
    now: datetime,
    prices: Mapping[str, Decimal] = STEP_PRICES,
) -> Difference:
    """`plan` names the file, its columns and the purpose. Raises InvalidRequest for a table without numbers."""
    judges = Judge(old, plan.purpose, plan.app, now), Judge(new, plan.purpose, plan.app, now)
    found = Difference()
    for typed, country, enriched in _rows(plan):
        found.rows += 1
        before, after = (_way(judge, typed, country, enriched, known) for judge in judges)
        if before is None or after is None:
            found.skipped += 1
        elif before != after:
            found.add(before, after, prices)
    return found


def cost_of(way: str, prices: Mapping[str, Decimal]) -> Decimal:
    """Of the first proof and the first delivery step; a refusal costs nothing."""
    channels = [step.partition(":")[0] for step in way.split(STEP_MARK)]
    proof = [name for name in channels if name in ("verify", "totp")][:1]
    delivery = [name for name in channels if name in prices and name not in ("verify", "totp")][:1]
    return sum((prices[name] for name in proof + delivery if name in prices), Decimal(0))


def _way(judge: Judge, typed: str, country: str | None, enriched: Mapping[str, str], known: Known) -> str | None:
    """The route, or the code of the refusal; None for what is no number."""
    checked: Checked = judge.checked(typed, country, None)
    if checked.number is None:
        return None
    if checked.error:
        return checked.error.partition(":")[0]
    lookup = _told(checked.number.e164, enriched) or known(checked.number.e164)
    columns = judge.columns(checked, Answered(lookup))
    return columns["route"] or columns["error"].partition(":")[0]


def _told(number: str, enriched: Mapping[str, str]) -> Lookup | None:
    try:
        line_type = LineType(enriched.get("line_type", ""))
    except ValueError:
        return None
    return Lookup(
        number,
        LookupSource.CACHE,
        None,
        valid={"true": True, "false": False}.get(enriched.get("valid", "")),
        country=enriched.get("country") or None,
        line_type=line_type,
        carrier=enriched.get("carrier") or None,
    )


def _rows(plan: Plan) -> Iterator[tuple[str, str | None, Mapping[str, str]]]:
    columns, rows = read_table(plan.source)
    phone, country = plan.phone_at(columns), plan.country_at(columns)
    for row in rows:
        fields: Row = fitted(row, len(columns))[0]
        named = dict(zip(columns, fields, strict=True))
        own = fields[country].strip().upper() if country is not None else ""
        yield fields[phone], own or plan.country, {name.removeprefix(PREFIX): text for name, text in named.items()}
