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
from gateway.adapters.store.trip import Command, exchange

Argument = str | bytes | int | float


@cache
def _source(name: str) -> tuple[str, str]:
    text = (files("gateway.adapters.store") / "lua" / f"{name}.lua").read_text("utf-8")
    return text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def run(client: Client, name: str, keys: Sequence[str], *args: Argument) -> Any:
    """One script, one round trip. Raises StoreUnavailable."""
    trip = Trip(client)
    trip.run(name, keys, *args)
    return trip.answers()[0]


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
        self._commands: list[Command] = []
        self._scripts: dict[int, str] = {}

    def run(self, name: str, keys: Sequence[str], *args: Argument) -> None:
        self._scripts[len(self._commands)] = name
        self._commands.append(("EVALSHA", _source(name)[1], len(keys), *keys, *args))

    def add(self, *command: Argument) -> None:
        """One command as Redis spells it; its answer comes as it is."""
        self._commands.append(command)

    def answers(self) -> list[Any]:
        """In order. A script that Redis has forgotten is run alone again. Raises StoreUnavailable."""
        with store_errors():
            found = exchange(self._client, self._commands)
            for number, answer in enumerate(found):
                if isinstance(answer, Exception):
                    found[number] = self._again(number, answer)
            return found

    def _again(self, number: int, error: Exception) -> Any:
        if not isinstance(error, NoScriptError) or number not in self._scripts:
            raise error
        text = _source(self._scripts[number])[0]
        answer = exchange(self._client, [("EVAL", text, *self._commands[number][2:])])[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def _execute(client: Client, build: Callable[[Pipeline], None]) -> list[Any]:
    """The answers of what `build` staged. A pipeline of redis-py gathers it, because RQ writes into one."""
    pipe = client.pipeline(transaction=True)
    pipe.multi()
    build(pipe)
    answers = exchange(client, [("MULTI",), *(command for command, _ in pipe.command_stack), ("EXEC",)])
    done = answers[-1]
    # A command that was not even queued tells more than the refusal of the whole.
    for answer in (*answers[:-1], *([done] if isinstance(done, Exception) else done)):
        if isinstance(answer, Exception):
            raise answer
    return list(done)
