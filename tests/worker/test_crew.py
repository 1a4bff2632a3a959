"""The worker as a whole: how many at once, how it ends, and what a bad job or a lost Redis does to it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from gateway.adapters.store.connection import Client
from gateway.adapters.store.doorbell import queue_of
from gateway.errors import StoreUnavailable
from gateway.wiring import Gateway
from gateway.worker import WorkerProcess
from tests.worker.conftest import Job, until, working

UseJob = Callable[[Job], None]


class Holding:
    """A job that lasts until it is let go."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.ended: list[str] = []
        self.go = threading.Event()

    def __call__(self, about: str) -> None:
        self.began.append(about)
        self.go.wait(20)
        self.ended.append(about)


def ring(gateway: Gateway, count: int, lane: str = "normal") -> None:
    gateway.doorbell.ring(lane, [(f"{lane}{n}", 1) for n in range(count)])


def test_all_of_the_crew_work_at_once(gateway: Gateway, job: UseJob) -> None:
    meeting = threading.Barrier(16)
    met: list[str] = []

    def meet(about: str) -> None:
        meeting.wait(10)
        met.append(about)

    job(meet)
    ring(gateway, 16)
    with working(gateway, 16):
        until(lambda: len(met) == 16)


def test_every_lane_is_listened_to(gateway: Gateway, job: UseJob) -> None:
    done: list[str] = []
    job(done.append)
    with working(gateway):
        for lane in ("urgent", "normal", "bulk"):
            ring(gateway, 1, lane)
        until(lambda: set(done) == {"urgent0", "normal0", "bulk0"})


def test_a_lane_full_of_slow_jobs_does_not_stop_another(gateway: Gateway, job: UseJob) -> None:
    slow, first, begun_before = Holding(), Holding(), list[int]()

    def work(about: str) -> None:
        match about:
            case "urgent0":
                begun_before.append(len(slow.began) + len(first.began))
            case "bulk0":
                first(about)
            case _:
                slow(about)

    job(work)
    with working(gateway, 8) as process:
        ring(gateway, 40, "bulk")
        until(lambda: len(slow.began) + len(first.began) == 9)
        ring(gateway, 1, "urgent")
        until(lambda: len(process._shelf._places["urgent"].waiting) == 1)
        first.go.set()  # one of the crew is free, and what it takes next is all that can begin
        until(lambda: len(begun_before) == 1)
        slow.go.set()
    assert begun_before == [9]


def test_many_bells_are_answered_once_each_and_leave_nothing(gateway: Gateway, client: Client, job: UseJob) -> None:
    done: list[str] = []
    job(done.append)
    with working(gateway):
        ring(gateway, 400)
        until(lambda: len(done) == 400, 60)
        until(lambda: not client.keys("rq:job:*"))
        assert queue_of("normal", client).started_job_registry.get_job_ids() == []
    assert len(set(done)) == 400


def test_an_idle_worker_ends_at_once(gateway: Gateway) -> None:
    process = WorkerProcess(gateway, 8)
    thread = threading.Thread(target=process.run)
    thread.start()
    until(lambda: process._presence._worker is not None)
    began = time.monotonic()
    process.stop()
    thread.join(20)
    assert time.monotonic() - began < 10


def test_told_to_stop_it_finishes_what_it_began_and_gives_the_rest_back(
    gateway: Gateway, client: Client, job: UseJob
) -> None:
    holding = Holding()
    job(holding)
    process = WorkerProcess(gateway, 1)
    thread = threading.Thread(target=process.run)
    thread.start()
    ring(gateway, 6)
    queue = queue_of("normal", client)
    until(lambda: len(holding.began) == 2 and queue.count == 3)
    process.stop()
    until(lambda: queue.job_ids == [f"normal{n}-1" for n in range(2, 6)])
    assert thread.is_alive() and holding.ended == []
    holding.go.set()
    thread.join(10)
    assert not thread.is_alive()
    assert sorted(holding.ended) == ["normal0", "normal1"]
    assert queue.count == 4 and queue.started_job_registry.get_job_ids() == []


def test_told_twice_it_ends_without_waiting(gateway: Gateway, job: UseJob) -> None:
    holding = Holding()
    job(holding)
    process = WorkerProcess(gateway, 1)
    thread = threading.Thread(target=process.run)
    thread.start()
    ring(gateway, 1)
    until(lambda: len(holding.began) == 1)
    process.stop()
    process.stop()
    thread.join(5)
    assert not thread.is_alive() and holding.ended == []
    holding.go.set()


def test_a_job_that_fails_is_kept_without_its_words_and_stops_nobody(
    gateway: Gateway, client: Client, job: UseJob
) -> None:
    done: list[str] = []

    def work(about: str) -> None:
        if about == "normal0":
            raise ValueError("+14155550100 is what it was about")
        done.append(about)

    job(work)
    with working(gateway):
        ring(gateway, 3)
        queue = queue_of("normal", client)
        until(lambda: len(done) == 2 and queue.failed_job_registry.get_job_ids() == ["normal0-1"])
        failed = queue.fetch_job("normal0-1")
        assert failed is not None
        why = failed.latest_result()
        assert why is not None and why.exc_string is not None
        assert why.exc_string.startswith("ValueError") and "5550100" not in why.exc_string


def test_a_job_that_lost_redis_has_not_failed(gateway: Gateway, client: Client, job: UseJob) -> None:
    def work(about: str) -> None:
        raise StoreUnavailable("Redis does not answer")

    job(work)
    with working(gateway):
        ring(gateway, 1)
        until(lambda: not client.keys("rq:job:*"))
        assert queue_of("normal", client).failed_job_registry.get_job_ids() == []


def test_what_is_no_job_of_ours_is_not_called(
    gateway: Gateway, client: Client, monkeypatch: pytest.MonkeyPatch, job: UseJob
) -> None:
    called, unlink = list[str](), os.unlink

    def noted(path: Any, **more: Any) -> None:
        """Other threads may have something to remove meanwhile."""
        if path == "x":
            called.append(path)
        else:
            unlink(path, **more)

    monkeypatch.setattr("os.unlink", noted)
    job(called.append)
    queue = queue_of("normal", client)
    with working(gateway):
        queue.enqueue("os.unlink", "x", job_id="strange")
        until(lambda: queue.failed_job_registry.get_job_ids() == ["strange"])
    assert called == []


def test_the_worker_goes_on_after_every_connection_was_cut(gateway: Gateway, client: Client, job: UseJob) -> None:
    done: list[str] = []
    job(done.append)
    with working(gateway):
        ring(gateway, 1)
        until(lambda: len(done) == 1)
        client.client_kill_filter(_type="normal", skipme=True)
        ring(gateway, 3, "bulk")
        until(lambda: len(done) == 4)
