"""`--config FILE`, which the root and every command that reads the settings take alike."""

from __future__ import annotations

import os
from pathlib import Path

import click


def config_option() -> click.Option:
    return click.Option(
        ["--config"],
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        expose_value=False,
        callback=_use,
        help="The settings file; else GATEWAY_CONFIG.",
    )


def configurable(command: click.Command) -> None:
    """Gives it the option; of a group, to each command below. What has a `--config` of its own keeps that."""
    if isinstance(command, click.Group):
        for below in command.commands.values():
            configurable(below)
    elif all(param.name != "config" for param in command.params):
        command.params.append(config_option())


def _use(_context: click.Context, _option: click.Parameter, file: Path | None) -> None:
    """By the environment, so that the processes that a command starts read the same file."""
    if file is not None:
        os.environ["GATEWAY_CONFIG"] = str(file.absolute())
