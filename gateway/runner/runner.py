"""Run several commands side by side until told to stop."""

from __future__ import annotations

import contextlib
import os
import signal
import sysconfig
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Self

from gateway.runner.kept import KeptProcess
from gateway.runner.output import OnLine, prefixed
from gateway.runner.procfile import chosen, read_procfile
from gateway.runner.told import Told

_GRACE_SECONDS = 30.0
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Runner:
    """Keeps each command running, by name, and takes over no signal.

    None of them, nor anything they start in their process group, outlives the calling process, also if it is killed.
    """

    def __init__(
        self,
        commands: Mapping[str, Sequence[str]],
        *,
        env: Mapping[str, str] | None = None,
        on_line: OnLine | None = None,
        grace_seconds: float = _GRACE_SECONDS,
    ) -> None:
        environment = _with_our_commands(os.environ if env is None else env)
        self._grace_seconds = grace_seconds
        self._write = on_line or prefixed(commands)
        self._writing = threading.Lock()
        self._kept = [
            KeptProcess(name, argv, env=environment, grace_seconds=grace_seconds, on_line=self._one_at_a_time)
            for name, argv in commands.items()
        ]

    @property
    def pids(self) -> dict[str, int]:
        """The process group of each command that runs at this moment."""
        return {kept.name: pid for kept in self._kept if (pid := kept.pid) is not None}

    @property
    def restarts(self) -> dict[str, int]:
        return {kept.name: kept.restarts for kept in self._kept}

    def start(self) -> Self:
        for kept in self._kept:
            kept.start()
        return self

    def stop(self) -> None:
        """SIGTERM to all, SIGKILL to what is left after the grace; returns when nothing is left."""
        for kept in self._kept:
            kept.ask_to_stop()
        until = time.monotonic() + self._grace_seconds
        for kept in self._kept:
            kept.join(until)

    def kill(self) -> None:
        """Cut a `stop` short that another thread, or this one before a signal came, is waiting in."""
        for kept in self._kept:
            kept.kill()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _one_at_a_time(self, name: str, line: str) -> None:
        """A line that cannot be written is lost: the processes are drained all the same, and kept running."""
        with self._writing, contextlib.suppress(OSError, ValueError):
            self._write(name, line)


def run_procfile(
    procfile: Path | Mapping[str, str],
    *,
    env: Mapping[str, str],
    only: Sequence[str] = (),
    on_line: OnLine | None = None,
    grace_seconds: float = _GRACE_SECONDS,
) -> int:
    """Run the lines through `sh -c` until SIGTERM, SIGINT or SIGHUP; a second signal kills at once.

    Call it from the main thread. `env` is the whole environment of the processes. Raises ProcfileError.
    """
    commands = chosen(read_procfile(procfile), only)
    shells = {name: ("sh", "-c", command) for name, command in commands.items()}
    runner = Runner(shells, env=env, on_line=on_line, grace_seconds=grace_seconds)
    with _told_to_stop(runner) as told:
        runner.start()
        told.wait()
        runner.stop()
    return 0


@contextlib.contextmanager
def _told_to_stop(runner: Runner) -> Iterator[Told]:
    told, heard_before = Told(), False

    def hear(_number: int, _frame: FrameType | None) -> None:
        nonlocal heard_before
        if heard_before:
            runner.kill()
        heard_before = True
        told.tell()

    heard = [number for number in _STOP_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]  # nohup stays so
    before = {number: signal.signal(number, hear) for number in heard}
    try:
        yield told
    finally:
        for number, was in before.items():
            signal.signal(number, was)


def _with_our_commands(env: Mapping[str, str]) -> dict[str, str]:
    """`gateway` and `gunicorn` are those of this installation, also when its virtualenv is not activated."""
    path = os.pathsep.join(filter(None, (sysconfig.get_path("scripts"), env.get("PATH", os.defpath))))
    return {"PYTHONUNBUFFERED": "1", **env, "PATH": path}
