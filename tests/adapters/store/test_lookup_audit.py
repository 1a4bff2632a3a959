from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from gateway.adapters.store import lookup_audit
from gateway.adapters.store.lookup_audit import LookupAudit

NUMBER, OTHER = "+14155550100", "+14155550101"


@pytest.fixture
def audit(client: Any, hasher: Any, clock: Any, monkeypatch: pytest.MonkeyPatch) -> LookupAudit:
    monkeypatch.setattr(lookup_audit, "PAGE", 3)
    return LookupAudit(client, hasher, clock)


def test_who_asked_about_a_number_is_found_behind_many_others(audit: LookupAudit, clock: Any) -> None:
    audit.note(NUMBER, ("caller_name",), app="shop", who="key-1", why="chargeback 4711")
    first = clock.now()
    for n in range(7):
        clock.move(timedelta(minutes=1))
        audit.note(OTHER, (), app="bank", who="key-2", why=str(n))
    (asked,) = audit.of(NUMBER)
    assert (asked.at, asked.app, asked.who, asked.fields, asked.why) == (
        first, "shop", "key-1", ("caller_name",), "chargeback 4711",
    )  # fmt: skip
    assert [one.why for one in audit.of(OTHER)] == ["6", "5", "4", "3", "2", "1", "0"]
    assert [one.why for one in audit.of(OTHER, limit=2)] == ["6", "5"]
    assert [one.why for one in audit.newest(8)] == ["6", "5", "4", "3", "2", "1", "0", "chargeback 4711"]


def test_a_page_that_is_just_full_is_not_the_last_one_read_twice(audit: LookupAudit) -> None:
    for n in range(3):
        audit.note(NUMBER, (), app="shop", who="key-1", why=str(n))
    assert [one.why for one in audit.of(NUMBER)] == ["2", "1", "0"]


def test_no_number_is_readable_in_the_store(audit: LookupAudit, everything: Callable[[], bytes]) -> None:
    audit.note(NUMBER, ("caller_name",), app="shop", who="key-1", why="x")
    assert b"4155550100" not in everything()
