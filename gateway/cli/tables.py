"""How the commands show intents to people: masked as the gateway masks them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gateway.cli.rows import show_rows

Document = Mapping[str, Any]
NONE = "–"
COLUMNS = ("id", "status", "to", "line_type", "route")
WIDE = 160
COLOUR = {
    "delivered": "green", "verified": "green", "sent": "cyan", "failed": "red", "expired": "red",
    "suppressed": "yellow", "canceled": "yellow",
}  # fmt: skip


def show_intent(intent: Document) -> None:
    """One intent, or a decision: what it is, then attempts and timeline where it has them."""
    console = Console() if sys.stdout.isatty() else Console(width=WIDE)  # where nobody looks no row is folded
    console.print(_facts(intent))
    if intent.get("attempts"):
        console.print(_attempts(intent["attempts"]))
    if intent.get("timeline"):
        console.print(_timeline(intent["timeline"]))


def show_intents(intents: Sequence[Document], cursor: str | None) -> None:
    """On a terminal with ids that can be copied; into a pipe with tabs, and the cursor on the standard error."""
    rows = [
        {
            "id": intent["id"],
            "status": intent["status"],
            "to": intent["to"],
            "line_type": intent["line_type"],
            "route": ", ".join([*intent["proof"], *intent["route"]]) or None,
        }
        for intent in intents
    ]
    show_rows(COLUMNS, rows, as_json=False, whole=("id", "status", "to"))
    if cursor:
        click.echo(f"more: --cursor {cursor}", err=True)


def _facts(intent: Document) -> Table:
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    lookup = intent["lookup"]
    age = lookup.get("age_seconds")
    known = f"{lookup['source']}, {age} s old" if age is not None else lookup["source"]
    rows: list[tuple[str, str]] = [
        ("id", intent["id"]),
        ("status", _status(intent["status"])),
        ("to", f"{intent['to']} ({intent['country'] or NONE}, {intent['line_type'] or NONE}, {known})"),
        ("carrier", escape(intent["carrier"] or NONE)),
        ("proof", ", ".join(intent["proof"]) or NONE),
        ("route", ", ".join(intent["route"]) or NONE),
        ("flags", ", ".join(intent["flags"]) or NONE),
    ]
    rows += [("because", f"{each['code']}: {escape(each['detail'])}") for each in intent["reasons"]]
    if failure := intent.get("failure"):
        rows.append(("failure", f"{failure['code']}: {escape(failure['detail'])}"))
    if awaited := intent.get("verification"):
        rows.append(("awaits", f"a code by {awaited['step']} until {awaited['expires_at']}"))
    if retry_of := intent.get("retry_of"):
        rows.append(("retry of", retry_of))
    for row in rows:
        table.add_row(*row)
    return table


def _attempts(attempts: Sequence[Document]) -> Table:
    table = _table("attempts", "no", "step", "status", "SID", "error", "class", "price", "started", "ended")
    for each in attempts:
        error = f"{each['error_code']} {each['error_detail'] or ''}".strip() if each["error_code"] else NONE
        table.add_row(
            str(each["number"]),
            each["step"],
            _status(each["status"]),
            each["provider_sid"] or NONE,
            escape(error),
            each["error_class"] or NONE,
            f"{each['price']} {each['price_unit'] or ''}".strip() if each["price"] else NONE,
            each["started_at"],
            each["ended_at"] or NONE,
        )
    return table


def _timeline(entries: Sequence[Document]) -> Table:
    table = _table("timeline", "at", "event", "detail")
    for each in entries:
        table.add_row(each["at"], each["event"], escape(each["detail"]))
    return table


def _table(title: str | None, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _status(status: str) -> str:
    colour = COLOUR.get(status)
    return f"[{colour}]{status}[/{colour}]" if colour else status
