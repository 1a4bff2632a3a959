"""What a batch and the workers that buy for it tell each other: chunks of numbers, and their answers.

Numbers and answers are sealed; names and jobs hold ids only. A chunk is named by its first row. All of it ends with
the batch, or by itself after LIFE; what a worker says later is not written any more.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway.adapters.store import names
from gateway.adapters.store.codec import Sealer, dumps, to_ms
from gateway.adapters.store.connection import Client, store_errors
from gateway.adapters.store.scripts import Argument, Trip

LIFE = timedelta(days=3)
AT_WORK_SECONDS = 5
"""How long after its last word a worker is believed to be at a chunk."""
PARTS = ("order", "chunks", "begun", "answers", "done")
Asked = list[tuple[int, str]]
"""Rows of the table, and the number in each."""


@dataclass(frozen=True, slots=True)
class Batches:
    """Raises StoreUnavailable in all it does."""

    client: Client
    sealer: Sealer

    # ---- the command's side

    def open(self, batch: str, order: Mapping[str, Any]) -> None:
        with store_errors():
            self.client.set(names.batch(batch, "order"), dumps(order), ex=LIFE)

    def post(self, batch: str, asked: Asked) -> int:
        """The chunk's name."""
        key, name = names.batch(batch, "chunks"), asked[0][0]
        with store_errors(), self.client.pipeline(transaction=True) as pipe:
            pipe.hset(key, str(name), self.sealer.seal(dumps(asked), f"{key}:{name}"))
            for part in PARTS:
                pipe.expire(names.batch(batch, part), LIFE)
            pipe.execute()
        return name

    def left(self, batch: str) -> tuple[dict[int, Asked], dict[int, dict[str, Any]]]:
        """Chunks and answers that a command before this one has left there."""
        chunks, answers = names.batch(batch, "chunks"), names.batch(batch, "answers")
        with store_errors():
            posted, answered = self.client.hgetall(chunks), self.client.hgetall(answers)
        return (
            {int(name): self._asked(chunks, int(name), sealed) for name, sealed in posted.items()},
            {int(row): self._answer(answers, int(row), sealed) for row, sealed in answered.items()},
        )

    def done(self, batch: str, seconds: float) -> list[int]:
        """Chunks that a worker has put down since the last time; waits for one."""
        key = names.batch(batch, "done")
        with store_errors():
            first = self.client.blpop([key], timeout=seconds)
            more = self.client.lpop(key, 64) if first else None
        return [int(name) for name in ([first[1]] if first else []) + (more or [])]

    def at_work(self, batch: str, chunk: int) -> bool:
        with store_errors():
            return bool(self.client.exists(names.batch(batch, f"at:{chunk}")))

    def forget(self, batch: str, rows: Iterable[int], chunks: Collection[int]) -> None:
        """What has been written to the output."""
        with store_errors(), self.client.pipeline(transaction=False) as pipe:
            if gone := [str(row) for row in rows]:
                pipe.hdel(names.batch(batch, "answers"), *gone)
            for part in ("chunks", "begun") if chunks else ():
                pipe.hdel(names.batch(batch, part), *map(str, chunks))
            pipe.execute()

    def close(self, batch: str) -> None:
        with store_errors():
            self.client.delete(*(names.batch(batch, part) for part in PARTS))

    # ---- the worker's side

    def order(self, batch: str) -> dict[str, Any] | None:
        with store_errors():
            stored = self.client.get(names.batch(batch, "order"))
        return None if stored is None else dict(json.loads(stored))

    def chunk(self, batch: str, name: int) -> Asked:
        """Nothing for one that has been forgotten."""
        key = names.batch(batch, "chunks")
        with store_errors():
            sealed = self.client.hget(key, str(name))
        return [] if sealed is None else self._asked(key, name, sealed)

    def take(self, batch: str, name: int, holder: str) -> bool:
        """False: somebody is at it."""
        with store_errors():
            return bool(self.client.set(names.batch(batch, f"at:{name}"), holder, nx=True, ex=AT_WORK_SECONDS))

    def still(self, batch: str, name: int) -> None:
        with store_errors():
            self.client.expire(names.batch(batch, f"at:{name}"), AT_WORK_SECONDS)

    def put_down(self, batch: str, name: int) -> None:
        """Finished or not: the command looks at what there is."""
        trip = Trip(self.client)
        trip.add("DEL", names.batch(batch, f"at:{name}"))
        self._write(trip, batch, "done", "RPUSH", name)
        trip.answers()

    def begun(self, batch: str, name: int, now: datetime) -> int | None:
        """When somebody else began it before, in milliseconds; None: this is the first time."""
        trip = Trip(self.client)
        self._write(trip, batch, "begun", "HSETNX", name, to_ms(now))
        trip.add("HGET", names.batch(batch, "begun"), name)
        first, at = trip.answers()
        return None if first or at is None else int(at)

    def answer(self, batch: str, answers: Mapping[int, Mapping[str, Any]]) -> None:
        """The first answer to a row is kept."""
        key, trip = names.batch(batch, "answers"), Trip(self.client)
        for row, answer in answers.items():
            self._write(trip, batch, "answers", "HSETNX", row, self.sealer.seal(dumps(answer), f"{key}:{row}"))
        trip.answers()

    def answers(self, batch: str, rows: Collection[int]) -> dict[int, dict[str, Any]]:
        """Those there are."""
        if not rows:
            return {}
        key = names.batch(batch, "answers")
        with store_errors():
            stored = self.client.hmget(key, [str(row) for row in rows])
        return {
            row: self._answer(key, row, sealed) for row, sealed in zip(rows, stored, strict=True) if sealed is not None
        }

    def _write(self, trip: Trip, batch: str, part: str, command: str, *args: Argument) -> None:
        keys = [names.batch(batch, "order"), names.batch(batch, part)]
        trip.run("while_open", keys, round(LIFE.total_seconds()), command, *args)

    def _asked(self, key: str, name: int, sealed: bytes) -> Asked:
        return [(row, number) for row, number in json.loads(self.sealer.open(sealed, f"{key}:{name}"))]

    def _answer(self, key: str, row: int, sealed: bytes) -> dict[str, Any]:
        return dict(json.loads(self.sealer.open(sealed, f"{key}:{row}")))
