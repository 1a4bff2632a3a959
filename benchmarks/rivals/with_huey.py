"""huey's."""

from __future__ import annotations

from huey import RedisHuey

from benchmarks.rivals import sending

huey = RedisHuey("rival", url=sending.REDIS_URL or None, results=False)


@huey.task()
def send(number: str) -> None:
    sending.send(number)


def enqueue(count: int) -> None:
    for n in range(count):
        send(f"+1415555{n % 10_000:04}")
