"""`gateway keys`: API keys of applications. A secret is shown once, when it is made; only its digest is stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta

import click

from gateway.adapters.store.apikeys import SCOPES, ApiKey
from gateway.answers import moment
from gateway.cli.rows import Value, show_rows
from gateway.wiring import Gateway, current

COLUMNS = ("id", "app", "scopes", "test", "purposes", "requests_per_second", "created_at", "expires_at", "last_used_at")


@click.group()
def keys() -> None:
    """API keys: create, list, revoke, rotate."""


@keys.command()
@click.option("--app", required=True, help="Whose key it is; intents belong to the application.")
@click.option("--scope", "scopes", required=True, multiple=True, type=click.Choice(SCOPES), help="May be repeated.")
@click.option("--test", is_flag=True, help="Its intents go to the sandbox only.")
@click.option("--purpose", "purposes", multiple=True, help="May send for these only; may be repeated. Default: all.")
@click.option("--expires-in-days", type=click.IntRange(1, 3650))
@click.option("--requests-per-second", type=click.FloatRange(0, min_open=True), help="Instead of the configured limit.")
@click.option("--json", "as_json", is_flag=True)
def create(
    app: str,
    scopes: tuple[str, ...],
    test: bool,
    purposes: tuple[str, ...],
    expires_in_days: int | None,
    requests_per_second: float | None,
    as_json: bool,
) -> None:
    """Make a key. Its secret goes to the standard output, this once."""
    gateway = current()
    unknown = sorted(set(purposes) - set(gateway.policy.purposes))
    if unknown:
        known = ", ".join(sorted(gateway.policy.purposes))
        raise click.BadParameter(f"not in the policy: {', '.join(unknown)}; known: {known}", param_hint="--purpose")
    ends = None if expires_in_days is None else gateway.clock.now() + timedelta(days=expires_in_days)
    key, secret = gateway.keys.create(
        app, scopes, test=test, purposes=purposes, requests_per_second=requests_per_second, expires_at=ends
    )
    _show_secret(key, secret, as_json)


@keys.command("list")
@click.option("--json", "as_json", is_flag=True)
def list_(as_json: bool) -> None:
    """All keys, expired ones too, oldest first; never their secrets."""
    show_rows(COLUMNS, [_row(key) for key in current().keys.list()], as_json=as_json, whole=("id",))


@keys.command()
@click.argument("key_id", metavar="ID")
def revoke(key_id: str) -> None:
    """Take a key away; running processes refuse it within 5 seconds."""
    if not current().keys.revoke(key_id):
        raise click.ClickException(f"there is no key {key_id}")
    click.echo(f"{key_id} is revoked", err=True)


@keys.command()
@click.argument("key_id", metavar="ID")
@click.option("--old-valid-hours", type=click.IntRange(0, 720), default=24, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def rotate(key_id: str, old_valid_hours: int, as_json: bool) -> None:
    """Make a new key that may do the same; the old one ends after a while."""
    gateway: Gateway = current()
    made = gateway.keys.rotate(key_id, timedelta(hours=old_valid_hours))
    if made is None:
        raise click.ClickException(f"there is no key {key_id}")
    _show_secret(*made, as_json)


def _show_secret(key: ApiKey, secret: str, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({**_row(key), "secret": secret}))
        return
    click.echo(f"{key.id} of {key.app} may {', '.join(sorted(key.scopes))}. Keep it; it is not shown again:", err=True)
    click.echo(secret)


def _row(key: ApiKey) -> Mapping[str, Value]:
    return {
        "id": key.id,
        "app": key.app,
        "scopes": sorted(key.scopes),
        "test": key.test,
        "purposes": list(key.purposes),
        "requests_per_second": key.requests_per_second,
        "created_at": moment(key.created_at),
        "expires_at": moment(key.expires_at),
        "last_used_at": moment(key.last_used_at),
    }
