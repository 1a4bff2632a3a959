"""`gateway intents`: list, show, search, cancel and retry what was accepted."""

from __future__ import annotations

from typing import Any

import click

from gateway.cli.client import GatewayClient, connected, echo_json
from gateway.cli.tables import show_intent, show_intents
from gateway.model import Channel, IntentStatus


@click.group()
def intents() -> None:
    """Read and steer accepted intents."""


@intents.command("list")
@click.option("--status", type=click.Choice([status.value for status in IntentStatus]))
@click.option("--channel", type=click.Choice([channel.value for channel in Channel]))
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True)
@click.option("--cursor", help="Of the page before.")
@connected
def list_(gateway: GatewayClient, **query: Any) -> None:
    """The application's intents, newest first."""
    _show_page(gateway, gateway.get("/intents", **query))


@intents.command()
@click.argument("intent_id", metavar="ID")
@connected
def show(gateway: GatewayClient, intent_id: str) -> None:
    """One intent with its attempts and timeline."""
    _show(gateway, gateway.get(f"/intents/{_safe(intent_id)}"))


@intents.command()
@click.argument("to")
@click.option("--country", help="ISO 3166-1 alpha-2, for a national number.")
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True)
@click.option("--cursor", help="Of the page before.")
@connected
def search(gateway: GatewayClient, to: str, country: str | None, limit: int, cursor: str | None) -> None:
    """The application's intents to one number."""
    body = {"to": to, "limit": limit, "country": country, "cursor": cursor}
    _show_page(gateway, gateway.post("/intents/search", body))


@intents.command()
@click.argument("intent_id", metavar="ID")
@connected
def cancel(gateway: GatewayClient, intent_id: str) -> None:
    """Cancel an intent that has not begun to be sent."""
    _show(gateway, gateway.post(f"/intents/{_safe(intent_id)}/cancel"))


@intents.command()
@click.argument("intent_id", metavar="ID")
@connected
def retry(gateway: GatewayClient, intent_id: str) -> None:
    """Try once more what ended without success, as a new intent (needs the scope admin)."""
    _show(gateway, gateway.post(f"/intents/{_safe(intent_id)}/retry"))


def _safe(intent_id: str) -> str:
    """An id goes into a path, so it may hold nothing that means something there (a number least of all)."""
    if not intent_id.isalnum() or not intent_id.isascii() or intent_id.isdigit():
        raise click.UsageError("That is no intent's id; numbers are for `gateway intents search`.")
    return intent_id


def _show(gateway: GatewayClient, intent: Any) -> None:
    if gateway.as_json:
        echo_json(intent)
    else:
        show_intent(intent)


def _show_page(gateway: GatewayClient, page: Any) -> None:
    if gateway.as_json:
        echo_json(page)
    else:
        show_intents(page["intents"], page["next_cursor"])
