"""Which bell is next: every lane has its share, and what one leaves idle the others use."""

from __future__ import annotations

import threading
from collections import Counter

import pytest

from gateway.adapters.store.bells import Bell
from gateway.adapters.store.lanes import ALL_LANES, Lane
from gateway.worker.shelf import Shelf

CREW = 40


def bells(lane: str, count: int) -> list[Bell]:
    return [Bell(lane, f"{lane}-{n}", "x", b"") for n in range(count)]


def taken(shelf: Shelf, count: int) -> list[Bell]:
    found = [shelf.take() for _ in range(count)]
    return [bell for bell in found if bell is not None]


def by_lane(found: list[Bell]) -> Counter[str]:
    return Counter(bell.lane for bell in found)


def test_one_lane_alone_fills_the_whole_crew() -> None:
    shelf = Shelf(ALL_LANES, CREW)
    shelf.put(bells("bulk", CREW))
    assert len(taken(shelf, CREW)) == CREW


def test_all_lanes_together_get_their_shares() -> None:
    shelf = Shelf(ALL_LANES, CREW)
    for name in ALL_LANES:
        shelf.put(bells(name, CREW))
    found = by_lane(taken(shelf, CREW))
    for lane in ALL_LANES.values():
        assert abs(found[lane.name] - lane.least * CREW) <= 1, found


def test_an_urgent_bell_is_next_however_many_others_wait() -> None:
    shelf = Shelf(ALL_LANES, CREW)
    shelf.put(bells("bulk", 200))
    answering = taken(shelf, CREW)
    shelf.put(bells("urgent", 1))
    shelf.done(answering[0])
    assert by_lane(taken(shelf, 1)) == {"urgent": 1}


@pytest.mark.parametrize("lane", ["events", "batch"])
def test_jobs_that_wait_for_others_never_fill_the_crew(lane: str) -> None:
    shelf = Shelf(ALL_LANES, CREW)
    shelf.put(bells(lane, CREW))
    most = round(ALL_LANES[lane].most * CREW)
    first = taken(shelf, most)
    assert len(first) == most
    assert shelf._next() is None, "the rest of them waits, though others are idle"
    shelf.put(bells("normal", 1))
    assert by_lane(taken(shelf, 1)) == {"normal": 1}
    assert len(shelf.answering()) == most + 1


def test_a_lane_has_room_until_its_few_places_are_taken() -> None:
    shelf = Shelf({"only": Lane("only", "job", 1.0)}, 64)
    assert shelf.room("only") == 8
    shelf.put(bells("only", 3))
    assert shelf.room("only") == 5


def test_taking_makes_room_for_whoever_waits_for_it() -> None:
    shelf = Shelf({"only": Lane("only", "job", 1.0)}, 64)
    shelf.put(bells("only", 8))
    rooms: list[int] = []
    feeder = threading.Thread(target=lambda: rooms.append(shelf.room("only")))
    feeder.start()
    taken(shelf, 4)
    feeder.join(5)
    assert rooms == [4]


def test_closed_it_gives_back_what_waits_and_lets_everybody_go() -> None:
    shelf = Shelf(ALL_LANES, 8)
    shelf.put(bells("bulk", 2))
    first = taken(shelf, 1)
    idle = threading.Thread(target=lambda: taken(Shelf(ALL_LANES, 1), 0))
    idle.start()
    assert [bell.job_id for bell in shelf.close()] == ["bulk-1"]
    assert shelf.take() is None
    assert shelf.room("bulk") == 0
    assert not shelf.put(bells("bulk", 1))
    assert shelf.answering() == first
    idle.join(5)


def test_what_takes_long_is_named() -> None:
    shelf = Shelf(ALL_LANES, 8)
    shelf.put(bells("bulk", 1))
    first = taken(shelf, 1)
    assert shelf.answering(longer_than=60) == []
    assert shelf.answering(longer_than=0) == first


def test_a_bell_that_comes_twice_at_once_is_answered_twice() -> None:
    shelf = Shelf(ALL_LANES, CREW)
    shelf.put(bells("normal", 1) + bells("normal", 1))
    first, second = taken(shelf, 2)
    assert first == second
    shelf.done(first)
    assert shelf.answering() == [second]
    shelf.done(second)
    assert shelf.answering() == []
