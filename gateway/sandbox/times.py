"""Twilio's two ways of writing a moment, and reading the filters of list calls."""

from datetime import UTC, datetime, timedelta


def now() -> datetime:
    return datetime.now(UTC)


def rfc2822(moment: datetime | None) -> str | None:
    """The 2010-04-01 API's form. Source: twilio_api_v2010 (date-time-rfc-2822)."""
    return None if moment is None else moment.strftime("%a, %d %b %Y %H:%M:%S +0000")


def iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_ms(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def read_moment(text: str) -> datetime:
    """A day or an ISO 8601 moment, UTC unless it says otherwise. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def within(moment: datetime | None, at: str | None, after: str | None, before: str | None) -> bool:
    """Whether a date passes a list filter: on that day, not before `after`, not after `before`.

    A filter that names a day means the whole of it. A resource without the date passes only when nothing is asked.
    """
    if moment is None:
        return at is None and after is None and before is None
    second = moment.replace(microsecond=0)
    if at is not None and second.date() != read_moment(at).date():
        return False
    if after is not None and second < read_moment(after):
        return False
    return before is None or second <= _end_of(before)


def _end_of(text: str) -> datetime:
    moment = read_moment(text)
    return moment + timedelta(days=1) - timedelta(seconds=1) if len(text) == len("2026-01-31") else moment
