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


def _execute(client: Client, build: Callable[[Pipeline], None]) -> list[Any]:
    with client.pipeline(transaction=True) as pipe:
        pipe.multi()
        build(pipe)
        answers: list[Any] = pipe.execute()
        return answers
