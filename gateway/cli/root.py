"""The root of the `gateway` command: which subcommand lives in which module, and how errors end."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

import click

from gateway.cli.configured import config_option, configurable

COMMANDS: Mapping[str, str] = {
    "policy": "gateway.cli.policy",
    "lookup": "gateway.cli.lookup",
    "enrich": "gateway.cli.enrich",
    "costs": "gateway.cli.costs",
    "apps": "gateway.cli.apps",
    "check": "gateway.cli.check",
    "demo": "gateway.cli.demo",
    "dev": "gateway.cli.dev",
    "intents": "gateway.cli.intents",
    "keys": "gateway.cli.keys",
    "rekey": "gateway.cli.rekey",
    "replay": "gateway.cli.replay",
    "route": "gateway.cli.sending",
    "send": "gateway.cli.sending",
    "serve": "gateway.cli.running",
    "suppressions": "gateway.cli.suppressions",
    "worker": "gateway.cli.running",
    "up": "gateway.cli.running",
    "sandbox": "gateway.cli.running",
}
# What speaks to a gateway over HTTP, brings its own settings, or compares two files of them.
UNCONFIGURED = frozenset({"demo", "intents", "policy", "route", "sandbox", "send"})


class LateGroup(click.Group):
    """Imports a subcommand's module when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        found: click.Command = getattr(importlib.import_module(module), cmd_name.replace("-", "_"))
        if cmd_name not in UNCONFIGURED:
            configurable(found)
        return found


@click.group(cls=LateGroup, params=[config_option()], context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="twilio-presend-gateway")
def cli() -> None:
    """A pre-send router for Twilio: normalize, enrich, decide, act."""


def main() -> None:
    """Entry point: errors of ours end with one line and status 1, without a traceback."""
    from gateway import logs
    from gateway.errors import GatewayError

    logs.configure("warning", "console")  # until a command that serves has read how it is to be
    try:
        cli()
    except GatewayError as err:
        raise SystemExit(f"gateway: {err}") from err
