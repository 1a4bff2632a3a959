"""RQ as the doorbell: a job says only 'look at this intent'. What is to be done stands in the intent itself.

A job too many is harmless (the attempt's begin mark decides), a job too few is rung again by the sweep.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from redis.client import Pipeline
from rq import Queue
from rq.serializers import JSONSerializer

from gateway.adapters.store.connection import Client, store_errors

LANES = ("urgent", "normal", "bulk")
JOB = "gateway.jobs.wake"
JOB_TIMEOUT_SECONDS = 60
FAILURE_TTL_SECONDS = 86_400
DIRECT_BOUND = 256
"""Acceptance rings itself while a lane's queue is shorter than this; beyond it the fair feed of the sweep rings."""


class Doorbell:
    def __init__(self, client: Client) -> None:
        self._client = client
        self._queues = {lane: self.queue(lane, client) for lane in LANES}

    @staticmethod
    def queue(lane: str, client: Client) -> Queue:
        return Queue(lane, connection=client, serializer=JSONSerializer, default_timeout=JOB_TIMEOUT_SECONDS)

    def stage(self, pipe: Pipeline, lane: str, intent_id: str, version: int) -> None:
        """Ring as part of a transaction. The job id names intent and version, so that ringing twice is one job hash."""
        self._queues[lane].enqueue(
            JOB,
            intent_id,
            job_id=f"{intent_id}-{version}",
            description=f"wake {intent_id}",
            result_ttl=0,
            failure_ttl=FAILURE_TTL_SECONDS,
            pipeline=pipe,
        )

    def ring(self, lane: str, intents: Iterable[tuple[str, int]]) -> None:
        with store_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.multi()
            for intent_id, version in intents:
                self.stage(pipe, lane, intent_id, version)
            pipe.execute()

    def waiting(self, lane: str) -> int:
        with store_errors():
            return self._queues[lane].count

    def waiting_ids(self, lane: str) -> Sequence[str]:
        """Ids of intents whose bell is in the queue right now."""
        with store_errors():
            return [job_id.rpartition("-")[0] for job_id in self._queues[lane].job_ids]
