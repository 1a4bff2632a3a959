"""RQ's jobs taken in handfuls and finished in handfuls: its key layout, in one round trip each.

RQ's own worker spends some twenty round trips on a job. Only plain jobs ride on our lanes: no dependents, repeats,
retries, callbacks or results, which is what makes the short way the same as RQ's. A job that fails goes RQ's own way.
"""

from __future__ import annotations

import json
import secrets
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from rq.executions import Execution
from rq.job import Job
from rq.registry import StartedJobRegistry
from rq.utils import utcformat

from gateway.adapters.store import scripts
from gateway.adapters.store.connection import Client, store_errors
from gateway.adapters.store.doorbell import JOB_TIMEOUT_SECONDS, queue_of
from gateway.adapters.store.presence import Presence

JOB_PREFIX = Job.redis_job_namespace_prefix
ABANDONED_AFTER = timedelta(seconds=2 * JOB_TIMEOUT_SECONDS)
"""When RQ's maintenance may call a started job abandoned: its worker was killed."""
HASH_TTL = timedelta(days=1)
"""What a killed worker leaves behind goes away by itself, also where nobody runs maintenance."""


@dataclass(frozen=True, slots=True)
class Bell:
    """One job, taken. `data` is RQ's: the function's name and its arguments, compressed JSON."""

    lane: str
    job_id: str
    execution: str
    data: bytes

    def call(self) -> tuple[str, Sequence[Any]]:
        """The function's name and its arguments."""
        name, _, arguments, _ = json.loads(zlib.decompress(self.data))
        return name, arguments


class Bells:
    """One lane's queue, for one worker."""

    def __init__(self, client: Client, lane: str, presence: Presence) -> None:
        self._client = client
        self._lane = lane
        self._presence = presence
        self._queue = queue_of(lane, client)
        self._started = StartedJobRegistry(queue=self._queue).key

    def wait(self, seconds: float) -> None:
        """Until a bell is there, or the time is over. Takes nothing, so whoever dies in here loses nothing."""
        with store_errors():
            self._client.blmove(self._queue.key, self._queue.key, seconds, "LEFT", "LEFT")

    def take(self, limit: int) -> list[Bell]:
        """At most `limit`, oldest first."""
        now, execution = datetime.now(UTC), secrets.token_hex(8)
        found = scripts.run(
            self._client,
            "pop",
            [self._queue.key, self._started],
            JOB_PREFIX,
            limit,
            utcformat(now),
            self._presence.name,
            execution,
            round((now + ABANDONED_AFTER).timestamp()),
            round(HASH_TTL.total_seconds()),
        )
        return [
            Bell(self._lane, job_id.decode(), execution, data)
            for job_id, data in zip(found[::2], found[1::2], strict=True)
        ]

    def settle(self, bells: Sequence[Bell]) -> None:
        """They were answered: nothing of them is kept."""
        scripts.run(self._client, "settle", [self._started, self._presence.key], JOB_PREFIX, *_named(bells))

    def give_back(self, bells: Sequence[Bell]) -> None:
        """They were not begun: to the front of the queue, in their order."""
        scripts.run(self._client, "back", [self._queue.key, self._started], JOB_PREFIX, *_named(bells))

    def fail(self, bell: Bell, why: str) -> None:
        """RQ's own way: the job is kept in its registry of failed jobs, where an operator finds it."""
        with store_errors():
            if not Job.exists(bell.job_id, self._client):
                return
            job = Job.fetch(bell.job_id, connection=self._client, serializer=self._queue.serializer)
            execution = Execution(bell.execution, bell.job_id, self._client)
            self._presence.record_failure(job, self._queue, execution, why)


def _named(bells: Sequence[Bell]) -> list[str]:
    return [part for bell in bells for part in (bell.job_id, bell.execution)]
