"""`gateway dev` notices what changes and starts again."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from gateway.cli.dev import commands_for, wait_for_change


@pytest.mark.parametrize("change", ["written", "added", "removed"])
def test_a_change_of_a_file_ends_the_wait(tmp_path: Path, change: str) -> None:
    (tmp_path / "a.py").write_text("one")
    (tmp_path / "notes.txt").write_text("of no matter")
    seen: list[bool] = []
    waiting = threading.Thread(target=lambda: seen.append(wait_for_change((tmp_path,), threading.Event(), 0.01)))
    waiting.start()
    (tmp_path / "notes.txt").write_text("still of no matter")
    waiting.join(0.3)
    assert waiting.is_alive()
    if change == "written":
        os.utime(tmp_path / "a.py", (1, 1))
    elif change == "added":
        (tmp_path / "b.lua").write_text("new")
    else:
        (tmp_path / "a.py").unlink()
    waiting.join(5)
    assert seen == [True]


def test_a_settings_file_elsewhere_is_watched_too(tmp_path: Path) -> None:
    own = tmp_path / "gateway.toml"
    own.write_text("")
    seen: list[bool] = []
    waiting = threading.Thread(target=lambda: seen.append(wait_for_change((own,), threading.Event(), 0.01)))
    waiting.start()
    waiting.join(0.3)
    assert waiting.is_alive()
    os.utime(own, (1, 1))
    waiting.join(5)
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
