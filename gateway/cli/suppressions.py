"""`gateway suppressions`: the opt-out list by hand and in bulk."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TextIO

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.adapters.store.suppressions import SCOPES, Listed
from gateway.answers import moment
from gateway.cli import opt_outs_csv
from gateway.cli.opt_outs_csv import BadHeader, OptOutFile, Rejected, Row
from gateway.cli.rows import Value, show_rows
from gateway.cli.whole import written_whole
from gateway.model import SuppressionEntry, masked
from gateway.normalize.address import parse_address
from gateway.optout import PROVIDER_BLOCKS
from gateway.wiring import Gateway, current

COLUMNS = ("to", "scope", "source", "at", "who", "why")
LARGE_BYTES = 1_000_000
SHOWN_REJECTS = 20
scope_option = click.option("--scope", type=click.Choice(sorted(SCOPES)), default="all", show_default=True)
country_option = click.option("--country", help="ISO 3166-1 alpha-2, for national numbers.")


@click.group(short_help="Who must not be written to: the opt-out list.")
def suppressions() -> None:
    """Who must not be written to: list, add, remove, import, export."""


@suppressions.command("list")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def list_(limit: int, as_json: bool) -> None:
    """Addresses on the list, masked."""
    store = current().suppressions
    rows = [row for listed in islice(store.export(), limit) for row in _rows(listed)]
    show_rows(COLUMNS, rows, as_json=as_json)
    total = store.count()
    if total > limit:
        click.echo(f"the first {limit} of {total} addresses", err=True)


@suppressions.command()
@click.argument("to")
@scope_option
@country_option
@click.option("--reason", default="")
def add(to: str, scope: str, country: str | None, reason: str) -> None:
    """Put a number or an e-mail address on the list."""
    gateway = current()
    address = parse_address(to, country, default_country=_default_country(gateway))
    entry = SuppressionEntry(scope, "cli", gateway.clock.now(), _who(), reason)
    added = gateway.suppressions.add(address, entry)
    click.echo(f"{masked(address)} is {'now' if added else 'already'} on the list, scope {scope}", err=True)


@suppressions.command()
@click.argument("to")
@scope_option
@country_option
@click.option("--reason", default="")
def remove(to: str, scope: str, country: str | None, reason: str) -> None:
    """Take an address off the list; scope all: every entry. Exit code 1 when there was none."""
    gateway = current()
    address = parse_address(to, country, default_country=_default_country(gateway))
    scopes = None if scope == "all" else frozenset({scope})
    _, taken = gateway.suppressions.remove(address, scopes=scopes, sources=None, who=_who(), why=reason)
    if not taken:
        raise click.ClickException(f"{masked(address)} has no such entry")
    click.echo(f"{masked(address)}: {len(taken)} taken off", err=True)
    if any(entry.source in PROVIDER_BLOCKS for entry in taken):
        click.echo("Twilio may keep a block of its own, which only the person can lift by START.", err=True)


@suppressions.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@scope_option
@country_option
@click.option("--rejects", type=click.File("w", encoding="utf-8", lazy=True), help="Write rejected rows here, as CSV.")
def import_(file: Path, scope: str, country: str | None, rejects: TextIO | None) -> None:
    """Add a CSV file with the columns to, and any of country, scope, source, at, who, why.

    Rows that cannot be taken are told with their line and left out; then the exit code is 1.
    """
    gateway = current()
    try:
        with _opened(file) as (text, size):
            read = OptOutFile(text, gateway.clock.now(), _who(), scope, country or _default_country(gateway))
            with _progress(text, size, read) as rows:
                added = gateway.suppressions.import_many(rows)
    except BadHeader as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{read.read} rows: {added} new, {len(read.rejected)} rejected", err=True)
    _tell(read.rejected, rejects)
    if read.rejected:
        raise SystemExit(1)


@suppressions.command()
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, writable=True, allow_dash=True, path_type=Path),
    default="-",
    help="Default: stdout. A file is replaced when the list is whole.",
)
def export(out: Path) -> None:
    """The whole list as CSV, addresses in full; `import` reads it back."""
    listed = current().suppressions.export()
    with written_whole(out) as file:
        count = opt_outs_csv.write(listed, file)
    click.echo(f"{count} entries", err=True)


def _tell(rejected: list[Rejected], rejects: TextIO | None) -> None:
    for each in rejected[:SHOWN_REJECTS]:
        click.echo(f"line {each.line}: {each.reason}", err=True)
    if len(rejected) > SHOWN_REJECTS:
        where = "" if rejects is not None else "; --rejects FILE writes all"
        click.echo(f"… and {len(rejected) - SHOWN_REJECTS} more{where}", err=True)
    if rejects is not None:
        opt_outs_csv.write_rejected(rejected, rejects)


@contextmanager
def _opened(file: Path) -> Iterator[tuple[TextIO, int]]:
    """The text and its size in bytes (0: not known). What is no UTF-8 spoils its own row only."""
    if str(file) == "-":
        yield sys.stdin, 0
        return
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as text:
        yield text, file.stat().st_size


@contextmanager
def _progress(text: TextIO, size: int, read: OptOutFile) -> Iterator[Iterator[Row]]:
    """The rows; with a bar on a terminal where the file is large."""
    if size < LARGE_BYTES or not sys.stderr.isatty():
        yield read.rows()
        return
    columns = (TextColumn("importing"), BarColumn(), TextColumn("{task.fields[rows]:,} rows"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=size, rows=0)

        def watched() -> Iterator[Row]:
            for row in read.rows():
                if read.read % 500 == 0:
                    bar.update(task, completed=text.buffer.tell(), rows=read.read)
                yield row

        yield watched()


def _rows(listed: Listed) -> Iterator[dict[str, Value]]:
    address, entries = listed
    for entry in entries:
        yield {
            "to": masked(address),
            "scope": entry.scope,
            "source": entry.source,
            "at": moment(entry.at),
            "who": entry.who,
            "why": entry.why,
        }


def _default_country(gateway: Gateway) -> str | None:
    return gateway.settings.lookup.default_country_code or None


def _who() -> str:
    """Whoever is at the keyboard, for the audit."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # a container may know no names
        return f"cli:uid{os.getuid()}"
