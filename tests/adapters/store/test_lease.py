"""One holds it, and another takes it over when the first is gone."""

from __future__ import annotations

import time
from datetime import timedelta

from gateway.adapters.store.connection import Client
from gateway.adapters.store.lease import Lease

TTL = timedelta(seconds=30)


def test_one_holds_it_and_keeps_it(client: Client) -> None:
    first, second = Lease(client, "clock", TTL), Lease(client, "clock", TTL)
    assert [first.held(), second.held(), first.held(), second.held()] == [True, False, True, False]


def test_another_takes_it_over_after_its_end(client: Client) -> None:
    first, second = Lease(client, "clock", timedelta(seconds=0.3)), Lease(client, "clock", TTL)
    began = time.monotonic()
    assert first.held()
    while not second.held():
        assert time.monotonic() - began < 10
        time.sleep(0.01)
    assert time.monotonic() - began >= 0.29
    assert not first.held()


def test_given_up_it_is_free_at_once_but_not_by_a_stranger(client: Client) -> None:
    first, second = Lease(client, "clock", TTL), Lease(client, "clock", TTL)
    assert first.held()
    second.give_up()
    assert not second.held()
    first.give_up()
    assert second.held()
