"""`gateway enrich IN -o OUT`: clean a list of numbers, within a rate and a budget, resumable."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import click

from gateway.batch import Budget, Plan, enrich_file
from gateway.batch.run import Progress
from gateway.batch.tally import Tally
from gateway.cli.lookup import known_fields

INTERRUPTED = 130


@click.command()
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="IN")
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="CSV or .parquet.")
@click.option("--column", help="The column with the numbers; else a usual name like phone_number, phone or to.")
@click.option("--country", help="For national numbers: ISO 3166-1 alpha-2.")
@click.option("--country-column", help="A column with each row's country; where empty, --country holds.")
@click.option("--fields", help="By commas; default from [lookup] default_fields.")
@click.option("--purpose", default="notification", show_default=True, help="Whose route is told.")
@click.option("--rate", type=click.FloatRange(min=0, min_open=True, max=1000), default=20.0, show_default=True,
              help="Requests to Lookup per second, at most.")  # fmt: skip
@click.option("--in-flight", type=click.IntRange(1, 1000),
              help="Requests at once, at most; default enough for the rate with answers in 0.5 s.")  # fmt: skip
@click.option(
    "--distributed", is_flag=True, help="Let the running workers buy (`gateway worker`), as many as there are."
)
@click.option("--budget", help="US dollars (12.50) or lookups (500lookups); then rows say budget_exhausted.")
@click.option("--max-age-days", type=click.FloatRange(min=0), help="An older answer is bought again.")
@click.option("--app", default="batch", show_default=True, help="Whose account it is booked on.")
@click.option("--restart", is_flag=True, help="Forget an unfinished run of another plan.")
@click.option("--force", is_flag=True, help="Overwrite a finished OUT.")
def enrich(
    source: Path,
    out: Path,
    column: str | None,
    country: str | None,
    country_column: str | None,
    fields: str | None,
    purpose: str,
    rate: float,
    in_flight: int | None,
    distributed: bool,
    budget: str | None,
    max_age_days: float | None,
    app: str,
    restart: bool,
    force: bool,
) -> None:
    """Add line type, carrier, route and cost to each row of IN. Run it again to go on after an interruption."""
    from gateway.wiring import current

    gateway = current()
    if out.exists() and not force:
        raise click.ClickException(f"{out} is there already; --force overwrites it")
    if purpose not in gateway.policy.purposes:
        raise click.BadParameter(f"known: {', '.join(sorted(gateway.policy.purposes))}", param_hint="--purpose")
    plan = Plan(
        source=source,
        out=out,
        fields=known_fields(fields, gateway.settings.lookup.default_fields),
        app=app,
        purpose=purpose,
        column=column,
        country=country,
        country_column=country_column,
        rate=rate,
        in_flight=in_flight or 0,
        distributed=distributed,
        budget=Budget.parse(budget) if budget else Budget(),
        max_age=None if max_age_days is None else timedelta(days=max_age_days),
    )
    try:
        with _shown(source) as progress:
            tally = enrich_file(gateway, plan, restart=restart, progress=progress)
    except KeyboardInterrupt as err:
        click.echo("stopped; run the same command again to go on", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from err
    click.echo(summary(tally), err=True)


def summary(tally: Tally) -> str:
    lines = [f"{tally.rows:,} rows"]
    for kind, counter in tally.counts.items():
        if counter:
            lines.append(f"  {kind}: " + ", ".join(f"{name} {count:,}" for name, count in counter.most_common()))
    lines.append(f"  spent {tally.spent:.3f}, spared {tally.spared:.3f} US dollars (estimates by [prices])")
    return "\n".join(lines)


@contextmanager
def _shown(source: Path) -> Iterator[Progress]:
    """A bar with rate and cost on a terminal, silence elsewhere."""
    if not sys.stderr.isatty():
        yield lambda tally: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,} rows"), TimeElapsedColumn()
    with Progress(*columns, TextColumn("{task.fields[note]}"), console=Console(stderr=True)) as bar:
        task = bar.add_task(source.name, total=None, note="")
        began, first = time.monotonic(), -1

        def show(tally: Tally) -> None:
            nonlocal first
            first = tally.rows if first < 0 else first
            rate = (tally.rows - first) / max(0.001, time.monotonic() - began)
            bar.update(task, completed=tally.rows, note=f"{rate:,.0f} rows/s, {tally.spent:.3f} US dollars")

        yield show
