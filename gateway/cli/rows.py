"""Rows for people and for scripts: a table on a terminal, tabs into a pipe, JSON where asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

Value = str | int | float | bool | None | Sequence[str]


def show_rows(
    columns: Sequence[str], rows: Sequence[Mapping[str, Value]], *, as_json: bool, whole: Sequence[str] = ()
) -> None:
    """`whole`: columns that are never folded, so that what stands there can be copied."""
    if as_json:
        click.echo(json.dumps([dict(row) for row in rows], ensure_ascii=False))
        return
    console = Console()
    if not console.is_terminal:
        for row in rows:
            click.echo("\t".join(_text(row.get(column)) for column in columns))
        return
    table = Table(box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold", no_wrap=column in whole)
    for row in rows:
        table.add_row(*(escape(_text(row.get(column))) for column in columns))
    console.print(table)


def _text(value: Value) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case str() | int() | float():
            return str(value)
    return ",".join(value) or "-"
