"""What our short way does to RQ's keys, seen with RQ's own eyes; and that nothing of a job stays behind."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rq import SimpleWorker, Worker
from rq.exceptions import NoSuchJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from gateway.adapters.store import bells as bells_module
from gateway.adapters.store.bells import Bells
from gateway.adapters.store.connection import Client, connect
from gateway.adapters.store.doorbell import Doorbell, queue_of
from gateway.adapters.store.presence import Presence

LANE = "normal"


@pytest.fixture
def presence(client: Client) -> Presence:
    return Presence(client)


@pytest.fixture
def bells(client: Client, presence: Presence) -> Bells:
    return Bells(client, LANE, presence)


@pytest.fixture
def long_waiting(socket: Path, presence: Presence) -> Iterator[Bells]:
    """May wait for longer than a connection usually allows."""
    with contextlib.closing(connect(f"unix://{socket}", timeout_seconds=60)) as client:
        yield Bells(client, LANE, presence)


def ring(client: Client, *abouts: str) -> None:
    Doorbell(client).ring(LANE, [(about, 1) for about in abouts])


def fetched(client: Client, job_id: str) -> Job:
    return Job.fetch(job_id, connection=client, serializer=JSONSerializer)


def leftovers(client: Client) -> set[str]:
    """Keys that speak of single jobs or of a queue's content."""
    found = {key.decode() for key in client.keys("rq:*")}
    return {key for key in found if not key.startswith(("rq:queues", "rq:worker")) and not key.startswith("rq:clean")}


def test_rq_sees_a_taken_job_as_started(client: Client, bells: Bells, presence: Presence) -> None:
    ring(client, "one")
    [bell] = bells.take(8)
    job, queue = fetched(client, "one-1"), queue_of(LANE, client)
    assert (job.get_status(), job.func_name, list(job.args)) == (JobStatus.STARTED, "gateway.jobs.wake", ["one"])
    assert (job.worker_name, job.started_at is not None) == (presence.name, True)
    assert queue.started_job_registry.get_job_ids() == ["one-1"]
    assert queue.count == 0
    assert bell.call() == ("gateway.jobs.wake", ["one"])


def test_bells_are_taken_in_order_and_no_more_than_asked_for(client: Client, bells: Bells) -> None:
    ring(client, "a", "b", "c")
    assert [bell.job_id for bell in bells.take(2)] == ["a-1", "b-1"]
    assert queue_of(LANE, client).job_ids == ["c-1"]


def test_nothing_of_an_answered_bell_is_kept(client: Client, bells: Bells, presence: Presence) -> None:
    presence.beat(busy=False)
    ring(client, "a", "b")
    bells.settle(bells.take(8))
    with pytest.raises(NoSuchJobError):
        fetched(client, "a-1")
    assert leftovers(client) == set()
    [worker] = Worker.all(connection=client)
    assert worker.successful_job_count == 2


def test_a_bell_rung_anew_while_it_is_answered_stays(client: Client, bells: Bells) -> None:
    ring(client, "a")
    taken = bells.take(1)
    ring(client, "a")
    bells.settle(taken)
    assert fetched(client, "a-1").get_status() is JobStatus.QUEUED
    assert [bell.job_id for bell in bells.take(8)] == ["a-1"]


def test_bells_given_back_are_next_again_in_their_order(client: Client, bells: Bells) -> None:
    ring(client, "a", "b", "c")
    bells.give_back(bells.take(2))
    queue = queue_of(LANE, client)
    assert queue.job_ids == ["a-1", "b-1", "c-1"]
    assert queue.started_job_registry.get_job_ids() == []
    job = fetched(client, "a-1")
    assert (job.get_status(), client.ttl(job.key)) == (JobStatus.QUEUED, -1)


def test_a_job_whose_hash_is_gone_is_passed_over(client: Client, bells: Bells) -> None:
    ring(client, "a", "b")
    client.delete(Job.key_for("a-1"))
    assert [bell.job_id for bell in bells.take(8)] == ["b-1"]


def test_a_failed_job_is_kept_where_rq_keeps_them(client: Client, bells: Bells) -> None:
    ring(client, "a")
    [bell] = bells.take(1)
    bells.fail(bell, "ValueError\nsomewhere.py:1")
    queue, job = queue_of(LANE, client), fetched(client, "a-1")
    assert job.get_status() is JobStatus.FAILED
    assert queue.failed_job_registry.get_job_ids() == ["a-1"]
    assert queue.started_job_registry.get_job_ids() == []
    result = job.latest_result()
    assert result is not None and result.exc_string == "ValueError\nsomewhere.py:1"
    assert 0 < client.ttl(job.key) <= 86_400


def test_a_killed_workers_jobs_are_marked_abandoned_by_rqs_own_maintenance(
    client: Client, bells: Bells, presence: Presence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bells_module, "ABANDONED_AFTER", timedelta(seconds=-1))
    ring(client, "a")
    bells.take(1)
    presence.clean()
    queue = queue_of(LANE, client)
    assert queue.failed_job_registry.get_job_ids() == ["a-1"]
    assert client.zcard(queue.started_job_registry.key) == 0


def test_waiting_ends_when_a_bell_rings_and_takes_none(client: Client, long_waiting: Bells) -> None:
    waited: list[float] = []

    def wait() -> None:
        began = time.monotonic()
        long_waiting.wait(30.0)
        waited.append(time.monotonic() - began)

    threads = [threading.Thread(target=wait) for _ in range(3)]
    for thread in threads:
        thread.start()
    while client.info("clients")["blocked_clients"] < 3:
        time.sleep(0.005)
    ring(client, "a")
    for thread in threads:
        thread.join(40)
    assert len(waited) == 3 and max(waited) < 20
    assert queue_of(LANE, client).job_ids == ["a-1"]


def test_waiting_for_nothing_ends_in_time(long_waiting: Bells) -> None:
    began = time.monotonic()
    long_waiting.wait(0.05)
    assert time.monotonic() - began < 20


def test_a_stock_rq_worker_can_do_our_jobs(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[Any] = []
    monkeypatch.setattr("gateway.jobs.wake", done.append)
    ring(client, "a", "b")
    worker = SimpleWorker([queue_of(LANE, client)], connection=client, serializer=JSONSerializer)
    worker.work(burst=True, logging_level="ERROR")
    assert done == ["a", "b"]


def test_a_worker_is_known_to_rq_while_it_beats(client: Client, presence: Presence) -> None:
    presence.beat(busy=True)
    [worker] = Worker.all(connection=client)
    assert (worker.name, worker.get_state()) == (presence.name, "busy")
    assert set(worker.queue_names()) == {"urgent", "normal", "bulk", "events", "batch"}
    client.flushall()
    presence.beat(busy=False)
    [worker] = Worker.all(connection=client)
    assert worker.get_state() == "idle"
    presence.leave()
    assert Worker.all(connection=client) == []


def test_being_known_to_rq_leaves_the_shared_connections_as_they_are(client: Client, presence: Presence) -> None:
    before = dict(client.connection_pool.connection_kwargs)
    presence.beat(busy=False)
    assert client.connection_pool.connection_kwargs == before
