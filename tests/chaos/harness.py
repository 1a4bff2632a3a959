"""The gateway as it runs in production, as processes of their own that may be killed, and a sandbox that never is.

A Redis with an append-only file written at each command, two workers, gunicorn with two workers, all started again when
they end, as `gateway up` does it. Everything listens on loopback and ends with the process that started it.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from gateway.adapters.redis_binary import find_server
from gateway.runner import Runner
from tests.stack import KEY, environment

START_SECONDS = 90.0
FIRST_PORT, LAST_PORT = 20_000, 32_000
"""Below those that the kernel gives to callers, who could have one before its server listens. Source: ip(7)."""
WORKERS = ("worker-1", "worker-2")
REAL_TIMES = ""
"""What ships: searches after 30 and 120 s, a lease of 45 s."""
SHORT_TIMES = """
unknown_search_after_seconds = [2, 4]
lease_seconds = 6
retry_first_seconds = 1
"""
CONFIG = """
[twilio]
timeout_ms = 2000

[dispatch]
poll_after_seconds = 5
{times}
[limits]
requests_per_second = 0
recipient_per_hour = 0
recipient_same_body_per_hour = 0
prefix_per_hour = 0

[senders.default]
calls_per_second = 0
{more}
"""


def free_ports(count: int) -> list[int]:
    """Distinct ones, on which nobody listens now."""
    found = list[int]()
    with contextlib.ExitStack() as held:
        for port in random.SystemRandom().sample(range(FIRST_PORT, LAST_PORT), LAST_PORT - FIRST_PORT):
            if len(found) == count:
                break
            with contextlib.suppress(OSError):
                held.enter_context(socket.socket()).bind(("127.0.0.1", port))
                found.append(port)
    return found


def redis_command(port: int, home: Path, *more: str) -> list[str]:
    binary = find_server()
    assert binary is not None, "no Redis server program on this machine"
    home.mkdir(parents=True, exist_ok=True)
    return [
        str(binary.path), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(home), "--save", "",
        "--appendonly", "yes", "--appendfsync", "always", "--maxmemory", "512mb", "--maxmemory-policy", "noeviction",
        "--hash-max-listpack-value", "512", "--loglevel", "notice", *more,
    ]  # fmt: skip


@dataclass
class Processes:
    """All processes by name. `lines` keeps the last of what they wrote."""

    commands: Mapping[str, Sequence[str]]
    env: Mapping[str, str]
    url: str
    sandbox_url: str
    log: Path
    _runner: Runner = field(init=False)
    _log_lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        whole = {**os.environ, **self.env, "PYTHONUNBUFFERED": "1"}
        self._runner = Runner(self.commands, env=whole, on_line=self._keep, grace_seconds=8)

    def _keep(self, name: str, line: str) -> None:
        with self._log_lock, self.log.open("a", encoding="utf-8") as log:
            log.write(f"{time.time():.3f} {name} | {line}\n")

    def __enter__(self) -> Processes:
        self._runner.start()
        try:
            until(self.ready, START_SECONDS, lambda: f"the gateway did not start; see {self.log}")
        except BaseException:
            self._runner.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.stop()

    def ready(self) -> bool:
        with contextlib.suppress(requests.RequestException):
            up = requests.get(f"{self.sandbox_url}/_sandbox/health", timeout=1).ok
            return up and requests.get(f"{self.url}/readyz", timeout=2).status_code == 200
        return False

    def members(self, name: str) -> list[int]:
        """The pids of one command's process group, its first process first."""
        group = self._runner.pids.get(name)
        return [] if group is None else sorted(members_of(group))

    def kill(self, name: str, *, only_child: random.Random | None = None) -> bool:
        """SIGKILL. `only_child`: one of the processes that the first has started, and not the first."""
        found = self.members(name)
        if only_child is not None:
            found = [only_child.choice(found[1:])] if len(found) > 1 else []
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return bool(found)


def members_of(group: int) -> list[int]:
    """Source: proc_pid_stat(5). The name in parentheses may hold anything."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, _parent, member_of = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            if int(member_of) == group and state not in "ZX":
                found.append(int(entry.name))
    return found


def until(true: Callable[[], bool], seconds: float, why_not: Callable[[], str]) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, why_not()
        time.sleep(0.05)


def settled_env(home: Path, redis_url: str, ports: tuple[int, int], times: str, more: str = "") -> dict[str, str]:
    web, twilio = ports
    config = home / "gateway.toml"
    config.write_text(CONFIG.format(times=times, more=more))
    urls = (redis_url, f"http://127.0.0.1:{twilio}", f"http://127.0.0.1:{web}")
    return environment(*urls) | {"GATEWAY_CONFIG": str(config), "PORT": str(web)}


def gateway_commands(web_port: int, twilio_port: int, seed: int, step_ms: int = 40) -> dict[str, list[str]]:
    python = sys.executable
    worker = [python, "-m", "gateway", "worker", "--concurrency", "16"]
    return {
        "sandbox": [
            python, "-m", "gateway.sandbox", "--port", str(twilio_port), "--seed", str(seed), "--step-ms", str(step_ms),
            "--hold-ms", "4000", "--latency-ms", "20", "--latency-jitter-ms", "15",
        ],
        **dict.fromkeys(WORKERS, worker),
        "web": [
            python, "-m", "gunicorn", "-c", "python:gateway.webserver", "--workers", "2", "--threads", "16",
            "--bind", f"127.0.0.1:{web_port}", "gateway.app:create_app()",
        ],
    }  # fmt: skip


@contextlib.contextmanager
def processes(home: Path, seed: int, *, times: str = SHORT_TIMES) -> Iterator[Processes]:
    """One Redis, two workers, two web processes and the sandbox, up and ready."""
    redis_port, web_port, twilio_port = free_ports(3)
    env = settled_env(home, f"redis://127.0.0.1:{redis_port}/0", (web_port, twilio_port), times)
    commands = {"redis": redis_command(redis_port, home / "redis")} | gateway_commands(web_port, twilio_port, seed)
    urls = (f"http://127.0.0.1:{web_port}", f"http://127.0.0.1:{twilio_port}")
    with Processes(commands, env, *urls, home / "processes.log") as found:
        yield found


def ask(url: str, path: str, **query: Any) -> Any:
    answer = requests.get(url + path, params=query, headers={"Authorization": f"Bearer {KEY}"}, timeout=10)
    answer.raise_for_status()
    return answer.json()
