"""A real server for what depends on Redis' behaviour: one per session, emptied before each test."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from redis.exceptions import RedisError

from gateway.adapters.redis_binary import find_server
from gateway.adapters.store.codec import Sealer
from gateway.adapters.store.connection import Client, connect
from gateway.adapters.store.names import Hasher
from tests import stored

START_SECONDS = 10.0


class Watch:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def move(self, by: timedelta) -> None:
        self.moment += by


@pytest.fixture(scope="session")
def socket() -> Iterator[Path]:
    """In a short directory, because a socket's path may have 108 bytes only."""
    binary = find_server()
    assert binary is not None, "no Redis server program on this machine"
    home = Path(tempfile.mkdtemp(prefix="gw-"))
    path = home / "s"
    settings = ["--port", "0", "--unixsocket", str(path), "--save", "", "--appendonly", "no", "--dir", str(home)]
    server = subprocess.Popen([binary.path, *settings], stdout=subprocess.DEVNULL)
    try:
        _await_answer(path)
        yield path
    finally:
        server.terminate()
        server.wait(START_SECONDS)
        shutil.rmtree(home)


def _await_answer(path: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        with contextlib.closing(connect(f"unix://{path}")) as client, contextlib.suppress(RedisError):
            client.ping()
            return
        assert time.monotonic() < deadline, "the server did not answer"
        time.sleep(0.01)


@pytest.fixture
def client(socket: Path) -> Iterator[Client]:
    with contextlib.closing(connect(f"unix://{socket}")) as client:
        client.flushall()
        yield client


@pytest.fixture
def away(tmp_path: Path) -> Iterator[Client]:
    """A client of a server that is not there."""
    with contextlib.closing(connect(f"unix://{tmp_path}/none")) as client:
        yield client


@pytest.fixture
def clock() -> Watch:
    return Watch()


@pytest.fixture
def hasher() -> Hasher:
    return Hasher(b"h" * 32)


@pytest.fixture
def sealer() -> Sealer:
    return Sealer(b"d" * 32)


@pytest.fixture
def at_once() -> Callable[[int, Callable[[int], Any]], list[Any]]:
    """Call from so many threads at the same moment; answers what each call gave."""

    def run(threads: int, call: Callable[[int], Any]) -> list[Any]:
        barrier = Barrier(threads)

        def begin(number: int) -> Any:
            barrier.wait(10)
            return call(number)

        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(begin, range(threads)))

    return run


@pytest.fixture
def everything(client: Client) -> Callable[[], bytes]:
    """All names and values that the server holds, as one text to search in."""

    def read() -> bytes:
        found = list(stored.everything(client))
        assert found, "nothing was stored"
        return repr(found).encode()

    return read
