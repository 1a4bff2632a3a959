"""Rows for people and for scripts: a table on a terminal, tabs into a pipe, JSON where asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

Value = str | int | float | bool | None | Sequence[str]


def show_rows(columns: Sequence[str], rows: Sequence[Mapping[str, Value]], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([dict(row) for row in rows], ensure_ascii=False))
        return
    console = Console()
    if not console.is_terminal:
        for row in rows:
            click.echo("\t".join(_text(row.get(column)) for column in columns))
        return
    table = Table()
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
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
