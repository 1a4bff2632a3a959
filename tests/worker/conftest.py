"""A worker with jobs of the test's own, on a real Redis."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from gateway import wiring
from gateway.adapters.store.connection import Client, connect
from gateway.settings import Settings
from gateway.wiring import Gateway
from gateway.worker import WorkerProcess, answering
from tests.stack import environment

Job = Callable[[str], None]


class NothingMissed:
    """Stands in for the catch-up: no text was missed."""

    def ready(self) -> None: ...

    def lost(self) -> None: ...

    def once(self) -> None: ...

    def noticing(self, work: Any) -> Any:
        return work


@pytest.fixture
def gateway(redis_url: str) -> Iterator[Gateway]:
    client = connect(redis_url)
    client.flushall()
    settings = Settings.load(environ=environment(redis_url, "http://127.0.0.1:9", "http://127.0.0.1:9"))
    built = wiring.build(settings, client=client)
    yield replace(built, catch_up=NothingMissed())  # type: ignore[arg-type]
    client.close()


@pytest.fixture
def client(gateway: Gateway) -> Client:
    return gateway.client


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Job], None]]:
    """Says what a bell of an intent does in this test."""

    def use(work: Job) -> None:
        monkeypatch.setattr("gateway.jobs.wake", work)
        answering._job.cache_clear()

    yield use
    answering._job.cache_clear()


@contextmanager
def working(gateway: Gateway, concurrency: int = 8) -> Iterator[WorkerProcess]:
    process = WorkerProcess(gateway, concurrency)
    thread = threading.Thread(target=process.run, daemon=True)
    thread.start()
    try:
        yield process
    finally:
        process.stop()
        process.stop()
        thread.join(10)
        assert not thread.is_alive()


def until(met: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, "not reached in time"
        time.sleep(0.005)
