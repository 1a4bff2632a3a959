from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.adapters.store import names, scripts
from gateway.adapters.store.codec import Sealer
from gateway.adapters.store.suppressions import IMPORT_BATCH, Suppressions
from gateway.errors import InvalidRequest, StoreUnavailable
from gateway.model import SuppressionEntry

NUMBER, OTHER, ADDRESS = "+14155550100", "+447700900123", "ann@example.com"


@pytest.fixture
def listed(client: Any, sealer: Any, hasher: Any, clock: Any) -> Suppressions:
    return Suppressions(client, sealer, hasher, clock)


@pytest.fixture
def stop(clock: Any) -> SuppressionEntry:
    return SuppressionEntry("all", "keyword", clock.now(), "recipient", "STOP")


def numbers(count: int) -> list[str]:
    return [f"+1415555{n:04d}" for n in range(count)]


def test_an_entry_comes_back_as_it_was_written(listed: Suppressions, stop: SuppressionEntry) -> None:
    entry = replace(stop, who='the "desk"/é', why="line\nbreak \\ and 雪", at=stop.at + timedelta(milliseconds=789))
    assert listed.add(NUMBER, entry)
    assert listed.add(NUMBER, replace(entry, scope="sms", who="", why=""))
    assert listed.entries(NUMBER) == (entry, replace(entry, scope="sms", who="", why=""))
    assert listed.entries(OTHER) == ()


def test_moments_stay_whole_numbers_through_the_script(
    listed: Suppressions, stop: SuppressionEntry, client: Any, hasher: Any
) -> None:
    listed.add(NUMBER, stop)
    listed.add(NUMBER, replace(stop, scope="sms"))
    key, field, _ = names.suppression_bucket(hasher(NUMBER))
    moments = [entry["at"] for entry in json.loads(client.hget(key, field))["x"]]
    assert moments == [int(stop.at.timestamp() * 1000)] * 2
    assert all(type(moment) is int for moment in moments)


def test_the_same_scope_and_source_is_kept_once(listed: Suppressions, stop: SuppressionEntry) -> None:
    entered = replace(stop, source="api")
    assert listed.add(NUMBER, entered)
    assert not listed.add(NUMBER, replace(entered, at=stop.at + timedelta(hours=1)))
    assert listed.entries(NUMBER) == (entered,)
    assert len(listed.changes()) == 1


def test_what_start_lifts_takes_the_later_moment_and_nothing_else_changes(
    listed: Suppressions, stop: SuppressionEntry
) -> None:
    beside = (replace(stop, scope="sms"), replace(stop, source="keypad"))
    for entry in (stop, *beside):
        listed.add(NUMBER, entry)
    later = stop.at + timedelta(hours=1)
    again = replace(stop, at=later, who="somebody", why="STOP again")
    assert not listed.add(NUMBER, again)
    assert listed.import_many([(NUMBER, replace(stop, at=stop.at - timedelta(hours=1)))]) == 0
    assert listed.entries(NUMBER) == (replace(stop, at=later), *beside)
    assert dict(listed.export()) == {NUMBER: (replace(stop, at=later), *beside)}, "the sealed address is as it was"
    assert (listed.count(), len(listed.changes())) == (1, 3)


def test_start_takes_back_what_keywords_wrote_and_leaves_the_rest(listed: Suppressions, stop: SuppressionEntry) -> None:
    by_api = replace(stop, source="api")
    listed.add(NUMBER, stop)
    listed.add(NUMBER, by_api)
    changed, taken = listed.remove(NUMBER, scopes=None, sources=frozenset({"keyword"}), who="recipient", why="START")
    assert (changed, taken) == (True, (stop,))
    assert listed.entries(NUMBER) == (by_api,)


def test_only_entries_with_scope_and_source_asked_for_go(listed: Suppressions, stop: SuppressionEntry) -> None:
    for scope in ("all", "sms", "voice"):
        listed.add(NUMBER, replace(stop, scope=scope))
    _, taken = listed.remove(NUMBER, scopes=frozenset({"sms", "all"}), sources=None, who="", why="")
    assert {entry.scope for entry in taken} == {"sms", "all"}
    assert [entry.scope for entry in listed.entries(NUMBER)] == ["voice"]


@pytest.mark.parametrize(("scopes", "sources"), [(frozenset(), None), (None, frozenset()), (frozenset({"sms"}), None)])
def test_removing_what_does_not_stand_changes_nothing(
    listed: Suppressions, stop: SuppressionEntry, scopes: frozenset[str] | None, sources: frozenset[str] | None
) -> None:
    listed.add(NUMBER, stop)
    assert listed.remove(NUMBER, scopes=scopes, sources=sources, who="", why="") == (False, ())
    assert listed.entries(NUMBER) == (stop,)
    assert len(listed.changes()) == 1


def test_nothing_is_left_of_an_address_whose_last_entry_goes(
    listed: Suppressions, stop: SuppressionEntry, client: Any
) -> None:
    listed.add(NUMBER, stop)
    listed.add(ADDRESS, replace(stop, scope="email"))
    assert listed.count() == 2
    for address in (NUMBER, ADDRESS):
        listed.remove(address, scopes=None, sources=None, who="", why="")
    assert listed.count() == 0
    assert listed.page(None, 10) == ([], None)
    assert set(client.keys("*")) == {names.SUPPRESSION_AUDIT.encode(), names.SUPPRESSION_COUNT.encode()}


def test_neither_number_nor_address_is_readable_in_the_store(
    listed: Suppressions, stop: SuppressionEntry, everything: Callable[[], bytes]
) -> None:
    listed.add(NUMBER, stop)
    listed.import_many([(ADDRESS, replace(stop, scope="email"))])
    listed.remove(NUMBER, scopes=None, sources=None, who="api", why="asked")
    assert b"4155550100" not in everything()
    assert b"example" not in everything()


def test_pages_hold_every_address_once_and_masked(listed: Suppressions, stop: SuppressionEntry) -> None:
    listed.import_many((number, stop) for number in numbers(300))
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page, cursor = listed.page(cursor, 7)
        assert len(page) <= 7
        seen += [address for address, _ in page]
        if cursor is None:
            break
    assert len(seen) == 300
    assert set(seen) == {"+1415555****"}
    assert {address for address, _ in listed.export()} == set(numbers(300))


def test_what_stands_all_the_while_is_paged_exactly_once_whatever_else_changes(
    client: Any, sealer: Any, hasher: Any, clock: Any, stop: SuppressionEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.adapters.store.suppressions.masked", str)
    listed = Suppressions(client, sealer, hasher, clock)
    lasting, passing = numbers(400)[::2], numbers(400)[1::2]
    listed.import_many((number, stop) for number in lasting)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page, cursor = listed.page(cursor, 10)
        seen += [address for address, _ in page]
        if cursor is None:
            break
        for number in passing:
            listed.add(number, stop)
            listed.remove(number, scopes=None, sources=None, who="", why="")
    assert sorted(seen) == lasting


def test_a_page_that_ends_with_the_list_says_so(listed: Suppressions, stop: SuppressionEntry) -> None:
    listed.import_many((number, stop) for number in numbers(3))
    page, cursor = listed.page(None, 3)
    assert (len(page), cursor) == (3, None)
    page, cursor = listed.page(None, 2)
    assert len(page) == 2
    assert cursor is not None
    assert len(listed.page(cursor, 2)[0]) == 1


@pytest.mark.parametrize("cursor", ["", "0", "zz", "A" * 32, "0" * 33, "*"])
def test_a_cursor_that_is_none_is_refused(listed: Suppressions, cursor: str) -> None:
    with pytest.raises(InvalidRequest, match="cursor"):
        listed.page(cursor, 10)


def test_an_import_counts_what_is_new(listed: Suppressions, stop: SuppressionEntry, client: Any) -> None:
    rows = [(number, replace(stop, source="import")) for number in numbers(IMPORT_BATCH + 20)]
    listed.add(rows[0][0], rows[0][1])
    assert listed.import_many(rows) == IMPORT_BATCH + 19
    assert listed.import_many(rows) == 0
    assert listed.count() == IMPORT_BATCH + 20
    assert [change.action for change in listed.changes()] == ["import", "import", "add"]


def test_an_import_goes_on_after_the_server_has_forgotten_the_scripts(
    listed: Suppressions, stop: SuppressionEntry, client: Any
) -> None:
    client.script_flush()
    assert listed.import_many((number, stop) for number in numbers(5)) == 5


def test_an_export_can_be_imported_under_another_hash_key(
    listed: Suppressions, stop: SuppressionEntry, client: Any, clock: Any
) -> None:
    listed.add(NUMBER, stop)
    listed.add(NUMBER, replace(stop, scope="sms", source="api"))
    rows = [(address, entry) for address, entries in listed.export() for entry in entries]
    client.flushall()
    moved = Suppressions(client, Sealer(b"e" * 32), names.Hasher(b"other"), clock)
    assert moved.import_many(rows) == 2
    assert moved.entries(NUMBER) == (stop, replace(stop, scope="sms", source="api"))


def test_every_change_keeps_who_when_and_why(listed: Suppressions, stop: SuppressionEntry, hasher: Any) -> None:
    listed.add(NUMBER, stop)
    listed.add(OTHER, stop)
    listed.remove(NUMBER, scopes=frozenset({"all"}), sources=None, who="key_1", why="asked by letter")
    newest, first = listed.changes(NUMBER)
    assert (newest.action, newest.taken) == ("remove", (stop,))
    assert (newest.entry.who, newest.entry.why) == ("key_1", "asked by letter")
    assert (first.action, first.entry, first.address_hash) == ("add", stop, hasher(NUMBER))
    assert len(listed.changes(limit=2)) == 2


def test_the_audit_is_read_beyond_one_round_trip(
    listed: Suppressions, stop: SuppressionEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.adapters.store.suppressions.EXPORT_PAGE", 3)
    for number in numbers(8):
        listed.add(number, stop)
    assert len(listed.changes()) == 8
    assert len(listed.changes(numbers(1)[0])) == 1


@pytest.mark.parametrize("field", ["scope", "source"])
def test_a_scope_or_source_that_the_scripts_could_misread_is_refused(
    listed: Suppressions, stop: SuppressionEntry, field: str
) -> None:
    wrong = replace(stop, scope="sms voice") if field == "scope" else replace(stop, source="a b")
    with pytest.raises(InvalidRequest, match=field):
        listed.add(NUMBER, wrong)
    with pytest.raises(InvalidRequest, match=field):
        listed.import_many([(NUMBER, wrong)])
    assert listed.count() == 0


def test_an_attempt_does_not_begin_while_an_entry_stands(
    listed: Suppressions, stop: SuppressionEntry, client: Any, hasher: Any
) -> None:
    bucket, field, _ = names.suppression_bucket(hasher(NUMBER))
    beside = ("email", "counts", "day", "event", "events_due", "hold", "last_writer", "open_names")
    keys = [*(f"test:{n}" for n in range(1, 5)), bucket, *(f"test:{name}" for name in beside)]
    nobody_to_tell = ["", "", "", "", "", 1]

    def begin(scopes: str, exempt: str = " ") -> bytes:
        client.hset("test:1", "v", 1)
        verdict: bytes = scripts.run(
            client, "begin", keys, "id", 1, "state", 1, "id/1", 1000, field, scopes, "", "", exempt, "counter",
            *nobody_to_tell,
        )  # fmt: skip
        return verdict

    listed.add(NUMBER, replace(stop, scope="sms"))
    assert begin(" all sms ") == b"suppressed"
    assert begin(" all voice ") == b"begun"
    assert begin(" all sms ", exempt=" keyword ") == b"begun"
    listed.remove(NUMBER, scopes=None, sources=None, who="", why="")
    assert begin(" all sms ") == b"begun"


def test_fifty_at_once_lose_nothing(listed: Suppressions, stop: SuppressionEntry, at_once: Any) -> None:
    sources = [f"source_{n}" for n in range(25)]
    added = at_once(50, lambda n: listed.add(NUMBER, replace(stop, source=sources[n % 25])))
    assert added.count(True) == 25
    assert {entry.source for entry in listed.entries(NUMBER)} == set(sources)
    taken = at_once(
        50, lambda n: listed.remove(NUMBER, scopes=None, sources=frozenset({sources[n % 25]}), who="", why="")[0]
    )
    assert taken.count(True) == 25
    assert listed.count() == 0


def test_without_the_store_nothing_is_claimed(away: Any, sealer: Any, hasher: Any, clock: Any, stop: Any) -> None:
    listed = Suppressions(away, sealer, hasher, clock)
    calls: list[Callable[[], object]] = [
        lambda: listed.entries(NUMBER),
        lambda: listed.add(NUMBER, stop),
        lambda: listed.remove(NUMBER, scopes=None, sources=None, who="", why=""),
        lambda: listed.page(None, 5),
        lambda: listed.import_many([(NUMBER, stop)]),
        lambda: listed.count(),
        lambda: listed.changes(),
    ]
    for call in calls:
        with pytest.raises(StoreUnavailable):
            call()


def test_another_data_key_is_an_error_and_not_an_empty_list(
    listed: Suppressions, stop: SuppressionEntry, client: Any, hasher: Any, clock: Any
) -> None:
    listed.add(NUMBER, stop)
    other = Suppressions(client, Sealer(b"x" * 32), hasher, clock)
    assert other.entries(NUMBER) == (stop,)
    with pytest.raises(StoreUnavailable):
        other.page(None, 5)
