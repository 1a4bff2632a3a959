"""Lists of intents over all applications, newest first; each bounded in what it reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.adapters.store import names
from gateway.adapters.store.connection import store_errors
from gateway.errors import FieldError, InvalidRequest
from gateway.model import Channel, IntentStatus, Progress
from gateway.paging import Place, Read, Row, cursor_of, older, place_in
from gateway.wiring import Gateway

PAGE = 50
AT_ONCE = 200
MOST_READ = 2000
DEAD = frozenset({IntentStatus.FAILED, IntentStatus.EXPIRED, IntentStatus.SUPPRESSED})
Fits = Callable[[Progress], bool]


@dataclass(frozen=True, slots=True)
class Listed:
    """`cursor`: where the next page begins; None: that was all."""

    intents: list[Progress]
    cursor: str | None


def apps(gateway: Gateway) -> list[str]:
    """Applications that have ever sent, and those that are set up."""
    senders = {name.partition("|")[2] for name in gateway.intents.open_names()}
    return sorted(senders | {app.name for app in gateway.apps.list()})


def newest(gateway: Gateway, app: str | None, fits: Fits, before: Place | None) -> Listed:
    wanted = [app] if app else apps(gateway)

    def read(until: int | None, at_most: int) -> list[Row]:
        rows = [row for name in wanted for row in gateway.intents.newest(name, until, at_most)]
        return sorted(rows, key=lambda row: (row[1], row[0]), reverse=True)[:at_most]

    return _walked(gateway, read, fits, before)


def dead(gateway: Gateway, fits: Fits, before: Place | None) -> Listed:
    """What ended without success, by the time of its end."""

    def read(until: int | None, at_most: int) -> list[Row]:
        highest = "+inf" if until is None else f"({until}"
        with store_errors():
            rows = gateway.client.zrevrangebyscore(names.ENDED, highest, "-inf", start=0, num=at_most, withscores=True)
        return [(member.decode(), round(score)) for member, score in rows]

    return _walked(gateway, read, lambda p: p.status in DEAD and fits(p), before)


def _walked(gateway: Gateway, read: Read, fits: Fits, before: Place | None) -> Listed:
    """Of a page only PAGE are kept."""
    found: list[tuple[Progress, Place]] = []
    more = before
    for _ in range(0, MOST_READ, AT_ONCE):
        rows, more = older(read, more, AT_ONCE)
        at = dict(rows)
        progresses = gateway.intents.load_many(list(at))
        found += [(p, (at[p.intent.id], p.intent.id)) for p in progresses if fits(p)]
        if more is None or len(found) >= PAGE:
            break
    kept = found[:PAGE]
    return Listed([progress for progress, _ in kept], cursor_of(kept[-1][1] if len(found) > PAGE else more))


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


def before_in(cursor: str | None) -> Place | None:
    """An empty one is none. Raises InvalidRequest."""
    return place_in(cursor or None)
