"""A file that a command writes: it takes its name when it is whole, so that a run cut short spoils no earlier one."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click


@contextmanager
def written_whole(path: Path) -> Iterator[IO[str]]:
    """UTF-8 text for `path`; `-`, a pipe and a device are written as it comes. Raises click.FileError."""
    if str(path) == "-":
        with click.open_file("-", "w", encoding="utf-8") as file:
            yield file
        return
    try:
        if path.exists() and not path.is_file():
            with path.open("w", encoding="utf-8", newline="") as file:
                yield file
        else:
            with _draft(path.resolve()) as file:
                yield file
    except OSError as error:
        raise click.FileError(str(path), hint=error.strerror or str(error)) from error


@contextmanager
def _draft(path: Path) -> Iterator[IO[str]]:
    """Beside it, and with its mode: the directory decides who may replace it, the mode who may read it."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("x", encoding="utf-8", newline="") as file:
            if path.exists():
                shutil.copymode(path, draft)
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
