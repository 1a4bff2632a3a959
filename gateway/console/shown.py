"""How values are shown in the pages: times, ages, words. Pure; the templates know these by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from markupsafe import Markup

from gateway.model import masked

NONE = "–"
TONE: Mapping[str, str] = {
    "delivered": "good", "verified": "good", "accepted": "calm", "sent": "calm", "queued": "calm", "sending": "calm",
    "pending_lookup": "calm", "awaiting_verification": "calm", "started": "calm", "failed": "bad", "expired": "bad",
    "unknown": "warn", "suppressed": "warn", "canceled": "warn",
}  # fmt: skip
LONGEST_UNIT = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def moment(value: datetime | None) -> Markup | str:
    """A time as a person reads it, in UTC, and as a machine does."""
    if value is None:
        return NONE
    at = value.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), at.strftime("%Y-%m-%d %H:%M:%S"))


def age(value: datetime | None, now: datetime) -> str:
    return NONE if value is None else span(now - value)


def span(value: timedelta | float | None) -> str:
    """Two figures at most: `3 min`, `2 d 4 h`."""
    if value is None:
        return NONE
    seconds = round(value.total_seconds() if isinstance(value, timedelta) else value)
    if seconds <= 0:
        return "0 s"
    parts = []
    for size, unit in LONGEST_UNIT:
        if seconds >= size:
            parts.append(f"{seconds // size} {unit}")
            seconds %= size
        if len(parts) == 2:
            break
    return " ".join(parts)


def words(value: Any) -> str:
    """`awaiting_verification` → `awaiting verification`; nothing → a dash."""
    return NONE if value in (None, "", ()) else str(value).replace("_", " ")


def badge(status: Any) -> Markup:
    text = str(status)
    return Markup('<span class="badge {}">{}</span>').format(TONE.get(text, "calm"), words(text))


def steps(value: Any) -> str:
    return " → ".join(str(step) for step in value) or NONE


FILTERS: Mapping[str, Callable[..., Any]] = {
    "moment": moment, "age": age, "span": span, "words": words, "badge": badge, "steps": steps, "masked": masked,
}  # fmt: skip


def spared(lookups: Mapping[str, tuple[int, Any]]) -> tuple[int, Any]:
    """How many lookups needed no paying, and what they would have cost."""
    rows = [row for kind, row in lookups.items() if kind not in ("paid", "denied")]
    return sum(count for count, _ in rows), sum(usd for _, usd in rows)
