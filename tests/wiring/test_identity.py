"""A store belongs to one hash key and one data key: a process with others neither starts nor goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway import wiring
from gateway.adapters.embedded import EmbeddedRedis
from gateway.adapters.store import names
from gateway.adapters.store.connection import Client
from gateway.errors import Misconfigured, StoreUnavailable
from gateway.settings import Settings
from gateway.wiring import Gateway
from tests.stack import environment

NOWHERE = "http://127.0.0.1:9"


def build(redis_url: str, **other: str) -> Gateway:
    return wiring.build(Settings.load(None, environment(redis_url, NOWHERE, NOWHERE) | other))


@pytest.mark.parametrize("variable", ["GATEWAY_HASH_KEY", "GATEWAY_DATA_KEY"])
def test_a_process_with_another_key_does_not_start(client: Client, redis_url: str, variable: str) -> None:
    build(redis_url)
    with pytest.raises(Misconfigured, match=f"{variable}.*gateway rekey"):
        build(redis_url, **{variable: "another key of some length"})


def test_it_does_not_start_over_a_connection_that_was_given_to_it_either(client: Client, redis_url: str) -> None:
    build(redis_url)
    other = environment(redis_url, NOWHERE, NOWHERE) | {"GATEWAY_HASH_KEY": "another key of some length"}
    with pytest.raises(Misconfigured, match="GATEWAY_HASH_KEY"):
        wiring.build(Settings.load(None, other), client=client)


def test_a_process_with_the_same_keys_starts(client: Client, redis_url: str) -> None:
    build(redis_url)
    build(redis_url, GATEWAY_SECRET_KEY="another key of some length").admission.check()


def test_the_store_does_not_hold_the_keys(client: Client, redis_url: str) -> None:
    gateway = build(redis_url)
    held = repr(client.hgetall(names.IDENTITY))
    for key in (gateway.secrets.hash, gateway.secrets.data):
        assert key.hex() not in held
    assert "tests only" not in held


def test_nothing_starts_while_keys_are_being_changed(client: Client, redis_url: str) -> None:
    build(redis_url)
    client.hset(names.IDENTITY, "rekey", "a b")
    with pytest.raises(Misconfigured, match="run `gateway rekey` to its end"):
        build(redis_url)


def test_a_running_process_stays_out_once_the_keys_have_changed(client: Client, redis_url: str) -> None:
    gateway = build(redis_url)
    gateway.admission.check()
    client.hset(names.IDENTITY, "hash", "0" * 32)
    client.client_kill_filter(_type="normal", skipme=True)
    with pytest.raises(StoreUnavailable, match="GATEWAY_HASH_KEY"):
        gateway.suppressions.entries("+14155550100")


def test_a_start_without_redis_goes_on_and_is_refused_when_redis_is_anothers(tmp_path: Path) -> None:
    """Not before Redis answers can be told whose it is; then nothing is accepted into it."""
    home = tmp_path / "r"
    with EmbeddedRedis.start(home) as server:
        url = server.url
        build(url)
    ours, others = build(url), build(url, GATEWAY_HASH_KEY="another key of some length")
    with pytest.raises(StoreUnavailable):
        ours.admission.check()
    with EmbeddedRedis.start(home) as server:
        assert server.url == url
        with pytest.raises(StoreUnavailable, match="gateway rekey"):
            others.admission.health()
        ours.admission.health()
        assert ours.admission._why_not() is None


def test_an_empty_store_becomes_that_of_the_first_who_accepts(tmp_path: Path) -> None:
    home = tmp_path / "r"
    with EmbeddedRedis.start(home) as server:
        url = server.url
    early = build(url)
    with EmbeddedRedis.start(home):
        early.admission.check()
        with pytest.raises(Misconfigured, match="GATEWAY_DATA_KEY"):
            build(url, GATEWAY_DATA_KEY="another key of some length")
