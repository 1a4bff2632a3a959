"""`gateway dev` notices what changes and starts again."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.cli.dev import commands_for, wait_for_change

TIMES = 100


def waiting_for_change(path: Path) -> tuple[threading.Thread, list[bool]]:
    seen: list[bool] = []
    waiting = threading.Thread(
        target=lambda: seen.append(wait_for_change((path,), threading.Event(), 0.01)), daemon=True
    )
    waiting.start()
    return waiting, seen


def change_until_it_ends(waiting: threading.Thread, change: Callable[[int], object]) -> None:
    """Again and again: the first may have come before the thread had looked at all."""
    for n in range(TIMES):
        change(n)
        waiting.join(0.2)
        if not waiting.is_alive():
            return


@pytest.mark.parametrize("change", ["written", "added", "removed"])
def test_a_change_of_a_file_ends_the_wait(tmp_path: Path, change: str) -> None:
    (tmp_path / "a.py").write_text("one")
    (tmp_path / "notes.txt").write_text("of no matter")
    for n in range(TIMES):
        (tmp_path / f"old{n}.py").write_text("one")
    waiting, seen = waiting_for_change(tmp_path)
    (tmp_path / "notes.txt").write_text("still of no matter")
    waiting.join(0.3)
    assert waiting.is_alive()
    changes: dict[str, Callable[[int], object]] = {
        "written": lambda n: os.utime(tmp_path / "a.py", (n, n)),
        "added": lambda n: (tmp_path / f"b{n}.lua").write_text("new"),
        "removed": lambda n: (tmp_path / f"old{n}.py").unlink(),
    }
    change_until_it_ends(waiting, changes[change])
    assert seen == [True]


def test_a_settings_file_elsewhere_is_watched_too(tmp_path: Path) -> None:
    own = tmp_path / "gateway.toml"
    own.write_text("")
    waiting, seen = waiting_for_change(own)
    waiting.join(0.3)
    assert waiting.is_alive()
    change_until_it_ends(waiting, lambda n: os.utime(own, (n, n)))
    assert seen == [True]
    assert str(own) in commands_for(8123, 4, own)["web"]


def test_nothing_changed_and_told_to_stop(tmp_path: Path) -> None:
    stopped = threading.Event()
    stopped.set()
    assert wait_for_change((tmp_path,), stopped) is False


def test_the_server_reloads_and_listens_here_alone() -> None:
    commands = commands_for(8123, 4)
    assert "--reload" in commands["web"] and "127.0.0.1:8123" in commands["web"]
    assert commands["worker"].endswith(" 4")
