"""Bought by the workers of a running gateway: the same file as bought here, whoever is killed meanwhile."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway import sandbox
from gateway.adapters.store import identity
from gateway.adapters.store.connection import Client
from gateway.batch import Plan
from gateway.batch.workers import WorkersShop, chunk_for, chunks_out_for
from gateway.runner.tied import tied_program
from gateway.settings import Settings
from gateway.wiring import Gateway
from gateway.wiring.rekey import rekey
from tests.batch.lists import command, done, numbers, paid, write_csv
from tests.stack import environment
from tests.stored import everything, holds

ROWS, DISTINCT = 420, 320
SLOW, FAST = "40", "400"
"""At the slow rate a list takes eight seconds: enough for what shall happen before its end."""


@pytest.fixture
def twilio() -> Iterator[sandbox.RunningSandbox]:
    with sandbox.start_in_thread(sandbox.SandboxOptions(port=0, latency_ms=100)) as running:
        yield running


@pytest.fixture
def source(tmp_path: Path) -> Path:
    known = list(numbers(DISTINCT))
    return write_csv(tmp_path / "in.csv", [["phone"], *([known[n * 13 % DISTINCT]] for n in range(ROWS)), ["nobody"]])


@contextlib.contextmanager
def worker(redis_url: str, twilio_url: str, keys: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    argv = tied_program([sys.executable, "-m", "gateway", "worker", "--concurrency", "16"])
    env = {**os.environ, **environment(redis_url, twilio_url, "http://127.0.0.1:9"), **(keys or {})}
    with subprocess.Popen(argv, env=env, process_group=0, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def until(met: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, "not reached in time"
        time.sleep(0.01)


def at_work(client: Client) -> Callable[[], bool]:
    return lambda: client.scard("rq:workers") >= 2


@pytest.mark.timeout(240)
def test_with_a_worker_and_the_command_killed_it_ends_as_if_bought_here(
    client: Client, redis_url: str, twilio: sandbox.RunningSandbox, source: Path, tmp_path: Path
) -> None:
    whole, broken = tmp_path / "whole.csv", tmp_path / "broken.csv"
    status, _, err = done(command(redis_url, twilio.url, "enrich", source, "-o", whole, "--rate", FAST))
    assert status == 0, err
    once = paid(twilio.url)
    assert set(once.values()) == {1}

    client.flushall()
    args = ("enrich", source, "-o", broken, "--distributed", "--rate")
    bought = lambda: sum(paid(twilio.url).values()) - sum(once.values())  # noqa: E731
    with worker(redis_url, twilio.url) as first, worker(redis_url, twilio.url):
        until(at_work(client))
        running = command(redis_url, twilio.url, *args, SLOW)
        until(lambda: bought() > 40)
        first.kill()
        until(lambda: bought() > 80)
        running.kill()
        running.communicate()
        assert bought() < sum(once.values())
        status, _, err = done(command(redis_url, twilio.url, *args, FAST))
        assert status == 0, err
    assert broken.read_bytes() == whole.read_bytes()
    assert paid(twilio.url) == once + once
    assert [key for key in client.keys("gw:batch:*") if b":at:" not in key] == []
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["broken.csv", "in.csv", "whole.csv"]


@pytest.mark.timeout(120)
def test_a_worker_that_is_told_to_stop_does_so_and_the_others_go_on(
    client: Client, redis_url: str, twilio: sandbox.RunningSandbox, source: Path, tmp_path: Path
) -> None:
    with worker(redis_url, twilio.url) as first, worker(redis_url, twilio.url):
        until(at_work(client))
        args = ("enrich", source, "-o", tmp_path / "out.csv", "--rate", SLOW, "--distributed")
        running = command(redis_url, twilio.url, *args)
        until(lambda: sum(paid(twilio.url).values()) > 40)
        first.send_signal(signal.SIGTERM)
        assert first.wait(20) == 0
        assert running.poll() is None, "the other one buys what is left"
        status, _, err = done(running)
        assert status == 0, err
    assert set(paid(twilio.url).values()) == {1}


@pytest.mark.timeout(120)
def test_without_a_worker_it_says_so_within_seconds_and_goes_on_later(
    client: Client, redis_url: str, twilio: sandbox.RunningSandbox, source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    args = ("enrich", source, "-o", out, "--rate", "300", "--distributed")
    began = time.monotonic()
    status, _, err = done(command(redis_url, twilio.url, *args))
    assert status == 1
    assert time.monotonic() - began < 20
    assert "no worker has been seen; start `gateway worker`" in err
    assert "Traceback" not in err
    said = said_in(client)
    assert not any(holds(said, number[1:]) for number in numbers(DISTINCT))
    with worker(redis_url, twilio.url):
        until(lambda: client.exists("gw:worker:seen") == 1)
        status, _, err = done(command(redis_url, twilio.url, *args))
        assert status == 0, err
    assert set(paid(twilio.url).values()) == {1}
    assert len(out.read_text().splitlines()) == ROWS + 2


@pytest.mark.timeout(120)
@pytest.mark.parametrize("more", [(), ("--distributed",)])
def test_an_interrupt_ends_it_cleanly(
    more: tuple[str, ...], client: Client, redis_url: str, twilio: sandbox.RunningSandbox, source: Path, tmp_path: Path
) -> None:
    args = ("enrich", source, "-o", tmp_path / "out.csv", "--rate", "50", *more)
    with worker(redis_url, twilio.url):
        until(lambda: client.exists("gw:worker:seen") == 1)
        running = command(redis_url, twilio.url, *args)
        until(lambda: sum(paid(twilio.url).values()) > 20)
        running.send_signal(signal.SIGINT)
        status, _, err = done(running)
        assert (status, "run the same command again" in err, "Traceback" in err) == (130, True, False), err
        status, _, err = done(command(redis_url, twilio.url, *args[: -1 - len(more)], "400", *more))
        assert status == 0, err
    assert set(paid(twilio.url).values()) == {1}


@pytest.mark.timeout(120)
def test_with_other_keys_it_goes_on_where_it_was_and_pays_for_nothing_again(
    client: Client, redis_url: str, twilio: sandbox.RunningSandbox, tmp_path: Path
) -> None:
    """No number stands in it twice: with another hash key the cache is forgotten."""
    client.client_kill_filter(_type="normal", skipme=True)  # what earlier tests built here is not connected any more
    source = write_csv(tmp_path / "in.csv", [["phone"], *([number] for number in numbers(DISTINCT))])
    keys = {"GATEWAY_HASH_KEY": "a newer hash key", "GATEWAY_DATA_KEY": "a newer data key"}
    args = ("enrich", source, "-o", tmp_path / "out.csv", "--distributed", "--rate")
    with worker(redis_url, twilio.url) as first:
        until(lambda: client.exists("gw:worker:seen") == 1)
        running = command(redis_url, twilio.url, *args, SLOW)
        until(lambda: sum(paid(twilio.url).values()) > 40)
        for process in (running, first):
            process.kill()
            process.communicate()
    assert sum(paid(twilio.url).values()) < DISTINCT
    until(lambda: identity.processes(client) == ())  # what was being bought comes home first
    new = {name.replace("GATEWAY_", "GATEWAY_NEW_"): key for name, key in keys.items()}
    settings = Settings.load(None, environment(redis_url, twilio.url, "http://127.0.0.1:9") | new)
    moved = rekey(settings, force=False, forget_factors=False)
    assert moved.counts["chunks of batches"] > 0
    assert moved.counts["answers to batches"] > 0
    with worker(redis_url, twilio.url, keys):
        until(lambda: client.exists("gw:worker:seen") == 1)
        status, _, err = done(command(redis_url, twilio.url, *args, FAST, keys=keys))
        assert status == 0, err
    assert set(paid(twilio.url).values()) == {1}
    assert len((tmp_path / "out.csv").read_text().splitlines()) == DISTINCT + 1


def said_in(client: Client) -> str:
    """All names and values there are, jobs unpacked."""
    said = []
    for key, value in everything(client):
        said += [key, value]
        if key.startswith("rq:job:") and value:
            said.append(zlib.decompress(value[b"data"]))
    assert any("rq:job:" in str(each) for each in said)
    return str(said)


# ---- the command's side alone


@pytest.fixture
def all_asked(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """No chunk is made before; to be there before the shop is."""
    found, next_of = threading.Event(), WorkersShop._next
    monkeypatch.setattr(WorkersShop, "_next", lambda shop: next_of(shop) if found.is_set() else [])
    return found


@pytest.fixture
def shop(gateway: Gateway, source: Path, tmp_path: Path) -> Iterator[WorkersShop]:
    gateway.client.set("gw:worker:seen", round(time.time() * 1000) + 60_000)
    found = WorkersShop(gateway, Plan(source, tmp_path / "o.csv", (), rate=500.0, distributed=True), "one", 0)
    yield found
    found.close()


def test_only_so_many_chunks_of_a_batch_are_out_at_once(shop: WorkersShop, client: Client) -> None:
    for row in range(3000):
        shop.ask(row, f"+1415555{row:04d}")
    most = chunks_out_for(500.0)
    assert (chunk_for(500.0), most) == (50, 16)
    until(lambda: client.llen("rq:queue:batch") == most)
    assert shop.full
    time.sleep(0.2)
    assert client.hlen("gw:batch:one:chunks") == most


def test_a_chunk_that_nobody_is_at_is_rung_for_again(
    shop: WorkersShop, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.batch.workers.AT_WORK_SECONDS", 0.1)
    monkeypatch.setattr("gateway.batch.workers.LOOK_SECONDS", 0.05)
    shop.ask(7, "+14155550107")
    until(lambda: client.lrange("rq:queue:batch", 0, -1) == [b"one_7-1"])
    time.sleep(0.5)
    assert client.llen("rq:queue:batch") == 1, "its bell still waits"
    client.lpop("rq:queue:batch")
    client.hset("rq:job:one_7-1", "status", "started")  # and its worker was killed
    until(lambda: client.lrange("rq:queue:batch", 0, -1) == [b"one_7-2"])


def test_what_a_worker_has_put_down_unfinished_is_rung_for_and_what_it_answered_is_kept(
    all_asked: threading.Event, shop: WorkersShop, client: Client, gateway: Gateway
) -> None:
    batches: Any = shop._batches
    first, second = shop.ask(1, "+14155550101"), shop.ask(2, "+14155550102")
    all_asked.set()
    until(lambda: client.llen("rq:queue:batch") == 1)
    client.delete("rq:queue:batch")
    client.hset("rq:job:one_1-1", "status", "started")
    batches.answer("one", {1: {"error": "no_answer"}})
    batches.answer("one", {1: {"error": "another one"}})
    batches.put_down("one", 1)
    assert first.result(10) == {"error": "no_answer"}
    until(lambda: client.lrange("rq:queue:batch", 0, -1) == [b"one_1-2"])
    assert not second.done()
