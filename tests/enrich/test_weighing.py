"""What Lookup said against what traffic has taught: which is believed, and when nothing needs to be bought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.enrich import Wanted, enrich, offline, stale, weighed
from gateway.model import LINE_TYPE, Content, Intent, LineType, Lookup, LookupSource, Origin, Recipient
from gateway.ports import Known
from tests.decide.policies import NOW, NUMBER

TYPE = "line_type_intelligence"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TAUGHT = Known(
    learned_line_type=("landline", NOW - DAY),
    held_channels={"sms": NOW + DAY},
    origins={LINE_TYPE: Origin("30006", NOW - DAY), "sms": Origin("30003", NOW - HOUR)},
)
INTENT = Intent("01", "shop", "notification", Recipient(NUMBER, "US"), Content(body="x"), NOW)


def answer(age: timedelta = HOUR, **change: Any) -> Lookup:
    found = Lookup(NUMBER, LookupSource.CACHE, NOW - age, valid=True, line_type=LineType.MOBILE, carrier="A Carrier")
    return replace(found, **change)


@dataclass
class Desk:
    """Reads, with a note of what was asked and booked. `cached`: what the cache has."""

    cached: Lookup | None = None
    bought: Lookup = field(default_factory=lambda: answer(timedelta(0), source=LookupSource.LIVE))
    asked: list[str] = field(default_factory=list)
    booked: list[LookupSource] = field(default_factory=list)

    def known(self, app: str, number: str, email: str | None, identity: str | None) -> Known:
        raise AssertionError("the state was read before")

    def lookup(self, number: str, fields: Sequence[str], **more: Any) -> Lookup:
        self.asked.append("stale" if more["allow_stale"] else "lookup")
        return self.bought

    def kept(self, number: str, fields: Sequence[str], *, max_age: timedelta | None, app: str) -> Lookup | None:
        self.asked.append("kept")
        return self.cached

    def offline(self, number: str) -> Lookup:
        return Lookup(number, LookupSource.OFFLINE, None)

    def note_free(self, app: str, lookup: Lookup, fields: Sequence[str]) -> None:
        self.booked.append(lookup.source)


def enriched(desk: Desk, known: Known = TAUGHT, **more: Any) -> Lookup:
    wanted = Wanted(more.get("fields", (TYPE,)), more.get("max_age"))
    return enrich(more.get("intent", INTENT), known, desk, wanted, NOW).lookup


@pytest.mark.parametrize(
    ("looked_up", "believed"),
    [
        (answer(2 * DAY), "landline"),
        (answer(HOUR), "mobile"),
        (answer(DAY), "mobile"),
        (answer(HOUR, line_type=LineType.UNKNOWN, errors={TYPE: 60601}), "landline"),
        (answer(HOUR, looked_up_at=None, source=LookupSource.OFFLINE), "landline"),
        (answer(2 * DAY, valid=False, line_type=LineType.UNKNOWN), "unknown"),
        (answer(2 * DAY, line_type=LineType.PREMIUM), "premium"),
        (answer(2 * DAY, line_type=LineType.NON_FIXED_VOIP), "nonFixedVoip"),
    ],
    ids=["older", "younger", "of the same moment", "silent", "from the digits", "invalid", "premium", "voip"],
)
def test_what_is_believed(looked_up: Lookup, believed: str) -> None:
    found = weighed(looked_up, TAUGHT)
    assert found.line_type.value == believed
    assert (found.source is LookupSource.LEARNED) == (believed == "landline")
    assert found.looked_up_at == (NOW - DAY if believed == "landline" else looked_up.looked_up_at)
    assert found.carrier == looked_up.carrier


def test_while_it_is_young_enough_nothing_is_bought_and_it_is_booked_as_learned() -> None:
    desk = Desk()
    found = enriched(desk)
    assert (found.line_type, found.source, found.looked_up_at) == (LineType.LANDLINE, LookupSource.LEARNED, NOW - DAY)
    assert (desk.asked, desk.booked) == (["kept"], [LookupSource.LEARNED])


def test_what_the_cache_has_beside_it_is_used() -> None:
    found = enriched(Desk(cached=answer(2 * DAY)))
    assert (found.line_type, found.carrier, found.valid) == (LineType.LANDLINE, "A Carrier", True)


def test_a_younger_answer_in_the_cache_wins_and_is_booked_as_such() -> None:
    desk = Desk(cached=answer(HOUR))
    assert enriched(desk).line_type is LineType.MOBILE
    assert desk.booked == [LookupSource.CACHE]


@pytest.mark.parametrize(
    "more",
    [{"max_age": DAY - HOUR}, {"fields": (TYPE, "sim_swap")}, {"known": Known()}],
    ids=["too old for the purpose", "the SIM is asked for", "nothing learned"],
)
def test_else_it_is_looked_up(more: dict[str, Any]) -> None:
    desk = Desk()
    assert enriched(desk, **more).line_type is LineType.MOBILE
    assert (desk.asked, desk.booked) == (["lookup"], [])


def test_of_a_test_nothing_that_was_learned_counts() -> None:
    facts = enrich(replace(INTENT, test=True), TAUGHT, Desk(), Wanted((TYPE,), None), NOW)
    assert (facts.lookup.line_type, facts.held_channels, facts.origins) == (LineType.MOBILE, {}, {})


def facts_of(way: Any, now: datetime = NOW) -> Any:
    return way(INTENT, TAUGHT, Desk(bought=answer(2 * DAY)), Wanted((TYPE,), None), now)


@pytest.mark.parametrize("way", [enrich, offline, stale])
def test_where_it_comes_from_goes_on_to_who_decides(way: Any) -> None:
    facts = facts_of(way)
    assert (facts.lookup.line_type, facts.origins) == (LineType.LANDLINE, TAUGHT.origins)
    assert facts.held_channels == {"sms": NOW + DAY}
