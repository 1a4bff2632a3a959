"""Very many intents into a store in little time: the store's own accept, hundreds of them in one round trip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from benchmarks.seeding import accept, gateway_of
from gateway.adapters.store import scripts
from gateway.adapters.store.connection import Client, connect
from gateway.adapters.store.trip import Command, exchange

BATCH = 500


@dataclass
class _Gathering:
    """Stands in for the exchange with Redis: keeps the commands until `flush`, and believes them done."""

    client: Client
    commands: list[Command] = field(default_factory=list)

    def __call__(self, _: Client, commands: Sequence[Command]) -> list[Any]:
        self.commands.extend(commands)
        return [b"OK"] * (len(commands) - 1) + [[b"accepted"] * (len(commands) - 2)]

    def flush(self) -> None:
        answers = exchange(self.client, self.commands) if self.commands else []
        self.commands.clear()
        if wrong := next((answer for answer in answers if isinstance(answer, Exception)), None):
            raise wrong


def accept_many(env: Mapping[str, str], numbers: range, *, after: timedelta = timedelta(0)) -> None:
    """One intent for each number, to be sent `after` so long."""
    client = connect(env["REDIS_URL"], timeout_seconds=60)
    gateway = gateway_of(env, client)
    accept(gateway, numbers[0], after=after)  # Redis has the scripts then
    gathering = _Gathering(client)
    with patch.object(scripts, "exchange", gathering):
        for n in numbers[1:]:
            accept(gateway, n, after=after)
            if n % BATCH == 0:
                gathering.flush()
    gathering.flush()
    client.close()
