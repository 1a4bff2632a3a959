"""`gateway lookup NUMBER`: what is known of a number; says what a paid field costs before it is bought.

Who asked and why is written down, and `--who-asked` shows it.
"""

from __future__ import annotations

import getpass
import json
import os
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.rows import show_rows
from gateway.normalize.phone import PhoneNumber, parse_phone

if TYPE_CHECKING:
    from gateway.wiring import Gateway

CONFIRMED = frozenset({"caller_name", "sim_swap"})
"""Fields that a person is asked about first: personal, and paid for even when nothing comes back."""
APP = "cli"


@click.command()
@click.argument("number")
@click.option("--country", help="For a national number: ISO 3166-1 alpha-2, like US.")
@click.option("--fields", help="By commas; default from [lookup] default_fields; '' asks for validity alone, free.")
@click.option("--max-age-days", type=click.FloatRange(min=0), help="An older answer is bought again.")
@click.option("--yes", is_flag=True, help="Do not ask before a paid caller name or SIM swap.")
@click.option("--reason", default="", help="Why, for the record of who asked.")
@click.option("--who-asked", is_flag=True, help="Look nothing up: show who asked about this number, and why.")
@click.option("--json", "as_json", is_flag=True)
def lookup(
    number: str,
    country: str | None,
    fields: str | None,
    max_age_days: float | None,
    yes: bool,
    reason: str,
    who_asked: bool,
    as_json: bool,
) -> None:
    """Look one number up, from the cache if it is there."""
    from datetime import timedelta

    from gateway.api.lookup import answer
    from gateway.wiring import current

    gateway = current()
    asked = known_fields(fields, gateway.settings.lookup.default_fields)
    parsed = parse_phone(number, country, default_country=gateway.settings.lookup.default_country_code or None)
    if who_asked:
        _show_who(gateway, parsed, as_json)
        return
    if not yes:
        _confirm(gateway, [name for name in asked if name in CONFIRMED])
    gateway.lookup_audit.note(parsed.e164, asked, app=APP, who=_person(), why=reason)
    max_age = None if max_age_days is None else timedelta(days=max_age_days)
    found = gateway.lookups.lookup(parsed.e164, asked, max_age=max_age, app=APP, patient=True)
    document = answer(found, asked, gateway.policy, parsed)
    click.echo(json.dumps(document) if as_json else _lines(document))


def _confirm(gateway: Gateway, cautious: list[str]) -> None:
    if cautious:
        price = gateway.ledger.price(cautious)
        click.confirm(f"{', '.join(cautious)} costs about {price:f} US dollars. Look it up?", abort=True, err=True)


def _show_who(gateway: Gateway, number: PhoneNumber, as_json: bool) -> None:
    columns = ("at", "application", "who", "fields", "reason")
    rows = [
        dict(zip(columns, (one.at.isoformat(timespec="seconds"), one.app, one.who, one.fields, one.why), strict=True))
        for one in gateway.lookup_audit.of(number.e164)
    ]
    show_rows(columns, rows, as_json=as_json)


def _person() -> str:
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # a container may know no names
        return f"cli:uid{os.getuid()}"


def known_fields(given: str | None, default: tuple[str, ...]) -> tuple[str, ...]:
    """Raises BadParameter for a field that is not offered."""
    from gateway.settings import LOOKUP_FIELDS

    if given is None:
        return tuple(default)
    asked = tuple(dict.fromkeys(name.strip() for name in given.split(",") if name.strip()))
    unknown = [name for name in asked if name not in LOOKUP_FIELDS]
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)}; known: {', '.join(LOOKUP_FIELDS)}", param_hint="--fields")
    return asked


def _lines(document: dict[str, Any]) -> str:
    shown = {name: value for name, value in document.items() if value not in (None, [], {})}
    width = max(len(name) for name in shown)
    return "\n".join(f"{name:<{width}}  {_said(value)}" for name, value in shown.items())


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {said}" for name, said in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
