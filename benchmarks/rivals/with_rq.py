"""RQ's own, as `rq worker` runs it: a fork for each job."""

from __future__ import annotations

from redis import Redis
from rq import Queue

from benchmarks.rivals import sending


def enqueue(count: int) -> None:
    queue = Queue("rival", connection=Redis.from_url(sending.REDIS_URL), serializer="json")
    jobs = [Queue.prepare_data(sending.send, (f"+1415555{n % 10_000:04}",), result_ttl=0) for n in range(count)]
    queue.enqueue_many(jobs)
