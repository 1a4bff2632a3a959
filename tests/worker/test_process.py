"""`gateway worker` as a process: it comes, is known to RQ, and goes when told."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rq import Worker

from gateway.adapters.store.connection import Client
from gateway.runner.tied import tied_program
from tests.stack import environment
from tests.worker.conftest import until

HOME = Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def worker(redis_url: str, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    argv = tied_program([sys.executable, "-m", "gateway", "worker", *options])
    env = {**os.environ, **environment(redis_url, "http://127.0.0.1:9", "http://127.0.0.1:9")}
    with subprocess.Popen(argv, cwd=HOME, env=env, process_group=0) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_is_known_to_rq_and_leaves_when_told(redis_url: str, client: Client, number: signal.Signals) -> None:
    with worker(redis_url, "--concurrency", "4") as process:
        until(lambda: len(Worker.all(connection=client)) == 1, 30)
        process.send_signal(number)
        began = time.monotonic()
        assert process.wait(30) == 0
        assert time.monotonic() - began < 20
    assert Worker.all(connection=client) == []


def test_told_while_it_stood_still_it_leaves_too(redis_url: str, client: Client) -> None:
    with worker(redis_url, "--concurrency", "4") as process:
        until(lambda: len(Worker.all(connection=client)) == 1, 30)
        for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGCONT):  # as a paused container is stopped
            process.send_signal(number)
            time.sleep(0.05)
        assert process.wait(15) == 0
    assert Worker.all(connection=client) == []


def test_another_sweeps_soon_after_the_first_was_killed(redis_url: str, client: Client) -> None:
    with worker(redis_url, "--concurrency", "2") as first, worker(redis_url, "--concurrency", "2"):
        until(lambda: len(Worker.all(connection=client)) == 2, 30)
        first.kill()
        first.wait(15)
        client.delete("gw:lease:clock")  # as if it had been the first's, and had ended
        until(lambda: client.exists("gw:lease:clock") == 1, 15)


def test_too_many_sends_in_flight_are_refused(redis_url: str) -> None:
    with worker(redis_url, "--concurrency", "513") as process:
        assert process.wait(30) == 2
