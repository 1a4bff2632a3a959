"""A data directory for the embedded server, and processes of their own that start it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.adapters.embedding import OWNER, ROOT


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Short, because pytest's own directories are too long for a socket on macOS."""
    with tempfile.TemporaryDirectory(prefix="gw-", ignore_cleanup_errors=True) as directory:
        yield Path(directory) / "a data dir?"


@pytest.fixture
def another_process(data_dir: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[str], int | None]]]:
    """Start the server from a process of its own; answers it and the pid it sees. Ended after the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*how: str) -> tuple[subprocess.Popen[str], int | None]:
        argv = [sys.executable, "-c", OWNER, str(data_dir), *how]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        started.append(process)
        assert process.stdout is not None
        said = process.stdout.readline().strip()
        return process, None if said == "None" else int(said)

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
