"""Writes that a replica must have: none counts while the replica does not answer, over whatever connection it went."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from flask.testing import FlaskClient
from twilio.request_validator import RequestValidator

from gateway import pipeline
from gateway.adapters.store import names
from gateway.adapters.store.connection import Client, connect
from gateway.adapters.store.quorum import Quorum
from gateway.app import create_app
from gateway.errors import AcceptUnknown, StoreUnavailable
from gateway.model import AttemptStatus, IntentStatus, SuppressionEntry
from gateway.sandbox import SANDBOX_ACCOUNT_SID, SANDBOX_AUTH_TOKEN
from tests.act.world import World, world_on
from tests.chaos.cluster import Node
from tests.chaos.harness import free_ports, members_of, redis_command, until
from tests.stack import KEY

THREADS, WRITES = 8, 5
PUBLIC_URL = "http://127.0.0.1:9"


@dataclass
class Pair:
    client: Client
    url: str
    replica_group: int

    def freeze(self) -> None:
        """The replica is there and says nothing: a write reaches the primary alone."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It has all that was written meanwhile."""
        self._signal(signal.SIGCONT)
        until(self._confirms, 30, lambda: "the replica does not follow again")

    def _confirms(self) -> bool:
        with self.client.pipeline(transaction=False) as pipe:
            return bool(pipe.set("thawed", 1).wait(1, 1000).execute()[-1] == 1)

    def _signal(self, number: signal.Signals) -> None:
        for pid in members_of(self.replica_group):
            os.kill(pid, number)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    home: Path = tmp_path_factory.mktemp("pair")
    port, other = free_ports(2)
    primary = Node("primary", redis_command(port, home / "primary"), home / "primary.log")
    follows = ("--replicaof", f"127.0.0.1 {port}", "--repl-diskless-sync-delay", "0")
    replica = Node("replica", redis_command(other, home / "replica", *follows), home / "replica.log")
    primary.start()
    replica.start()
    url = f"redis://127.0.0.1:{port}/0"
    client = connect(url)
    try:
        until(lambda: followed(client), 30, lambda: f"no replica; see {home}")
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
    return world_on(pair.client, pair.url, tmp_path, config="[store]\nreplicas_wait = 1\nreplicas_wait_ms = 1000\n")


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


# ---- opt-outs

NUMBER, OWN = "+14155550100", "+15005550006"
INBOUND = "/webhooks/messages/inbound"


@dataclass
class Web:
    """The application over the pair, asked without a server."""

    client: FlaskClient

    def stop(self, sid: str) -> int:
        """The status that Twilio gets for a person's STOP."""
        form = {
            "MessageSid": sid,
            "AccountSid": SANDBOX_ACCOUNT_SID,
            "From": NUMBER,
            "To": OWN,
            "Body": "STOP",
        }
        signature = RequestValidator(SANDBOX_AUTH_TOKEN).compute_signature(PUBLIC_URL + INBOUND, form)
        return self.client.post(INBOUND, data=form, headers={"X-Twilio-Signature": signature}).status_code

    def api(self, method: str, path: str) -> int:
        headers = {"Authorization": f"Bearer {KEY}"}
        return self.client.open(path, method=method, json={"to": NUMBER}, headers=headers).status_code


@pytest.fixture
def web(world: World) -> Web:
    return Web(create_app(world.gateway).test_client())


def entry(world: World) -> SuppressionEntry:
    return SuppressionEntry("all", "import", world.clock.now(), "desk", "a list")


def wishers() -> set[threading.Thread]:
    """Those who wait to write a wish down; an earlier test whose store never comes back may have left one."""
    return {one for one in threading.enumerate() if one.name == "inbound-wish"}


def test_a_stop_that_no_replica_has_is_asked_for_again_and_holds_at_once(pair: Pair, world: World, web: Web) -> None:
    before = wishers()
    intent_id = world.accept("sms")
    pair.freeze()
    assert [web.stop("SM" + "1" * 32) for _ in range(2)] == [503, 503]
    assert [one.source for one in world.gateway.suppressions.entries(NUMBER)] == ["keyword"]
    pair.thaw()
    assert web.stop("SM" + "1" * 32) == 200
    until(lambda: not wishers() - before, 15, lambda: "a wish is left")
    pair.client.delete(names.INBOUND_HOLD)  # as if what was refused had been fetched
    assert world.until_final(intent_id).status is IntentStatus.SUPPRESSED
    assert world.provider.calls == 0


@pytest.mark.parametrize(("method", "path"), [("PUT", "/suppressions"), ("POST", "/suppressions/remove")])
def test_a_change_of_the_list_that_no_replica_has_is_not_confirmed(
    pair: Pair, world: World, web: Web, method: str, path: str
) -> None:
    world.gateway.suppressions.add(NUMBER, replace(entry(world), source="api"))
    pair.freeze()
    assert web.api(method, path) == 503
    pair.thaw()
    assert web.api(method, path) == 200


def test_an_import_that_no_replica_has_fails_and_may_be_repeated(pair: Pair, world: World) -> None:
    rows = [(f"+1415555{n:04}", entry(world)) for n in range(100, 110)]
    pair.freeze()
    with pytest.raises(StoreUnavailable):
        world.gateway.suppressions.import_many(rows)
    pair.thaw()
    world.gateway.suppressions.import_many(rows)
    assert world.gateway.suppressions.count() == len(rows)
