"""When quiet hours begin and end, in every zone that a number may be in; right when clocks change. Reads no clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from gateway.model import QuietHours

NOWHERE = ("UTC",)
"""For numbers that belong to no place."""
DAYS_AHEAD = 2


def quiet_until(now: datetime, zones: Sequence[str], hours: QuietHours) -> datetime | None:
    """The moment, in UTC, from which it is quiet in none of `zones` (IANA names); None: it is so at `now`.

    Where zones lie so far apart that it is always quiet in some of them, it is the moment when it is so in the fewest.
    """
    places = tuple(ZoneInfo(name) for name in zones or NOWHERE)
    count = _quiet_in(now, places, hours)
    if count == 0:
        return None
    later = [(_quiet_in(moment, places, hours), moment) for moment in _coming(now, hours.end, places)]
    fewest = min(number for number, _ in later)
    return None if count <= fewest else next(moment for number, moment in later if number == fewest)


def quiet_from(now: datetime, zones: Sequence[str], hours: QuietHours) -> datetime | None:
    """The next moment, in UTC, from which it is quiet in more of `zones` than at `now`; None where it never will be."""
    places = tuple(ZoneInfo(name) for name in zones or NOWHERE)
    count = _quiet_in(now, places, hours)
    starts = _coming(now, hours.start, places)
    return next((moment for moment in starts if _quiet_in(moment, places, hours) > count), None)


def _quiet_in(moment: datetime, places: Sequence[ZoneInfo], hours: QuietHours) -> int:
    return sum(_is_quiet(moment.astimezone(place).time(), hours) for place in places)


def _is_quiet(clock: time, hours: QuietHours) -> bool:
    if hours.start < hours.end:
        return hours.start <= clock < hours.end
    return clock >= hours.start or clock < hours.end


def _coming(now: datetime, clock: time, places: Sequence[ZoneInfo]) -> list[datetime]:
    """The next moments at which a clock in one of the zones shows this, earliest first."""
    today = now.astimezone(UTC).date()
    days = [today + timedelta(days=ahead) for ahead in range(-1, DAYS_AHEAD + 1)]
    return sorted({moment for place in places for day in days for moment in _shown(day, clock, place) if moment > now})


@lru_cache(maxsize=4096)
def _shown(day: date, clock: time, place: ZoneInfo) -> tuple[datetime, ...]:
    """When the clock of a place shows this: twice on a day when it is set back.

    What it skips when it is set forward counts as shown as long after the jump as it would have been without.
    """
    return tuple(dict.fromkeys(_both(day, clock, place)))


def _both(day: date, clock: time, place: ZoneInfo) -> Iterator[datetime]:
    for fold in (0, 1):
        moment = datetime.combine(day, clock.replace(fold=fold), place).astimezone(UTC)
        if fold == 0 or moment.astimezone(place).time() == clock:
            yield moment
