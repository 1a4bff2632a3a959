from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.adapters.store.codec import Sealer
from gateway.adapters.store.lookup_cache import STALE_FACTOR, CacheBase, LookupCache, MemoryLookupCache, Question
from gateway.adapters.store.lookup_fields import VALID, assembled
from gateway.model import LineType, Lookup, LookupSource

NUMBER = "+14155550100"
TYPE = "line_type_intelligence"
TTL, NEGATIVE_TTL = timedelta(days=7), timedelta(hours=1)
LONGEST = {LineType.UNKNOWN: timedelta(days=1), LineType.NON_FIXED_VOIP: timedelta(days=3)}


@pytest.fixture(params=["redis", "memory"])
def cache(request: pytest.FixtureRequest, client: Any, hasher: Any, sealer: Any, clock: Any) -> CacheBase:
    if request.param == "redis":
        return LookupCache(client, hasher, sealer, clock, TTL, NEGATIVE_TTL, LONGEST)
    return MemoryLookupCache(hasher, sealer, clock, TTL, NEGATIVE_TTL, LONGEST)


@pytest.fixture
def shared(client: Any, hasher: Any, sealer: Any, clock: Any) -> LookupCache:
    return LookupCache(client, hasher, sealer, clock, TTL, NEGATIVE_TTL, LONGEST)


@pytest.fixture
def lookup(clock: Any) -> Lookup:
    return Lookup(
        number=NUMBER,
        source=LookupSource.LIVE,
        looked_up_at=clock.now(),
        valid=True,
        country="US",
        national_format="(415) 555-0100",
        line_type=LineType.MOBILE,
        carrier="T-Mobile USA, Inc.",
        mobile_country_code="310",
        mobile_network_code="260",
        caller_name="ANN EXAMPLE",
        sim_swap={"swapped_in_period": False},
    )


def test_what_was_looked_up_is_put_together_again(cache: CacheBase, lookup: Lookup) -> None:
    fields = [TYPE, "caller_name", "sim_swap"]
    cache.put(lookup, "US", fields)
    found = assembled(NUMBER, cache.get(NUMBER, "US", fields), LookupSource.CACHE)
    assert found == replace(lookup, source=LookupSource.CACHE, national_format=None)
    assert cache.counts == {"hit": 1}


def test_only_fields_that_were_asked_for_are_remembered(cache: CacheBase, lookup: Lookup) -> None:
    cache.put(lookup, "US", [TYPE])
    found = cache.get(NUMBER, "US", [TYPE, "caller_name"])
    assert set(found) == {VALID, TYPE}
    assert cache.counts == {"miss": 1}


def test_fields_come_together_from_several_lookups(cache: CacheBase, lookup: Lookup, clock: Any) -> None:
    cache.put(lookup, "US", [TYPE])
    clock.move(timedelta(hours=2))
    cache.put(replace(lookup, looked_up_at=clock.now()), "US", ["caller_name"])
    found = cache.get(NUMBER, "US", ["caller_name", TYPE])
    assert found[TYPE].looked_up_at == lookup.looked_up_at
    assert found[VALID].looked_up_at == clock.now()
    assert assembled(NUMBER, found, LookupSource.CACHE).looked_up_at == lookup.looked_up_at


def test_what_is_too_old_for_the_caller_is_left_out(cache: CacheBase, lookup: Lookup, clock: Any) -> None:
    cache.put(lookup, "US", [TYPE])
    clock.move(timedelta(hours=24))
    assert set(cache.get(NUMBER, "US", [TYPE], timedelta(hours=24))) == {VALID, TYPE}
    assert cache.get(NUMBER, "US", [TYPE], timedelta(hours=23)) == {}
    assert set(cache.get(NUMBER, "US", [TYPE])) == {VALID, TYPE}


def test_what_is_no_longer_good_is_given_only_at_any_age(cache: CacheBase, lookup: Lookup, clock: Any) -> None:
    cache.put(lookup, "US", [TYPE])
    clock.move(TTL)
    assert cache.get(NUMBER, "US", [TYPE]) == {}
    assert set(cache.get(NUMBER, "US", [TYPE], any_age=True)) == {VALID, TYPE}


@pytest.mark.parametrize(
    ("line_type", "hours", "known"),
    [
        (LineType.UNKNOWN, 23, True),
        (LineType.UNKNOWN, 25, False),
        (LineType.NON_FIXED_VOIP, 71, True),
        (LineType.NON_FIXED_VOIP, 73, False),
        (LineType.MOBILE, 73, True),
        (LineType.LANDLINE, 7 * 24 + 1, False),
    ],
)
def test_a_line_type_is_believed_for_a_time_of_its_own(
    cache: CacheBase, lookup: Lookup, clock: Any, line_type: LineType, hours: int, known: bool
) -> None:
    cache.put(replace(lookup, line_type=line_type), "US", [TYPE])
    clock.move(timedelta(hours=hours))
    assert (TYPE in cache.get(NUMBER, "US", [TYPE])) == known


def test_many_are_read_as_one_by_one(cache: CacheBase, lookup: Lookup) -> None:
    cache.put(lookup, "US", [TYPE])
    cache.put(replace(lookup, number="+14155550102", valid=False), "US", [TYPE])
    numbers = [NUMBER, "+14155550101", "+14155550102"]
    found = cache.get_many([Question(number, "US", (TYPE,)) for number in numbers])
    assert found == [cache.get(number, "US", [TYPE]) for number in numbers]
    assert [set(each) for each in found] == [{VALID, TYPE}, set(), {VALID}]


def test_an_invalid_number_is_remembered_without_fields(cache: CacheBase, lookup: Lookup) -> None:
    cache.put(lookup, "US", [TYPE])
    cache.put(replace(lookup, valid=False, validation_errors=("TOO_SHORT",)), "US", [TYPE])
    found = cache.get(NUMBER, "US", [TYPE, "sim_swap"])
    assert set(found) == {VALID}
    assert found[VALID].says_invalid
    assert assembled(NUMBER, found, LookupSource.CACHE).validation_errors == ("TOO_SHORT",)
    assert cache.counts == {"hit": 1}


def test_an_answer_that_says_nothing_is_not_remembered(cache: CacheBase, lookup: Lookup) -> None:
    cache.put(replace(lookup, valid=None), "US", [TYPE])
    cache.put(replace(lookup, looked_up_at=None), "US", [TYPE])
    cache.put(lookup, "US", ["no_such_field"])
    assert set(cache.get(NUMBER, "US", [TYPE, "no_such_field"])) == {VALID}


def test_a_package_without_an_answer_is_remembered_with_its_code(cache: CacheBase, lookup: Lookup) -> None:
    cache.put(replace(lookup, line_type=LineType.UNKNOWN, carrier=None, errors={TYPE: 60600}), "US", [TYPE])
    found = assembled(NUMBER, cache.get(NUMBER, "US", [TYPE]), LookupSource.CACHE)
    assert (found.line_type, found.carrier, found.errors) == (LineType.UNKNOWN, None, {TYPE: 60600})


@pytest.mark.parametrize("code", [60608, 60616, 60617, 60699])
def test_a_fault_that_passes_is_asked_again(cache: CacheBase, lookup: Lookup, code: int) -> None:
    cache.put(replace(lookup, errors={TYPE: code}), "US", [TYPE])
    assert set(cache.get(NUMBER, "US", [TYPE])) == {VALID}


def test_numbers_and_countries_are_kept_apart(cache: CacheBase, lookup: Lookup) -> None:
    cache.put(lookup, "US", [TYPE])
    assert cache.get(NUMBER, "CA", [TYPE]) == {}
    assert cache.get(NUMBER, None, [TYPE]) == {}
    assert cache.get("+14155550101", "US", [TYPE]) == {}


def test_a_number_can_be_forgotten(cache: CacheBase, lookup: Lookup) -> None:
    cache.put(lookup, "US", [TYPE, "caller_name", "sim_swap"])
    cache.forget(NUMBER, "US")
    assert cache.get(NUMBER, "US", [TYPE, "caller_name", "sim_swap"]) == {}


def test_memory_forgets_in_time_as_redis_does(hasher: Any, sealer: Any, clock: Any, lookup: Lookup) -> None:
    cache = MemoryLookupCache(hasher, sealer, clock, TTL, NEGATIVE_TTL)
    cache.put(lookup, "US", [TYPE])
    cache.put(replace(lookup, number="+14155550101", valid=False), "US", [TYPE])
    clock.move(NEGATIVE_TTL)
    assert cache.get("+14155550101", "US", [TYPE]) == {}
    clock.move(TTL - NEGATIVE_TTL - timedelta(seconds=1))
    assert TYPE in cache.get(NUMBER, "US", [TYPE])
    clock.move(timedelta(seconds=1))
    assert cache.get(NUMBER, "US", [TYPE]) == {}


def test_memory_is_bounded(hasher: Any, sealer: Any, clock: Any, lookup: Lookup) -> None:
    cache = MemoryLookupCache(hasher, sealer, clock, TTL, NEGATIVE_TTL, bound=4)
    numbers = [f"+1415555010{n}" for n in range(5)]
    for number in numbers:
        cache.put(replace(lookup, number=number), "US", [TYPE])
    assert [len(cache.get(number, "US", [TYPE])) for number in numbers] == [0, 0, 0, 2, 2]


def test_the_names_in_redis_are_the_published_ones(
    shared: LookupCache, lookup: Lookup, client: Any, hasher: Any
) -> None:
    shared.put(lookup, "US", [TYPE])
    shared.put(lookup, None, [])
    hashed = hasher(NUMBER)
    assert sorted(key.decode() for key in client.keys("*")) == sorted(
        [
            f"lookup:v2:{hashed}:line_type_intelligence:US",
            f"lookup:v2:{hashed}:valid:US",
            f"lookup:v2:{hashed}:valid:ZZ",
        ]
    )


@pytest.mark.parametrize(
    ("change", "name", "longest"),
    [
        ({}, VALID, STALE_FACTOR * TTL),
        ({}, TYPE, STALE_FACTOR * TTL),
        ({"line_type": LineType.UNKNOWN}, TYPE, STALE_FACTOR * timedelta(days=1)),
        ({"valid": False}, VALID, NEGATIVE_TTL),
        ({"errors": {TYPE: 60600}}, TYPE, NEGATIVE_TTL),
        ({"errors": {TYPE: 60613}}, TYPE, timedelta(minutes=10)),
        ({"errors": {TYPE: 60620}}, TYPE, TTL),
    ],
)
def test_each_entry_lives_as_long_as_it_deserves(
    shared: LookupCache, lookup: Lookup, client: Any, change: dict[str, Any], name: str, longest: timedelta
) -> None:
    shared.put(replace(lookup, **change), "US", [TYPE])
    (key,) = client.keys(f"lookup:v2:*:{name}:US")
    assert 0 <= longest.total_seconds() - client.ttl(key) <= 30


def test_without_a_time_for_invalid_numbers_none_is_kept(
    client: Any, hasher: Any, sealer: Any, clock: Any, lookup: Lookup
) -> None:
    cache = LookupCache(client, hasher, sealer, clock, TTL, timedelta(0))
    cache.put(replace(lookup, valid=False), "US", [TYPE])
    assert client.dbsize() == 0


def test_neither_number_nor_name_is_readable_in_the_store(
    shared: LookupCache, lookup: Lookup, everything: Callable[[], bytes]
) -> None:
    shared.put(lookup, "US", [TYPE, "caller_name", "sim_swap"])
    for personal in (b"4155550100", b"555-0100", b"ANN EXAMPLE"):
        assert personal not in everything()


def test_a_cache_that_is_away_is_a_miss_and_is_counted(
    away: Any, hasher: Any, sealer: Any, clock: Any, lookup: Lookup
) -> None:
    cache = LookupCache(away, hasher, sealer, clock, TTL, NEGATIVE_TTL)
    cache.put(lookup, "US", [TYPE])
    assert cache.get(NUMBER, "US", [TYPE]) == {}
    assert cache.counts == {"unavailable": 2}


@pytest.mark.parametrize("stored", [b"", b"{", b"[]", b"{}", b'{"at":"x","v":{}}', b"\xff", b"null"])
def test_an_entry_that_cannot_be_read_is_a_miss(
    shared: LookupCache, lookup: Lookup, client: Any, hasher: Any, stored: bytes
) -> None:
    shared.put(lookup, "US", [TYPE])
    client.set(f"lookup:v2:{hasher(NUMBER)}:{TYPE}:US", stored)
    assert set(shared.get(NUMBER, "US", [TYPE])) == {VALID}
    assert shared.counts == {"unreadable": 1, "miss": 1}


def test_a_name_sealed_with_another_key_is_a_miss(
    shared: LookupCache, lookup: Lookup, client: Any, hasher: Any, clock: Any
) -> None:
    shared.put(lookup, "US", ["caller_name"])
    other = LookupCache(client, hasher, Sealer(b"x" * 32), clock, TTL, NEGATIVE_TTL)
    assert set(other.get(NUMBER, "US", ["caller_name"])) == {VALID}


def test_all_fields_are_read_in_one_round_trip(shared: LookupCache, lookup: Lookup, client: Any) -> None:
    shared.put(lookup, "US", [TYPE, "caller_name"])
    before = client.info("stats")["total_commands_processed"]
    shared.get(NUMBER, "US", [TYPE, "caller_name", "sim_swap"])
    after = client.info("stats")["total_commands_processed"]
    assert after - before == 2  # the read and this second look at the statistics
