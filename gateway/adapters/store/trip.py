"""One round trip to Redis: all commands out in one write, an answer for each in order. Nothing is ever repeated.

It leaves out what a pipeline of redis-py does around its commands (retries, metrics, callbacks, books of the pool), and
that costs more than they do; connections are still the pool's own, kept ready between two trips.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from typing import Any

import redis
from hiredis import pack_command

Command = Sequence[Any]


class Ready:
    """Connections that were taken from a pool and wait for the next trip; a forked child begins with none."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._waiting: deque[Any] = deque()

    def take(self, pool: Any) -> Any:
        if self._pid != os.getpid():
            self._pid, self._waiting = os.getpid(), deque()
        try:
            connection = self._waiting.pop()
        except IndexError:
            return pool.get_connection()
        try:
            connection.connect()
            if _spoilt(connection):
                connection.disconnect()
                connection.connect()
        except BaseException:
            self.give_back(connection)  # the pool has counted it: lost here, it would be missing after the outage
            raise
        return connection

    def give_back(self, connection: Any) -> None:
        self._waiting.append(connection)


def exchange(client: Any, commands: Sequence[Command]) -> list[Any]:
    """An answer for each command, as it came; an error of Redis' is the answer of the command it belongs to.

    Raises redis.ConnectionError or redis.TimeoutError: then nobody knows what was done.
    """
    pool = client.connection_pool
    ready: Ready | None = getattr(pool, "ready", None)
    connection = pool.get_connection() if ready is None else ready.take(pool)
    try:
        connection.send_packed_command([_packed(commands)])
        return [_answer(connection) for _ in commands]
    except BaseException:
        connection.disconnect()
        raise
    finally:
        if ready is None:
            pool.release(connection)
        else:
            ready.give_back(connection)


def _packed(commands: Sequence[Command]) -> bytes:
    """As redis-py does it, without looking at each argument: text, bytes and numbers are all that is ever sent."""
    return b"".join([pack_command(tuple(command)) for command in commands])


def _answer(connection: Any) -> Any:
    try:
        return connection.read_response()
    except redis.ResponseError as err:
        return err


def _spoilt(connection: Any) -> bool:
    """Closed by the other side, or an answer is left over that nobody has read."""
    try:
        return bool(connection.can_read())
    except (redis.ConnectionError, redis.TimeoutError, OSError):
        return True
