"""What the tests of the embedded server share: its owner in another process, a look at it, a program of one's own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from gateway.adapters.embedded import EmbeddedRedis

ROOT = Path(__file__).parents[2]
OWNER = """
import sys, time
from pathlib import Path
from gateway.adapters import redis_server
from gateway.adapters.embedded import EmbeddedRedis
if "untied" in sys.argv:
    redis_server.tied_program = list
server = EmbeddedRedis.start(Path(sys.argv[1]))
print(server.pid, flush=True)
if "leave" not in sys.argv:
    time.sleep(60)
"""
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the pid is the watcher's")


def eventually(true: Callable[[], object], within_seconds: float = 8.0) -> None:
    deadline = time.monotonic() + within_seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    """A zombie that nobody has buried yet is not alive."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(found.strip()) and not found.strip().startswith("Z")


def connect(url: str) -> Redis:
    return Redis.from_url(url, decode_responses=True, retry=Retry(NoBackoff(), 0), socket_timeout=5)


def answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False


def put(server: EmbeddedRedis, value: str) -> None:
    with connect(server.url) as client:
        client.set("kept", value)


def kept(server: EmbeddedRedis) -> object:
    with connect(server.url) as client:
        return client.get("kept")


def a_program(path: Path, then: str, *, version: str) -> None:
    path.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "Redis server {version} sha=0" && exit\n{then}\n')
    path.chmod(0o755)
