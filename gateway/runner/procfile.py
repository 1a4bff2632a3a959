"""Read a Procfile: one `name: command` a line, as foreman, honcho and Heroku read it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

_LINE = re.compile(r"([A-Za-z0-9_-]+):\s*(\S.*)")


class ProcfileError(ValueError):
    """The Procfile, or the names asked of it, cannot be run; the message says which and why."""


def read_procfile(procfile: Path | Mapping[str, str]) -> dict[str, str]:
    """Commands by name, in the file's order."""
    if isinstance(procfile, Mapping):
        return dict(procfile)
    try:
        text = procfile.read_text(encoding="utf-8")
    except OSError as error:
        raise ProcfileError(f"{procfile}: {error.strerror}") from error
    commands: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None:
            raise ProcfileError(f"{procfile}, line {number}: expected `name: command`, found {line.strip()!r}")
        name, command = found.groups()
        if name in commands:
            raise ProcfileError(f"{procfile}, line {number}: the name {name!r} is there twice")
        commands[name] = command
    return commands


def chosen(commands: Mapping[str, str], only: Sequence[str]) -> dict[str, str]:
    """The named commands, or all of them when none is named."""
    unknown = [name for name in only if name not in commands]
    if unknown:
        raise ProcfileError(f"no process named {', '.join(unknown)}; there are {', '.join(commands)}")
    picked = {name: command for name, command in commands.items() if not only or name in only}
    if not picked:
        raise ProcfileError("the Procfile names no process")
    return picked
