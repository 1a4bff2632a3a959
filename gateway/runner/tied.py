"""Tie a command's life to the process that starts it, so that nothing outlives a SIGKILL.

The wrapped command runs this file as a script of its own, which is why it imports the standard library alone.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LOOK_SECONDS = 0.3
_NOT_FOUND = 127  # what a shell answers
_SHELL_SIGNAL_BASE = 128
# Python ignores these two from its start, and what is ignored stays so over exec: the program wants the defaults.
_SIGNALS_PYTHON_IGNORES = (signal.SIGPIPE, signal.SIGXFSZ)


def tied_program(argv: Sequence[str]) -> list[str]:
    """One program without children of its own; start it with `process_group=0`.

    On Linux the kernel ends it when the *thread* that started it ends, so that thread has to stay; the pid is the
    program's own. Elsewhere a watcher does it and the pid is the watcher's.
    """
    return _wrapped("exec" if sys.platform == "linux" else "watch", 5.0, argv)


def tied_group(argv: Sequence[str], grace_seconds: float) -> list[str]:
    """A program and all it starts; start it with `process_group=0`, the pid is then the group's number.

    When the starting process is gone the group gets SIGTERM, and SIGKILL after the grace.
    """
    return _wrapped("watch", grace_seconds, argv)


def _wrapped(mode: str, grace_seconds: float, argv: Sequence[str]) -> list[str]:
    return [sys.executable, "-I", "-S", __file__, mode, str(os.getpid()), str(grace_seconds), *argv]


def _exec(parent: int, argv: list[str]) -> int:
    import ctypes  # only this mode pays for it

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != parent:  # it ended before the kernel was asked
        return 1
    for number in _SIGNALS_PYTHON_IGNORES:
        signal.signal(number, signal.SIG_DFL)
    return os.execvp(argv[0], argv)  # noqa: S606  # it is not a shell that is wanted


def _watch(parent: int, grace_seconds: float, argv: list[str]) -> int:
    group = os.getpgrp()
    awake = _woken_by_a_child()
    child = os.posix_spawnp(argv[0], argv, os.environ, setsigdef=_SIGNALS_PYTHON_IGNORES)
    _leave_group(parent)
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else _SHELL_SIGNAL_BASE - code
        if os.getppid() != parent:
            return _end(group, grace_seconds)
        if select.select([awake], [], [], _LOOK_SECONDS)[0]:
            os.read(awake, 64)


def _woken_by_a_child() -> int:
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    return readable


def _leave_group(parent: int) -> None:
    """Watch from outside: what ends the group must not end the watcher, and an empty group must look empty."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    with contextlib.suppress(ProcessLookupError, PermissionError):  # the parent is gone: seen a moment later
        os.setpgid(0, os.getpgid(parent))


def _end(group: int, grace_seconds: float) -> int:
    deadline = time.monotonic() + grace_seconds
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGTERM)
        while time.monotonic() < deadline:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(-1, os.WNOHANG)
            os.killpg(group, 0)  # raises when the last one has gone
            time.sleep(0.05)
        os.killpg(group, signal.SIGKILL)
    return 1


def main(arguments: Sequence[str]) -> int:
    mode, parent, grace_seconds, *argv = arguments
    try:
        if mode == "exec":
            return _exec(int(parent), argv)
        return _watch(int(parent), float(grace_seconds), argv)
    except OSError as error:
        sys.stderr.write(f"{argv[0]}: {error.strerror}\n")
        return _NOT_FOUND


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
