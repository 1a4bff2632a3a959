"""Celery's."""

from __future__ import annotations

from celery import Celery

from benchmarks.rivals import sending

app = Celery("rival", broker=sending.REDIS_URL.replace("unix://", "redis+socket://"))
app.conf.update(task_ignore_result=True, worker_prefetch_multiplier=1, broker_connection_retry_on_startup=True)


@app.task(name="send")
def send(number: str) -> None:
    sending.send(number)


def enqueue(count: int) -> None:
    with app.producer_pool.acquire(block=True) as producer:
        for n in range(count):
            send.apply_async((f"+1415555{n % 10_000:04}",), producer=producer)
