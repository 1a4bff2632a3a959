"""`gateway apps`: where an application's events go, which senders are its own, and the secret that signs its events."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

import click

from gateway.adapters.store.apps import App
from gateway.cli.rows import Value, show_rows
from gateway.wiring import current

COLUMNS = ("name", "callback_url", "senders", "secret")
SENDER = re.compile(r"(whatsapp:)?\+[1-9]\d{6,14}|\d{3,8}|MG[0-9a-fA-F]{32}")
"""As Twilio names it in an incoming message: another spelling would never be found there."""


@click.group()
def apps() -> None:
    """Applications: set, list, secret."""


@apps.command("set")
@click.argument("name")
@click.option("--callback-url", help="Where its events go; '' for nowhere.")
@click.option(
    "--senders", multiple=True, help="Numbers and Messaging Services whose replies are its own; commas or repeated."
)
@click.option("--json", "as_json", is_flag=True)
def set_(name: str, callback_url: str | None, senders: tuple[str, ...], as_json: bool) -> None:
    """Create an application or change what is given."""
    named = _senders(senders) if senders else None
    gateway = current()
    if callback_url and not gateway.settings.events.allow_private_destinations and callback_url.startswith("http:"):
        raise click.BadParameter("must be an https URL", param_hint="--callback-url")
    app = gateway.apps.set(name, callback_url, named)
    show_rows(COLUMNS, [_row(app)], as_json=as_json)


@apps.command("list")
@click.option("--json", "as_json", is_flag=True)
def list_(as_json: bool) -> None:
    """All applications that were set or have a secret."""
    show_rows(COLUMNS, [_row(app) for app in current().apps.list()], as_json=as_json)


@apps.command()
@click.argument("name")
@click.option("--rotate", is_flag=True, help="Another one; the old one stays valid for 24 hours.")
@click.option("--json", "as_json", is_flag=True)
def secret(name: str, rotate: bool, as_json: bool) -> None:
    """The secret that signs the application's events (Standard Webhooks), shown once when it is made."""
    text = current().apps.secret(name, rotate=rotate)
    if as_json:
        click.echo(json.dumps({"name": name, "secret": text}))
        return
    click.echo(f"Events of {name} are signed with it. Keep it; it is not shown again:", err=True)
    click.echo(text)


def _senders(given: Sequence[str]) -> list[str]:
    named = [each.strip() for text in given for each in text.split(",") if each.strip()]
    if wrong := [each for each in named if not SENDER.fullmatch(each)]:
        accepted = "a number in E.164 (+14155550100), with or without whatsapp: before it, a short code or an MG… SID"
        raise click.BadParameter(f"{wrong[0]} is not {accepted}", param_hint="--senders")
    return named


def _row(app: App) -> Mapping[str, Value]:
    return {
        "name": app.name,
        "callback_url": app.callback_url,
        "senders": list(app.senders),
        "secret": "set" if app.secrets else "none",
    }
