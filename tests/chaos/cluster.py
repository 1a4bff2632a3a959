"""A Redis primary with two replicas and three sentinels, of which one Redis may be killed and brought back."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import redis

from gateway.adapters.redis_binary import find_server
from gateway.runner import Runner
from tests.chaos.harness import (
    SHORT_TIMES,
    Processes,
    free_ports,
    gateway_commands,
    members_of,
    redis_command,
    settled_env,
    until,
)

SERVICE = "gateway"
SENTINELS, REPLICAS = 3, 2
DOWN_AFTER_MS = 3000
"""Longer than a machine with other work makes a server stand still: only what was killed is down."""
# Both, because Sentinel may promote either: a failover that was given up halfway may end with the one that lags.
STORE = """
[store]
replicas_wait = 2
replicas_wait_ms = 300
socket_timeout_ms = 1000
"""
# A primary that no replica confirms takes no writes: one that was cut off cannot accept what nobody else will know.
SAFE = ("--min-replicas-to-write", "1", "--min-replicas-max-lag", "10", "--repl-diskless-sync-delay", "0")


@dataclass
class Node:
    """One server that comes back only when it is asked to."""

    name: str
    command: list[str]
    log: Path
    _runner: Runner | None = None

    def start(self) -> None:
        self._runner = Runner({self.name: self.command}, on_line=self._keep, grace_seconds=5).start()

    def _keep(self, _name: str, line: str) -> None:
        with self.log.open("a", encoding="utf-8") as log:
            log.write(line + "\n")

    @property
    def group(self) -> int:
        assert self._runner is not None, f"{self.name} is not started"
        return self._runner.pids[self.name]

    def kill(self) -> None:
        if self._runner is not None:
            for pid in members_of(self.group):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.stop()

    def stop(self) -> None:
        if self._runner is not None:
            self._runner.stop()
            self._runner = None


@dataclass
class Cluster:
    home: Path
    nodes: dict[int, Node] = field(default_factory=dict)
    sentinels: dict[int, Node] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"redis+sentinel://{','.join(f'127.0.0.1:{port}' for port in self.sentinels)}/0/{SERVICE}"

    def __enter__(self) -> Cluster:
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for node in [*self.sentinels.values(), *self.nodes.values()]:
            node.stop()

    def _start(self) -> None:
        ports = free_ports(1 + REPLICAS + SENTINELS)
        primary = ports[0]
        for n, port in enumerate(ports[: 1 + REPLICAS]):
            follows = () if n == 0 else ("--replicaof", f"127.0.0.1 {primary}")
            command = redis_command(port, self.home / f"redis-{n}", *SAFE, *follows)
            self.nodes[port] = Node(f"redis-{n}", command, self.home / f"redis-{n}.log")
            self.nodes[port].start()
        until(lambda: self.confirming(primary) == REPLICAS, 30, lambda: f"the replicas do not follow; see {self.home}")
        for n, port in enumerate(ports[1 + REPLICAS :]):
            self._start_sentinel(n, port, primary)
        until(lambda: self.primary() == primary, 30, lambda: f"the sentinels do not agree; see {self.home}")

    def _start_sentinel(self, n: int, port: int, primary: int) -> None:
        binary = find_server()
        assert binary is not None, "no Redis server program on this machine"
        home = self.home / f"sentinel-{n}"
        home.mkdir()
        (home / "sentinel.conf").write_text(
            f"port {port}\nbind 127.0.0.1\ndir {home}\n"
            f"sentinel monitor {SERVICE} 127.0.0.1 {primary} 2\n"
            f"sentinel down-after-milliseconds {SERVICE} {DOWN_AFTER_MS}\n"
            f"sentinel failover-timeout {SERVICE} 6000\nsentinel parallel-syncs {SERVICE} 2\n"
        )
        command = [str(binary.path), str(home / "sentinel.conf"), "--sentinel"]
        self.sentinels[port] = Node(f"sentinel-{n}", command, self.home / f"sentinel-{n}.log")
        self.sentinels[port].start()

    def primary(self) -> int | None:
        """The port that all living sentinels name, once each knows the other sentinels and the replicas."""
        named = set()
        for port in self.sentinels:
            with contextlib.suppress(redis.RedisError), redis.Redis(port=port, socket_timeout=1) as sentinel:
                state = sentinel.sentinel_master(SERVICE)
                if int(state["num-other-sentinels"]) == SENTINELS - 1 and int(state["num-slaves"]) >= REPLICAS:
                    named.add(int(state["port"]))
        return named.pop() if len(named) == 1 else None

    def confirming(self, port: int) -> int:
        """How many replicas follow the server at this port."""
        with contextlib.suppress(redis.RedisError), redis.Redis(port=port, socket_timeout=1) as server:
            replication = server.info("replication")
            if replication["role"] == "master":
                online = [v for k, v in replication.items() if k.startswith("slave") and isinstance(v, dict)]
                return sum(one["state"] == "online" for one in online)
        return 0

    def fail_over(self) -> int:
        """Kill the primary and wait for its successor; gives the port of the killed one."""
        killed = self.primary()
        assert killed is not None, "there is no primary to kill"
        self.nodes[killed].kill()
        until(lambda: self.primary() not in (killed, None), 60, lambda: f"no new primary; see {self.home}")
        return killed


@contextlib.contextmanager
def replicated(home: Path, seed: int, *, times: str = SHORT_TIMES) -> Iterator[tuple[Processes, Cluster]]:
    """The gateway over a replicated store, up and ready."""
    with Cluster(home) as cluster:
        web_port, twilio_port = free_ports(2)
        env = settled_env(home, cluster.url, (web_port, twilio_port), times, STORE)
        urls = (f"http://127.0.0.1:{web_port}", f"http://127.0.0.1:{twilio_port}")
        with Processes(gateway_commands(web_port, twilio_port, seed), env, *urls, home / "processes.log") as found:
            yield found, cluster
