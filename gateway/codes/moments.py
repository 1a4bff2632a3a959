"""When a deferred step may go: named moments turned into UTC, right on days when clocks change. Reads no clock.

Source: T-Mobile's daily cap ends at midnight Pacific; the TCPA allows 08:00 to 21:00 in the recipient's time.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from gateway.codes.rows import CodeRow, Moment

_PACIFIC = ZoneInfo("America/Los_Angeles")
_OPENS = time(8)
_CLOSES = time(21)
# Quiet-hours blocks come for US numbers only; where nothing is known of the zone, its outermost states must agree.
_UNKNOWN_ZONE = ("America/New_York", "Pacific/Honolulu")


def defer_until(row: CodeRow, now: datetime, zones: tuple[str, ...] = ()) -> datetime:
    """The moment, in UTC and after `now`, at which the step may go again.

    `now` is aware; `zones` are IANA names, all of which must be awake for a quiet-hours block to end.
    A row that defers to nothing gives its least pause.
    """
    utc = now.astimezone(UTC)
    if row.defer is Moment.PACIFIC_MIDNIGHT:
        return _next_local(utc, _PACIFIC, time(0))
    if row.defer is Moment.MORNING:
        return _morning(utc, tuple(ZoneInfo(name) for name in zones or _UNKNOWN_ZONE))
    return utc + (row.defer or row.retry_after or timedelta(0))


def _next_local(now: datetime, zone: ZoneInfo, at: time) -> datetime:
    return _coming(now, zone, at)[0]


def _coming(now: datetime, zone: ZoneInfo, at: time) -> list[datetime]:
    """The next moments, at least two, at which clocks in the zone show `at`. Counted in days of the zone, not hours."""
    today = now.astimezone(zone).date()
    moments = (datetime.combine(today + timedelta(days=ahead), at, zone).astimezone(UTC) for ahead in range(3))
    return [moment for moment in moments if moment > now]


def _morning(now: datetime, zones: tuple[ZoneInfo, ...]) -> datetime:
    """The first 08:00 of any zone at which all are awake; where they never are at once, at which most are."""
    openings = sorted({moment for zone in zones for moment in _coming(now, zone, _OPENS)})
    return max(openings, key=lambda moment: sum(_awake(moment, zone) for zone in zones))


def _awake(moment: datetime, zone: ZoneInfo) -> bool:
    return _OPENS <= moment.astimezone(zone).time() < _CLOSES
