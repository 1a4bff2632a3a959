"""Counts are gathered, written once, and survive a store that is away for a moment."""

from __future__ import annotations

import pytest

from gateway.adapters.store import names
from gateway.adapters.store.connection import Client, connect
from gateway.errors import StoreUnavailable
from gateway.wiring import tally
from gateway.wiring.tally import Tally
from tests.stack import until


def test_counts_are_not_written_one_by_one(client: Client) -> None:
    counter = Tally(client, every_seconds=60)
    counter.add("http|GET|/healthz|200")
    counter.add("http|GET|/healthz|200", 2)
    assert not client.exists(names.TALLY)


def test_counts_are_written_by_themselves(client: Client) -> None:
    counter = Tally(client, every_seconds=0.05)
    counter.add("http|GET|/healthz|200")
    counter.add("http|GET|/healthz|200", 2)
    until(lambda: client.hget(names.TALLY, "http|GET|/healthz|200"), lambda found: found == b"3")


def test_what_is_counted_later_is_written_too(client: Client) -> None:
    counter = Tally(client, every_seconds=0.05)
    for expected in (b"1", b"2"):
        counter.add("x")
        until(lambda: client.hget(names.TALLY, "x"), lambda found, wanted=expected: found == wanted)


def test_what_could_not_be_written_is_kept(client: Client) -> None:
    counter = Tally(connect("redis://127.0.0.1:9"), every_seconds=60)
    counter.add("x", 2)
    with pytest.raises(StoreUnavailable):
        counter.flush()
    counter._client = client
    counter.flush()
    assert client.hget(names.TALLY, "x") == b"2"


def test_the_number_of_names_is_bounded(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "MOST_NAMES", 2)
    counter = Tally(client, every_seconds=60)
    for name in ("a", "b", "c", "d"):
        counter.add(name)
    counter.flush()
    assert client.hgetall(names.TALLY) == {b"a": b"1", b"b": b"1", b"overflow": b"2"}
