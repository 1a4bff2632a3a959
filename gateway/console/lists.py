"""Lists of intents over all applications, newest first; each bounded in what it reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.adapters.store import names
from gateway.adapters.store.codec import to_ms
from gateway.adapters.store.connection import store_errors
from gateway.errors import FieldError, InvalidRequest
from gateway.model import Channel, IntentStatus, Progress
from gateway.wiring import Gateway

PAGE = 50
AT_ONCE = 200
MOST_READ = 2000
LONGEST_CURSOR = 15
DEAD = frozenset({IntentStatus.FAILED, IntentStatus.EXPIRED, IntentStatus.SUPPRESSED})
Fits = Callable[[Progress], bool]


@dataclass(frozen=True, slots=True)
class Listed:
    """`cursor`: where the next page begins, in ms; None: that was all."""

    intents: list[Progress]
    cursor: int | None


def apps(gateway: Gateway) -> list[str]:
    """Applications that have ever sent, and those that are set up."""
    senders = {name.partition("|")[2] for name in gateway.intents.open_names()}
    return sorted(senders | {app.name for app in gateway.apps.list()})


def newest(gateway: Gateway, app: str | None, fits: Fits, before: int | None) -> Listed:
    wanted = [app] if app else apps(gateway)

    def read(more: int | None) -> list[tuple[str, int]]:
        rows = [row for name in wanted for row in gateway.intents.newest(name, more, AT_ONCE)]
        return sorted(rows, key=lambda row: row[1], reverse=True)[:AT_ONCE]

    return _walked(gateway, read, fits, before, lambda p: to_ms(p.intent.created_at))


def dead(gateway: Gateway, fits: Fits, before: int | None) -> Listed:
    """What ended without success, by the time of its end."""

    def read(more: int | None) -> list[tuple[str, int]]:
        highest = "+inf" if more is None else f"({more}"
        with store_errors():
            rows = gateway.client.zrevrangebyscore(names.ENDED, highest, "-inf", start=0, num=AT_ONCE, withscores=True)
        return [(member.decode(), round(score)) for member, score in rows]

    return _walked(gateway, read, lambda p: p.status in DEAD and fits(p), before, None)


def _walked(
    gateway: Gateway,
    read: Callable[[int | None], list[tuple[str, int]]],
    fits: Fits,
    before: int | None,
    place: Callable[[Progress], int] | None,
) -> Listed:
    """`place`: where an intent stands in the list, None: as read. Of a page only PAGE are kept."""
    found: list[tuple[Progress, int]] = []
    more = before
    for _ in range(0, MOST_READ, AT_ONCE):
        rows = read(more)
        at = dict(rows)
        progresses = gateway.intents.load_many([intent_id for intent_id, _ in rows])
        found += [(p, place(p) if place else at[p.intent.id]) for p in progresses if fits(p)]
        more = rows[-1][1] if len(rows) == AT_ONCE else None
        if more is None or len(found) >= PAGE:
            break
    kept = found[:PAGE]
    cursor = kept[-1][1] if len(found) > PAGE else more
    return Listed([progress for progress, _ in kept], cursor)


def by(status: str | None, channel: str | None) -> Fits:
    """Raises InvalidRequest for words that do not exist."""
    if status and status not in list(IntentStatus):
        raise InvalidRequest(FieldError("status", "there is no such status"))
    if channel and channel not in list(Channel):
        raise InvalidRequest(FieldError("channel", "there is no such channel"))
    return lambda p: (not status or p.status == status) and (not channel or channel_of(p) == channel)


def channel_of(progress: Progress) -> str | None:
    step = progress.attempts[-1].step if progress.attempts else progress.step
    return step.channel.value if step else None


def cursor_in(text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_CURSOR):
        raise InvalidRequest(FieldError("cursor", "is not one that a page gave"))
    return int(text)
