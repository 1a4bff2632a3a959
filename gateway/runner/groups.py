"""Signals to a process group, and the wait until its last process is gone."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

_LOOK_SECONDS = 0.03
_DEAD = frozenset("ZX")


def signal_group(group: int, number: signal.Signals) -> None:
    """Send to all of the group; a group that has gone is no error."""
    # macOS answers EPERM for a group in which only zombies are left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def group_gone(group: int, within_seconds: float) -> bool:
    """Wait for an empty group. Call it after the leader was waited for, or its exit status is lost."""
    deadline = time.monotonic() + within_seconds
    while _lives(group):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_LOOK_SECONDS)
    return True


def _lives(group: int) -> bool:
    # As process 1 of a container the orphans are ours to bury.
    with contextlib.suppress(ChildProcessError):
        os.waitpid(-group, os.WNOHANG)
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return not sys.platform.startswith("linux") or _has_more_than_zombies(group)


def _has_more_than_zombies(group: int) -> bool:
    """A container's process 1 may bury orphans late or never, and until then they count as members."""
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended while we looked
            # Source: proc_pid_stat(5). The name in parentheses may hold anything.
            state, _parent, member_of = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            if int(member_of) == group and state not in _DEAD:
                return True
    return False
