"""An opt-out that no key opens is left out and told of; the rest of the list comes all the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.adapters.store import names
from gateway.adapters.store.codec import Sealer
from gateway.adapters.store.sealed_text import seal_text
from gateway.adapters.store.suppressions import Suppressions
from gateway.errors import StoreUnavailable
from gateway.model import SuppressionEntry

NUMBERS = [f"+1415555{n:04d}" for n in range(60)]
BROKEN = NUMBERS[::20]


@pytest.fixture
def listed(client: Any, sealer: Any, hasher: Any, clock: Any) -> Suppressions:
    """With entries that an older key has sealed, or that are no sealed text at all."""
    store = Suppressions(client, sealer, hasher, clock)
    entry = SuppressionEntry("all", "keyword", clock.now(), "recipient", "STOP")
    store.import_many((number, entry) for number in NUMBERS)
    for number, sealed in zip(BROKEN, (seal_text(Sealer(b"o" * 32), "x", "y"), "A", "AAAA"), strict=True):
        key, field, _ = names.suppression_bucket(hasher(number))
        client.hset(key, field, json.dumps(json.loads(client.hget(key, field)) | {"e": sealed}))
    return store


def test_an_export_goes_on_behind_what_cannot_be_read_and_tells_how_many(listed: Suppressions) -> None:
    with capture_logs() as logs:
        exported = [address for address, _ in listed.export()]
    assert sorted(exported) == sorted(set(NUMBERS) - set(BROKEN))
    assert [(line["event"], line["entries"]) for line in logs] == [("opt_outs_unreadable", len(BROKEN))]


def test_pages_go_on_behind_it_too(listed: Suppressions) -> None:
    seen, cursor = 0, None
    while True:
        page, cursor = listed.page_in_full(cursor, 7)
        seen += len(page)
        if cursor is None:
            break
    assert seen == len(NUMBERS) - len(BROKEN)


def test_it_stops_texts_as_before(listed: Suppressions) -> None:
    assert all(listed.entries(number) for number in BROKEN)


def test_a_list_of_which_nothing_can_be_read_is_an_error(listed: Suppressions, client: Any, clock: Any) -> None:
    other = Suppressions(client, Sealer(b"x" * 32), names.Hasher(b"h" * 32), clock)
    with pytest.raises(StoreUnavailable):
        list(other.export())
