"""Commands that stay keep the embedded Redis running when the command that was first has ended."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from gateway.adapters.redis_home import RedisHome
from gateway.cli import running
from gateway.runner.tied import tied_program
from gateway.settings import Settings
from tests.adapters.embedding import OWNER, ROOT, answers, connect, eventually
from tests.stack import environment

PATIENCE_SECONDS = 40.0


@pytest.fixture
def environ() -> Iterator[dict[str, str]]:
    """A gateway on an embedded store of its own."""
    with tempfile.TemporaryDirectory(prefix="gw-", ignore_cleanup_errors=True) as directory:
        given = environment("", "http://127.0.0.1:9", "http://127.0.0.1:9")
        yield {name: value for name, value in given.items() if value} | {"GATEWAY_DATA_DIR": directory}


@pytest.fixture
def first(environ: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The command that happened to be first, and so owns the store."""
    argv = [sys.executable, "-c", OWNER, environ["GATEWAY_DATA_DIR"]]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None and process.stdout.readline().strip() != "None"
        yield process
        process.kill()


def served_by(client: Redis) -> int | None:
    """The server's pid; None while there is none."""
    try:
        return int(client.info("server")["process_id"])
    except RedisError:
        return None


def test_what_runs_children_takes_the_store_over_and_tells_them_so(
    environ: dict[str, str], first: subprocess.Popen[str]
) -> None:
    assert running.with_store(Settings.load(environ=environ))[running.KEPT]
    with running._keep.pop() as store, connect(store.url) as client:
        assert store.pid is None
        first.kill()
        eventually(lambda: store.pid is not None and answers(client), PATIENCE_SECONDS)


def test_a_worker_that_runs_alone_takes_the_store_over(environ: dict[str, str], first: subprocess.Popen[str]) -> None:
    socket = RedisHome(Path(environ["GATEWAY_DATA_DIR"]) / "redis").socket
    argv = tied_program([sys.executable, "-m", "gateway", "worker", "--concurrency", "2"])
    inherited = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
    with subprocess.Popen(argv, cwd=ROOT, env=inherited | environ, process_group=0) as worker:
        try:
            with connect(f"unix://{socket}") as client:
                eventually(lambda: client.scard("rq:workers"), PATIENCE_SECONDS)
                before = served_by(client)
                first.kill()
                eventually(lambda: served_by(client) not in (None, before), PATIENCE_SECONDS)
        finally:
            worker.kill()
