"""RQ as the doorbell: a job says only 'look at this intent'. What is to be done stands in the intent itself.

A job too many is harmless (the attempt's begin mark decides), a job too few is rung again by the sweep.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from redis.client import Pipeline
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from gateway.adapters.store.connection import Client, store_errors
from gateway.adapters.store.lanes import ALL_LANES, LANES

JOB_TIMEOUT_SECONDS = 60
FAILURE_TTL_SECONDS = 86_400
DIRECT_BOUND = 256
"""Acceptance rings itself while a lane's queue is shorter than this; beyond it the fair feed of the sweep rings."""


def queue_of(lane: str, client: Client) -> Queue:
    return Queue(lane, connection=client, serializer=JSONSerializer, default_timeout=JOB_TIMEOUT_SECONDS)


class Doorbell:
    def __init__(self, client: Client) -> None:
        self._client = client
        self._queues = {lane: queue_of(lane, client) for lane in ALL_LANES}

    def stage(self, pipe: Pipeline, lane: str, about: str, version: int) -> None:
        """Ring as part of a transaction. `about`: whose bell it is, the job's one argument.

        The job id names it and its version, so that ringing twice is one job hash.
        """
        self._queues[lane].enqueue(
            ALL_LANES[lane].job,
            about,
            job_id=f"{about}-{version}",
            description=f"{lane} {about}",
            result_ttl=0,
            failure_ttl=FAILURE_TTL_SECONDS,
            pipeline=pipe,
        )

    def ring(self, lane: str, bells: Iterable[tuple[str, int]]) -> None:
        with store_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.multi()
            for about, version in bells:
                self.stage(pipe, lane, about, version)
            pipe.execute()

    def key(self, lane: str) -> str:
        """The name of the lane's queue in Redis, for reading its length beside other things."""
        return str(self._queues[lane].key)

    def waiting(self, lane: str) -> int:
        with store_errors():
            return self._queues[lane].count

    def queued(self, about: str, version: int) -> bool:
        """Whether this bell still waits for a worker to take it."""
        with store_errors():
            return bool(self._client.hget(f"{Job.redis_job_namespace_prefix}{about}-{version}", "status") == b"queued")

    def waiting_ids(self, lane: str) -> Sequence[str]:
        """Whose bell is in the queue right now."""
        with store_errors():
            return [job_id.rpartition("-")[0] for job_id in self._queues[lane].job_ids]


__all__ = ["ALL_LANES", "DIRECT_BOUND", "LANES", "Doorbell", "queue_of"]
