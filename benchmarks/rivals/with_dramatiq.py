"""dramatiq's."""

from __future__ import annotations

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from redis import Redis

from benchmarks.rivals import sending

broker = RedisBroker(client=Redis.from_url(sending.REDIS_URL) if sending.REDIS_URL else None)
dramatiq.set_broker(broker)


@dramatiq.actor(max_retries=0)
def send(number: str) -> None:
    sending.send(number)


def enqueue(count: int) -> None:
    for n in range(count):
        send.send(f"+1415555{n % 10_000:04}")
