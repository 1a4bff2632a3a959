"""Quiet hours end when it is quiet in no zone the number may be in; also on every day of a year when clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model import QuietHours
from gateway.normalize import time_zones
from gateway.quiet import quiet_from, quiet_until

MINUTE = timedelta(minutes=1)
ZONES = (
    "America/Los_Angeles", "America/Phoenix", "America/Denver", "America/Chicago", "America/New_York",
    "America/St_Johns", "America/Havana", "America/Santiago", "America/Sao_Paulo", "Atlantic/Azores", "Europe/London",
    "Europe/Berlin", "Europe/Moscow", "Asia/Beirut", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe",
    "Australia/Adelaide", "Australia/Sydney", "Pacific/Auckland",
)  # fmt: skip
YEAR = 2026
NIGHT = QuietHours(time(21), time(8))
SPANS = (NIGHT, QuietHours(time(22, 30), time(1, 30)), QuietHours(time(2, 30), time(6)), QuietHours(time(12), time(14)))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def switches() -> list[tuple[str, datetime]]:
    """Each zone with each hour of the year at which its clock stands differently than an hour before."""
    found = []
    for name in ZONES:
        zone, moment = ZoneInfo(name), datetime(YEAR, 1, 1, tzinfo=UTC)
        while moment.year == YEAR:
            later = moment + timedelta(hours=1)
            if moment.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
                found.append((name, later))
            moment = later
    return found


SWITCHES = switches()


def quiet(moment: datetime, zones: tuple[str, ...], hours: QuietHours) -> bool:
    """The definition, said another way than in the code: how long ago did it begin, by the clock on the wall?"""
    span = (hours.end.hour * 60 + hours.end.minute - hours.start.hour * 60 - hours.start.minute) % 1440
    for zone in zones:
        shown = moment.astimezone(ZoneInfo(zone))
        if (shown.hour * 60 + shown.minute - hours.start.hour * 60 - hours.start.minute) % 1440 < span:
            return True
    return False


def test_the_zones_have_switches_of_every_kind() -> None:
    assert len(SWITCHES) >= 26
    assert {"America/New_York", "Australia/Lord_Howe", "America/Santiago"} <= {name for name, _ in SWITCHES}


@pytest.mark.parametrize(("zone", "switch"), SWITCHES, ids=[f"{z}-{m:%m%d}" for z, m in SWITCHES])
def test_at_every_switch_of_the_clocks_it_ends_when_it_ends(zone: str, switch: datetime) -> None:
    for hours in SPANS:
        for back in range(-30 * 60, 30 * 60, 47):
            assert_right(switch + timedelta(minutes=back), (zone,), hours)


@settings(max_examples=150)
@given(
    zones=st.lists(st.sampled_from(ZONES), min_size=1, max_size=4, unique=True).map(tuple),
    minutes=st.integers(0, 365 * 1440),
    start=st.integers(0, 95),
    length=st.integers(1, 40),
)
def test_for_any_zones_hours_and_moment_it_ends_when_it_ends(
    zones: tuple[str, ...], minutes: int, start: int, length: int
) -> None:
    end = (start + length) % 96
    hours = QuietHours(time(start // 4, start % 4 * 15), time(end // 4, end % 4 * 15))
    assert_right(datetime(YEAR, 1, 1, tzinfo=UTC) + minutes * MINUTE, zones, hours)


def assert_right(now: datetime, zones: tuple[str, ...], hours: QuietHours) -> None:
    until = quiet_until(now, zones, hours)
    if not quiet(now, zones, hours):
        assert until is None
        return
    first = next((m for n in range(1, 1440) if not quiet(m := now + n * MINUTE, zones, hours)), None)
    if first is None:
        return  # never quiet in none of them: see the test of zones far apart
    assert until is not None
    assert not quiet(until, zones, hours)
    assert until == first or any(offset(now, zone) != offset(until, zone) for zone in zones)
    # An hour that the clock skips or shows again may be waited for, though it is not quiet in all of it.
    waited = (now + n * MINUTE for n in range(1, (until - now) // MINUTE))
    assert sum(not quiet(moment, zones, hours) for moment in waited) <= 60


@settings(max_examples=100)
@given(
    zones=st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True).map(tuple),
    minutes=st.integers(0, 365 * 1440),
    hours=st.sampled_from(SPANS),
)
def test_until_it_begins_it_is_quiet_in_no_further_zone(
    zones: tuple[str, ...], minutes: int, hours: QuietHours
) -> None:
    now = datetime(YEAR, 1, 1, tzinfo=UTC) + minutes * MINUTE
    begins, count = quiet_from(now, zones, hours), quiet_in(now, zones, hours)
    if any(offset(now, zone) != offset(now + timedelta(days=2), zone) for zone in zones):
        return  # what a clock skips begins as long after the jump as it would have without
    first = next((m for n in range(1, 2 * 1440) if quiet_in(m := now + n * MINUTE, zones, hours) > count), None)
    assert begins == first


def quiet_in(moment: datetime, zones: tuple[str, ...], hours: QuietHours) -> int:
    return sum(quiet(moment, (zone,), hours) for zone in zones)


def offset(moment: datetime, zone: str) -> timedelta | None:
    return moment.astimezone(ZoneInfo(zone)).utcoffset()


@pytest.mark.parametrize(
    ("now", "zones", "until"),
    [
        ("2026-07-01T12:00", ("America/Los_Angeles",), "2026-07-01T15:00"),
        ("2026-07-01T12:00", ("America/New_York",), None),
        ("2026-07-01T12:00", ("America/New_York", "America/Los_Angeles"), "2026-07-01T15:00"),
        ("2026-07-01T15:00", ("America/New_York", "America/Los_Angeles"), None),
        ("2026-07-02T01:00", ("America/New_York", "America/Los_Angeles"), "2026-07-02T15:00"),
        ("2026-03-08T06:00", ("America/New_York",), "2026-03-08T12:00"),
        ("2026-11-01T06:00", ("America/New_York",), "2026-11-01T13:00"),
        ("2026-07-01T07:59", (), "2026-07-01T08:00"),
        ("2026-07-01T08:00", (), None),
    ],
    ids=["one", "awake", "all", "just awake", "begins in one", "spring", "autumn", "no place", "no place, awake"],
)
def test_examples(now: str, zones: tuple[str, ...], until: str | None) -> None:
    assert quiet_until(at(now), zones, NIGHT) == (None if until is None else at(until))


def test_zones_so_far_apart_that_one_is_always_quiet_wait_for_the_fewest() -> None:
    """Else nothing could ever go out; and at that moment it may go."""
    zones = ("Pacific/Auckland", "Europe/London", "America/Los_Angeles")
    now = at("2026-07-01T06:30")
    until = quiet_until(now, zones, NIGHT)
    assert until is not None
    assert quiet_until(until, zones, NIGHT) is None
    assert sum(quiet(until, (zone,), NIGHT) for zone in zones) == 1


def test_a_mobile_number_is_held_back_in_every_zone_of_its_country() -> None:
    """Australia's: it is eight on the Cocos Islands three and a half hours after it is in Sydney."""
    until = quiet_until(at("2026-06-30T22:30"), time_zones("+61491570156"), NIGHT)
    assert until == at("2026-07-01T01:30")
