"""The day's budgets: charged before a lookup is bought, exactly, and given back when it surely cost nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.adapters.lookups.ledger import DENIED, Ledger
from gateway.adapters.store.limits import Charge, Counts, Limits
from gateway.errors import LookupUnavailable
from gateway.ports import Clock

BUDGET = "budget"


@dataclass(frozen=True, slots=True)
class DailyBudget:
    """Paid lookups per day (UTC), each field of a number being one. 0: no limit."""

    total: int = 0
    per_app: int = 0


@dataclass(frozen=True, slots=True)
class Receipt:
    charges: tuple[Charge, ...] = ()
    counts: Counts | None = None


class Spending:
    def __init__(self, limits: Limits, ledger: Ledger, budget: DailyBudget, clock: Clock) -> None:
        self._limits = limits
        self._ledger = ledger
        self._budget = budget
        self._clock = clock

    def charge(self, app: str, fields: Sequence[str]) -> Receipt:
        """Budgets and ledger in one step. Raises LookupUnavailable `budget` until midnight UTC."""
        if not fields:
            return Receipt()
        now = self._clock.now()
        today, amount = now.date(), len(fields)
        charges = (
            Charge("lookups", today, amount, self._budget.total or None),
            Charge(f"lookups:{app}", today, amount, self._budget.per_app or None),
        )
        counts = self._ledger.paid(app, fields, today)
        if self._limits.spend(charges, counts) is not None:
            self._ledger.note(app, DENIED, fields)
            raise LookupUnavailable(BUDGET, retry_after_seconds=_until_midnight(now))
        return Receipt(charges, counts)

    def refund(self, receipt: Receipt) -> None:
        if receipt.charges:
            self._limits.refund_all(receipt.charges, receipt.counts)

    def left(self, app: str) -> tuple[int | None, int | None]:
        """What is left today, of all and of this application; None: no limit."""
        today = self._clock.now().date()
        return (
            self._budget.total - self._limits.spent("lookups", today) if self._budget.total else None,
            self._budget.per_app - self._limits.spent(f"lookups:{app}", today) if self._budget.per_app else None,
        )


def _until_midnight(now: datetime) -> int:
    midnight = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), datetime.min.time(), UTC)
    return max(1, round((midnight - now).total_seconds()))
