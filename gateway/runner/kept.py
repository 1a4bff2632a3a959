"""One process that is kept running: started, read, started again when it ends, and stopped with all it started."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from typing import IO

from gateway.runner.backoff import Backoff
from gateway.runner.groups import group_gone, signal_group
from gateway.runner.output import RUNNER, OnLine
from gateway.runner.tied import tied_group

_LONGEST_LINE = 64 * 1024
_ORPHANS_GRACE_SECONDS = 5.0
_SHELL_SIGNAL_BASE = 128


class KeptProcess:
    """`on_line` is called from this process's own threads."""

    def __init__(
        self, name: str, argv: Sequence[str], *, env: Mapping[str, str], grace_seconds: float, on_line: OnLine
    ) -> None:
        self.name = name
        self.restarts = 0
        self._argv = tied_group(argv, grace_seconds)
        self._env = dict(env)
        self._grace_seconds = grace_seconds
        self._on_line = on_line
        self._backoff = Backoff()
        self._stopping = threading.Event()
        self._changing = threading.Lock()  # so that no process is started after stop has looked
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name=f"runner-{name}", daemon=True)

    @property
    def pid(self) -> int | None:
        """The number of the process group, while it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        self._thread.start()

    def ask_to_stop(self) -> None:
        with self._changing:
            self._stopping.set()
            if (group := self.pid) is not None:
                signal_group(group, signal.SIGTERM)

    def kill(self) -> None:
        """At once; for a process already asked to stop."""
        process = self._process
        if process is not None and self._thread.is_alive():
            signal_group(process.pid, signal.SIGKILL)

    def join(self, until: float) -> None:
        """Wait for the end, up to a time of the monotonic clock; what is left then is killed."""
        self._thread.join(max(0.0, until - time.monotonic()))
        if self._thread.is_alive():
            self._on_line(RUNNER, f"{self.name} did not stop in {self._grace_seconds:g} s: killed")
            self.kill()
            self._thread.join()

    def _keep(self) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            ended = self._live()
            if self._stopping.is_set():
                break
            wait = self._backoff.after(time.monotonic() - began)
            self._on_line(RUNNER, f"{self.name} {ended}; starting again in {wait:g} s")
            self._stopping.wait(wait)
            self.restarts += 1
        self._on_line(RUNNER, f"{self.name} stopped")

    def _live(self) -> str:
        """One life of the process; answers how it ended."""
        try:
            process = self._spawn()
        except OSError as error:  # no memory or no descriptor: later there may be
            return f"could not be started ({error.strerror})"
        if process is None:
            return "was not wanted any more"
        self._on_line(RUNNER, f"{self.name} started")
        reader = threading.Thread(target=self._pass_on, args=(process.stdout,), daemon=True)
        try:
            reader.start()
        except RuntimeError as error:  # no thread; without a reader it would stand still once the pipe is full
            signal_group(process.pid, signal.SIGKILL)
            process.communicate()
            return f"could not be read ({error})"
        status = process.wait()
        self._clear(process.pid)
        reader.join(1.0)
        return _ended(status)

    def _spawn(self) -> subprocess.Popen[bytes] | None:
        with self._changing:
            if self._stopping.is_set():
                return None
            self._process = subprocess.Popen(  # noqa: S603  # the commands are the operator's own
                self._argv,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        return self._process

    def _clear(self, group: int) -> None:
        """What the process started and left behind would hold its port, or work twice."""
        if not self._stopping.is_set():
            signal_group(group, signal.SIGTERM)  # when stopping they have had it, and a second one may mean "now"
            if group_gone(group, _ORPHANS_GRACE_SECONDS):
                return
        elif group_gone(group, self._grace_seconds):
            return
        signal_group(group, signal.SIGKILL)
        group_gone(group, _ORPHANS_GRACE_SECONDS)

    def _pass_on(self, stream: IO[bytes]) -> None:
        with stream:
            while line := stream.readline(_LONGEST_LINE):
                self._on_line(self.name, line.decode(errors="replace").rstrip("\r\n"))


def _ended(status: int) -> str:
    number = -status if status < 0 else status - _SHELL_SIGNAL_BASE
    try:
        return f"ended by {signal.Signals(number).name}"
    except ValueError:
        return f"ended with status {status}"
