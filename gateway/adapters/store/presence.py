"""A worker process as RQ knows it: one worker that listens on every lane, for `rq info` and RQ's maintenance.

It runs no job: `handle_job_failure` and the cleaning of registries are what is used of RQ's own worker.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading

from redis import Redis
from rq import Queue, SimpleWorker
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import WorkerStatus

from gateway.adapters.store.connection import Client, store_errors
from gateway.adapters.store.doorbell import queue_of
from gateway.adapters.store.lanes import ALL_LANES

TTL_SECONDS = 60
"""RQ forgets a worker that was not heard of for so long and a minute more."""


class _Worker(SimpleWorker):
    def _set_connection(self, connection: Redis) -> Redis:
        """RQ would give every connection of the shared pool a timeout of minutes."""
        return connection


class Presence:
    def __init__(self, client: Client) -> None:
        self._client = client
        self.name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self.key = f"{SimpleWorker.redis_worker_namespace_prefix}{self.name}"
        self._worker: _Worker | None = None
        self._lock = threading.Lock()

    def _registered(self) -> _Worker:
        """Made when Redis is first there. Registered again after Redis has forgotten it."""
        with self._lock:
            if self._worker is None:
                queues = [queue_of(lane, self._client) for lane in ALL_LANES]
                self._worker = _Worker(
                    queues, name=self.name, connection=self._client, serializer=JSONSerializer, worker_ttl=TTL_SECONDS
                )
            if not self._client.exists(self.key):
                self._worker.register_birth()  # type: ignore[no-untyped-call]
            return self._worker

    def beat(self, *, busy: bool) -> None:
        with store_errors():
            worker = self._registered()
            worker.set_state(WorkerStatus.BUSY if busy else WorkerStatus.IDLE)
            worker.heartbeat()

    def leave(self) -> None:
        if self._worker is not None:
            with store_errors():
                self._worker.register_death()  # type: ignore[no-untyped-call]

    def clean(self) -> None:
        """RQ's maintenance: what killed workers began is marked as abandoned, what is too old is forgotten."""
        with store_errors():
            self._registered().clean_registries()  # type: ignore[no-untyped-call]

    def record_failure(self, job: Job, queue: Queue, execution: Execution, why: str) -> None:
        self._registered().handle_job_failure(job, queue, exc_string=why, execution=execution)
