"""Writes that a replica must have: none counts while the replica does not answer, over whatever connection it went."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import redis

from gateway import pipeline
from gateway.adapters.store.connection import Client, connect
from gateway.adapters.store.quorum import Quorum
from gateway.errors import AcceptUnknown, StoreUnavailable
from gateway.model import AttemptStatus
from tests.act.world import World, world_on
from tests.chaos.cluster import Node
from tests.chaos.harness import free_port, members_of, redis_command, until

THREADS, WRITES = 8, 5


@dataclass
class Pair:
    client: Client
    url: str
    replica_group: int

    def freeze(self) -> None:
        """The replica is there and says nothing: a write reaches the primary alone."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        for pid in members_of(self.replica_group):
            os.kill(pid, number)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    home: Path = tmp_path_factory.mktemp("pair")
    port, other = free_port(), free_port()
    primary = Node("primary", redis_command(port, home / "primary"), home / "primary.log")
    follows = ("--replicaof", f"127.0.0.1 {port}", "--repl-diskless-sync-delay", "0")
    replica = Node("replica", redis_command(other, home / "replica", *follows), home / "replica.log")
    primary.start()
    replica.start()
    url = f"redis://127.0.0.1:{port}/0"
    client = connect(url)
    try:
        until(lambda: followed(client), 15, lambda: f"no replica; see {home}")
        yield Pair(client, url, replica.group)
    finally:
        client.close()
        replica.stop()
        primary.stop()


def followed(client: Client) -> bool:
    try:
        return bool(client.info("replication").get("slave0", {}).get("state") == "online")
    except redis.RedisError:
        return False


@pytest.fixture
def pair(servers: Pair) -> Iterator[Pair]:
    yield servers
    servers.thaw()


def test_a_write_that_the_replica_has_counts(pair: Pair) -> None:
    assert Quorum(pair.client, 1, timedelta(seconds=2)).write(lambda one: one.set("a", 1)) is True


def test_none_of_many_writes_at_once_counts_while_the_replica_is_silent(pair: Pair) -> None:
    """WAIT over a connection that has written nothing would confirm each of them."""
    quorum = Quorum(pair.client, 1, timedelta(milliseconds=60))
    pair.freeze()

    def confirmed(n: int) -> bool:
        try:
            quorum.write(lambda one: one.set(f"k{n}", n))
        except StoreUnavailable:
            return False
        return True

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(confirmed, range(THREADS * WRITES)))
    assert not any(answers)


def test_write_and_wait_go_over_one_connection(pair: Pair) -> None:
    """Over another, the WAIT could be answered by the successor of the primary that has the write."""
    over = Quorum(pair.client, 1, timedelta(seconds=2)).write(lambda one: int(one.client_id()))
    with connect(pair.url) as onlooker:
        last = {int(one["id"]): one["cmd"] for one in onlooker.client_list()}
    assert last[over] == "wait"


def test_without_replicas_to_wait_for_nobody_waits(pair: Pair) -> None:
    pair.freeze()
    assert Quorum(pair.client, 0).write(lambda one: one.set("a", 1)) is True


@pytest.fixture
def world(pair: Pair, tmp_path: Path) -> World:
    pair.client.flushall()
    return world_on(pair.client, pair.url, tmp_path, config="[store]\nreplicas_wait = 1\nreplicas_wait_ms = 80\n")


def test_an_accept_that_no_replica_has_is_not_answered_with_202(pair: Pair, world: World) -> None:
    pair.freeze()
    with pytest.raises(AcceptUnknown):
        world.accept("sms")


def test_an_answer_that_is_given_again_waits_for_the_replica_too(pair: Pair, world: World) -> None:
    intent_id = world.accept("sms")
    world.gateway.intents.confirm(intent_id)
    pair.freeze()
    with pytest.raises(StoreUnavailable):
        world.gateway.intents.confirm(intent_id)


def test_an_attempt_that_no_replica_knows_of_is_not_sent(pair: Pair, world: World) -> None:
    intent_id = world.accept("sms")
    pair.freeze()
    with pytest.raises(StoreUnavailable):
        pipeline.run(world.house, intent_id)
    assert (world.provider.calls, world.load(intent_id).attempts[0].status) == (0, AttemptStatus.STARTED)
    pair.thaw()
    while world.provider.calls == 0:
        world.step(intent_id)
    assert world.provider.channels == ["message"]
