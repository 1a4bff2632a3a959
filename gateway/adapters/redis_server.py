"""Keep one server process running for as long as its owner lives."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, RedisError
from redis.retry import Retry

from gateway.adapters.redis_home import FileLock, RedisHome
from gateway.errors import GatewayError
from gateway.runner.backoff import Backoff
from gateway.runner.groups import signal_group
from gateway.runner.tied import tied_program

_log = logging.getLogger(__name__)

_START_SECONDS = 10.0
_LOADING_SECONDS = 600.0  # a large append-only file: the server answers that it is loading
_STOP_SECONDS = 10.0
_LOOK_SECONDS = 0.01


class EmbeddedRedisError(GatewayError):
    """The embedded server cannot be had; the message says what to do."""


def answers(socket: Path) -> bool | None:
    """None while the server is there but still loading its data."""
    client = Redis(unix_socket_path=str(socket), socket_timeout=1.0, retry=Retry(NoBackoff(), 0))
    try:
        return bool(client.ping())
    except BusyLoadingError:
        return None
    except RedisError:
        return False
    finally:
        client.close()


class ServerKeeper:
    """Starts the server again when it ends on its own; the data is in the append-only file.

    All starts come from one thread that stays, because Linux ends a tied program with the thread that started it.
    """

    def __init__(self, home: RedisHome, socket: Path, argv: list[str]) -> None:
        self._home = home
        self._socket = socket
        self._argv = argv
        self._backoff = Backoff(first_seconds=0.1, longest_seconds=10.0)
        self._stopping = threading.Event()
        self._changing = threading.Lock()  # so that no server is started after stop has looked
        self._ended_early: str | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="embedded-redis", daemon=True)

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process is not None else None

    def begin(self) -> None:
        """Returns at once; a server that does not start is tried again and again."""
        self._thread.start()

    def start(self) -> None:
        """Returns when the server answers. Raises EmbeddedRedisError, and then nothing is left running."""
        self.begin()
        try:
            self._await_answer()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        with self._changing:
            self._stopping.set()
            process = self._process
        if process is not None and process.poll() is None:
            signal_group(process.pid, signal.SIGTERM)  # to a server the same as SHUTDOWN, also while it loads
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                signal_group(process.pid, signal.SIGKILL)
        self._thread.join()

    def _await_answer(self) -> None:
        began = time.monotonic()
        limit = _START_SECONDS
        while True:
            # Until ours runs, the one that answers may be a server left behind, about to be ended.
            ours_runs = self._process is not None
            answer = answers(self._socket) if ours_runs else False
            if answer:
                return
            if answer is None:
                limit = _LOADING_SECONDS
            if not ours_runs:
                began = time.monotonic()
            if self._ended_early is not None:
                raise EmbeddedRedisError(self._ended_early)
            if time.monotonic() - began > limit:
                raise EmbeddedRedisError(self._explained(f"did not answer PING in {limit:g} s"))
            time.sleep(_LOOK_SECONDS)

    def _keep(self) -> None:
        while True:
            began = time.monotonic()
            ended = self._live()
            if self._stopping.is_set():
                return
            self._ended_early = self._explained(ended)  # now, because the next life begins a log of its own
            wait = self._backoff.after(time.monotonic() - began)
            _log.warning("the embedded Redis server %s; starting it again in %g s", ended, wait)
            self._stopping.wait(wait)

    def _live(self) -> str:
        """One life of the server; answers how it ended."""
        try:
            lock = sole_lock(self._home, self._socket)
            try:
                process = self._spawn(lock)
            finally:
                lock.let_go()
        except (OSError, EmbeddedRedisError) as error:
            return f"could not be started ({error})"
        return f"ended with status {process.wait()}" if process is not None else "was not wanted any more"

    def _spawn(self, lock: FileLock) -> subprocess.Popen[bytes] | None:
        with self._changing:
            if self._stopping.is_set():
                return None
            log = self._home.start_log()
            try:
                self._process = subprocess.Popen(  # noqa: S603  # the program found, with our own settings
                    tied_program(self._argv),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=self._home.directory,
                    pass_fds=(lock.descriptor,),
                    umask=0o077,
                    process_group=0,  # Ctrl-C is for the owner, who then stops the server last
                )
            finally:
                os.close(log)
            return self._process

    def _explained(self, what: str) -> str:
        said = ""
        with contextlib.suppress(OSError):  # the keeper goes on, even where no file can be opened
            said = self._home.last_log_lines()
        return (
            f"The embedded Redis server ({self._argv[0]}) {what}. Set REDIS_URL to a Redis server of your own, or mend "
            f"what its log {self._home.log} names:\n{said}"
        )


def sole_lock(home: RedisHome, socket: Path) -> FileLock:
    """The server's lock, after asking a server that its owner left behind to end. Raises EmbeddedRedisError."""
    deadline = time.monotonic() + _STOP_SECONDS
    asked = False
    while (lock := FileLock.take(home.server_lock)) is None:
        if not asked and answers(socket):
            asked = True
            client = Redis(unix_socket_path=str(socket), socket_timeout=_STOP_SECONDS, retry=Retry(NoBackoff(), 0))
            with contextlib.suppress(RedisError), client:  # the deadline below judges, not this answer
                client.shutdown()
        if time.monotonic() > deadline:
            raise EmbeddedRedisError(
                f"a server left behind still holds {home.server_lock} and does not end; find it with "
                f"`lsof {home.server_lock}`, end it, and start again"
            )
        time.sleep(_LOOK_SECONDS)
    return lock
