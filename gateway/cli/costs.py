"""`gateway costs`: what lookups cost and what was spared, by day, application and field."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import click

from gateway.adapters.lookups.ledger import PAID, SPARED, LedgerRow
from gateway.cli.rows import show_rows

COLUMNS = ("day", "app", "kind", "field", "count", "usd")


@click.command()
@click.option("--days", type=click.IntRange(1, 400), default=7, show_default=True, help="Days, today first (UTC).")
@click.option("--app", help="One application alone.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, one object.")
def costs(days: int, app: str | None, as_json: bool) -> None:
    """Show paid, spared and denied lookups and their estimated cost."""
    from gateway.wiring import current

    gateway = current()
    rows = gateway.ledger.rows(days, app)
    budget = gateway.settings.budget
    if as_json:
        limits = {"lookups_per_day": budget.lookups_per_day, "lookups_per_day_per_app": budget.lookups_per_day_per_app}
        click.echo(
            json.dumps({"currency": "USD", "budget": limits, "rows": [_document(r) for r in rows]} | totals(rows))
        )
        return
    _show(rows)


def totals(rows: Sequence[LedgerRow]) -> dict[str, str]:
    spent = sum((row.usd for row in rows if row.kind == PAID), Decimal(0))
    spared = sum((row.usd for row in rows if row.kind in SPARED), Decimal(0))
    return {"spent": f"{spent:f}", "spared": f"{spared:f}"}


def _document(row: LedgerRow) -> dict[str, Any]:
    return {
        "day": row.day.isoformat(),
        "app": row.app,
        "kind": row.kind,
        "field": row.field,
        "count": row.count,
        "usd": f"{row.usd:f}",
    }


def _show(rows: Sequence[LedgerRow]) -> None:
    """What it comes to stands beside the rows, so that a pipe gets rows alone."""
    show_rows(COLUMNS, [_document(row) | {"usd": f"{row.usd:.3f}"} for row in rows], as_json=False)
    found = totals(rows)
    told = f"Spent {Decimal(found['spent']):.3f}, spared {Decimal(found['spared']):.3f} US dollars (estimates)."
    click.echo(told, err=True)
