"""Where the lines of the running processes go: one stream, each line with its process's name before it."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterable
from typing import TextIO

OnLine = Callable[[str, str], None]
"""Called with a process's name and one line of its output, without the line end; never twice at once."""

RUNNER = "runner"
_COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)


def prefixed(names: Iterable[str], stream: TextIO | None = None) -> OnLine:
    """Write `name  | line`; coloured only on a terminal, and not with NO_COLOR (no-color.org).

    Where nobody reads any more or the disk is full, it raises what the stream raises.
    """
    out = stream or sys.stdout
    if isinstance(out, io.TextIOWrapper):
        out.reconfigure(errors="backslashreplace")  # not every encoding can write all that is said
    every = [*names, RUNNER]
    width = max(len(name) for name in every)
    coloured = out.isatty() and not os.environ.get("NO_COLOR")
    colours = {name: _COLOURS[at % len(_COLOURS)] for at, name in enumerate(every)}

    def write(name: str, line: str) -> None:
        prefix = f"{name:<{width}} |"
        if coloured:
            prefix = f"\x1b[{colours.get(name, 0)}m{prefix}\x1b[0m"
        out.write(f"{prefix} {line}\n")
        out.flush()

    return write
