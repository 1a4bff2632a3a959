"""`gateway policy diff OLD NEW --from FILE`: what a changed policy would change, before it does."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from pathlib import Path

import click

from gateway.batch.comparing import STEP_PRICES, Difference, compared
from gateway.batch.plan import Plan

EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def policy() -> None:
    """Look at policies."""


@policy.command()
@click.argument("old", type=EXISTING)
@click.argument("new", type=EXISTING)
@click.option("--from", "source", type=EXISTING, required=True, help="CSV or Parquet: numbers, or enriched rows.")
@click.option("--purpose", default="notification", show_default=True)
@click.option("--column", help="The column with the numbers.")
@click.option("--country", help="For national numbers.")
@click.option("--country-column")
@click.option("--price", multiple=True, metavar="CHANNEL=USD", help="Another price of one attempt, such as sms=0.0079.")
@click.option("--offline", is_flag=True, help="Do not read the cache: enriched columns and digits alone.")
@click.option("--json", "as_json", is_flag=True)
def diff(
    old: Path,
    new: Path,
    source: Path,
    purpose: str,
    column: str | None,
    country: str | None,
    country_column: str | None,
    price: tuple[str, ...],
    offline: bool,
    as_json: bool,
) -> None:
    """Compare what two configurations would do with the numbers of a file. Nothing is bought."""
    from gateway.adapters.clock import SystemClock
    from gateway.settings import Settings

    before, after = Settings.load(old).policy, Settings.load(new).policy
    for file, loaded in ((old, before), (new, after)):
        if purpose not in loaded.purposes:
            raise click.BadParameter(f"{file} has no purpose {purpose}", param_hint="--purpose")
    plan = Plan(source, source, (), purpose=purpose, column=column, country=country, country_column=country_column)
    found = compared(before, after, plan, _known(offline), SystemClock().now(), prices_of(price))
    click.echo(_document(found) if as_json else _lines(found))


def _known(offline: bool):  # type: ignore[no-untyped-def]
    from gateway.adapters.lookups import Offline
    from gateway.model import Lookup

    digits = Offline()
    if offline:
        return lambda number: digits.fetch(number, ())
    from gateway.wiring import current

    gateway = current()
    fields = tuple(gateway.settings.lookup.default_fields)

    def known(number: str) -> Lookup:
        cached = gateway.lookups.cached([number], fields, max_age=None, app="cli")
        return cached.get(number) or digits.fetch(number, ())

    return known


def prices_of(given: tuple[str, ...]) -> dict[str, Decimal]:
    prices = dict(STEP_PRICES)
    for one in given:
        channel, _, amount = one.partition("=")
        try:
            prices[channel] = Decimal(amount)
        except InvalidOperation as err:
            raise click.BadParameter(f"{one} is not CHANNEL=USD", param_hint="--price") from err
        if channel not in STEP_PRICES:
            raise click.BadParameter(f"{channel}; known: {', '.join(STEP_PRICES)}", param_hint="--price")
    return prices


def _document(found: Difference) -> str:
    told = {"rows": found.rows, "no_number": found.skipped, "moved": found.moved, "usd": f"{found.usd:f}"}
    return json.dumps({**told, "moves": move_documents(found)})


def move_documents(found: Difference) -> list[dict[str, str | int]]:
    return [
        {"from": before, "to": after, "count": count, "usd": f"{found.cost[before, after]:f}"}
        for (before, after), count in found.moves.most_common()
    ]


def _lines(found: Difference) -> str:
    first = f"{found.rows:,} rows, {found.skipped:,} without a number, {found.moved:,} would go another way"
    return "\n".join([first, *move_lines(found)])


def move_lines(found: Difference) -> list[str]:
    """The most frequent first; the last line is the sum."""
    lines = [
        f"  {count:>9,}  {before} → {after}  ({found.cost[before, after]:+.2f} US dollars)"
        for (before, after), count in found.moves.most_common()
    ]
    return [*lines, f"estimated change of cost: {found.usd:+.2f} US dollars"]
