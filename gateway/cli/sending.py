"""`gateway send` and `gateway route`: an intent from the command line, or only its verdict."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from gateway.cli.client import Failed, GatewayClient, connected, echo_json
from gateway.cli.tables import show_intent

Command = TypeVar("Command", bound=Callable[..., Any])
ENDED_BADLY = frozenset({"failed", "suppressed", "expired", "canceled"})
GIVEN_AS = {"channel": "channels", "ttl": "ttl_seconds", "max_lookup_age": "max_lookup_age_seconds"}


def intent_options(command: Command) -> Command:
    """TO, BODY and what `POST /send` takes beside them."""
    options = (
        click.argument("to"),
        click.argument("body", required=False),
        click.option("--country", help="ISO 3166-1 alpha-2, for a national number."),
        click.option("--purpose", help="A purpose of the policy; default notification."),
        click.option("--email", help="Address for the email step."),
        click.option("--identity", help="Your opaque id of the person, for TOTP."),
        click.option("--channel", multiple=True, help="Only these of the route's steps; repeatable."),
        click.option("--flow", help="A configured Studio flow."),
        click.option("--parameter", multiple=True, metavar="NAME=VALUE", help="For the flow; repeatable."),
        click.option("--content", metavar="JSON", help="Detail per channel, as in POST /send."),
        click.option("--send-at", help="Not before; RFC 3339."),
        click.option("--ttl", type=int, metavar="SECONDS", help="Give up after so long."),
        click.option("--max-lookup-age", type=int, metavar="SECONDS"),
        click.option("--callback-url", help="Where status events go."),
        click.option("--metadata", multiple=True, metavar="NAME=VALUE", help="Comes back in events; repeatable."),
    )
    found: Any = command
    for option in reversed(options):
        found = option(found)
    result: Command = found
    return result


@click.command(short_help="Accept an intent, and show the verdict.")
@intent_options
@click.option("--wait", type=click.IntRange(0, 10), metavar="SECONDS", help="For the first attempt, at most so long.")
@click.option("--idempotency-key", metavar="KEY", help="Repeating under the same key sends nothing twice.")
@connected
def send(gateway: GatewayClient, wait: int | None, idempotency_key: str | None, **given: Any) -> None:
    """Accept an intent for TO that says BODY (`-`: read it from stdin), and show the verdict."""
    prefer = None if wait is None else f"wait={wait}"
    intent = gateway.post("/send", body_of(given), Idempotency_Key=idempotency_key, Prefer=prefer)
    _show(gateway, intent)
    if intent["status"] in ENDED_BADLY:
        whole = gateway.get(f"/intents/{intent['id']}")
        failure = whole.get("failure") or {"code": intent["status"], "detail": "it has ended"}
        raise Failed(failure["code"], failure["detail"])


@click.command(short_help="Show how an intent would go: a dry run.")
@intent_options
@click.option("--offline", is_flag=True, help="No paid lookup: what the digits tell, and what is known already.")
@connected
def route(gateway: GatewayClient, offline: bool, **given: Any) -> None:
    """Show how an intent would go, without sending or storing anything (a dry run)."""
    _show(gateway, gateway.post("/route?lookup=offline" if offline else "/route", body_of(given)))


def body_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, in the words of `POST /send`. Raises click.UsageError."""
    body: dict[str, Any] = {GIVEN_AS.get(name, name): value for name, value in given.items() if value not in (None, ())}
    if "channels" in body:
        body["channels"] = list(body["channels"])
    if body.get("body") == "-":
        body["body"] = sys.stdin.read().rstrip("\n")
    for option, name in (("parameter", "parameters"), ("metadata", "metadata")):
        if pairs := body.pop(option, None):
            body[name] = dict(_pair(option, text) for text in pairs)
    if "content" in body:
        body["content"] = _json(body["content"])
    return body


def _pair(option: str, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise click.UsageError(f"--{option} takes NAME=VALUE, not {text!r}.")
    return name, value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as err:
        raise click.UsageError(f"--content is not JSON: {err}") from err


def _show(gateway: GatewayClient, document: Any) -> None:
    if gateway.as_json:
        echo_json(document)
    else:
        show_intent(document)
