"""The Lua scripts of lua/: loaded once, called by digest, loaded again after a Redis restart."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from redis.client import Pipeline
from redis.exceptions import NoScriptError

from gateway.adapters.store.connection import Client, store_errors

Argument = str | bytes | int | float


@cache
def _source(name: str) -> tuple[str, str]:
    text = (files("gateway.adapters.store") / "lua" / f"{name}.lua").read_text("utf-8")
    return text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def run(client: Client, name: str, keys: Sequence[str], *args: Argument) -> Any:
    """One script, one round trip. Raises StoreUnavailable."""
    text, digest = _source(name)
    with store_errors():
        try:
            return client.evalsha(digest, len(keys), *keys, *args)
        except NoScriptError:
            return client.eval(text, len(keys), *keys, *args)


def stage(pipe: Pipeline, name: str, keys: Sequence[str], *args: Argument) -> None:
    """Put a script into a transaction that `transact` executes."""
    pipe.evalsha(_source(name)[1], len(keys), *keys, *args)


def transact(client: Client, build: Callable[[Pipeline], None], scripts: Sequence[str]) -> list[Any]:
    """MULTI … EXEC in one round trip; built once more when Redis has forgotten the scripts. Raises StoreUnavailable.

    What ran beside a forgotten script ran twice then, so `build` may hold only scripts and doorbells.
    """
    with store_errors():
        try:
            return _execute(client, build)
        except NoScriptError:
            for name in scripts:
                client.script_load(_source(name)[0])
            return _execute(client, build)


class Trip:
    """Several scripts and reads in one round trip, each for itself: no transaction around them."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._pipe = client.pipeline(transaction=False)
        self._scripts: dict[int, tuple[str, Sequence[str], tuple[Argument, ...]]] = {}
        self._count = 0

    def run(self, name: str, keys: Sequence[str], *args: Argument) -> None:
        self._scripts[self._count] = (name, keys, args)
        stage(self._pipe, name, keys, *args)
        self._count += 1

    def add(self, read: Callable[[Pipeline], object]) -> None:
        """One command of redis-py, staged by `read`."""
        read(self._pipe)
        self._count += 1

    def answers(self) -> list[Any]:
        """In order. A script that Redis has forgotten is run alone again. Raises StoreUnavailable."""
        with store_errors():
            found = self._pipe.execute(raise_on_error=False)
            return [
                self._again(n, answer) if isinstance(answer, Exception) else answer for n, answer in enumerate(found)
            ]

    def _again(self, number: int, error: Exception) -> Any:
        if not isinstance(error, NoScriptError) or number not in self._scripts:
            raise error
        name, keys, args = self._scripts[number]
        return self._client.eval(_source(name)[0], len(keys), *keys, *args)


def _execute(client: Client, build: Callable[[Pipeline], None]) -> list[Any]:
    with client.pipeline(transaction=True) as pipe:
        pipe.multi()
        build(pipe)
        answers: list[Any] = pipe.execute()
        return answers
