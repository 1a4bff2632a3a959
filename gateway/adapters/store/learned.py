"""What traffic teaches of a number, free of charge: its line type, where it is not reached, its WhatsApp window, and
which application last wrote to it. Only hashes of numbers are kept, and all of it is forgotten in time.

Source: WhatsApp takes free text only within 24 hours of the person's last message to that sender.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from gateway.adapters.store import names, scripts
from gateway.adapters.store.codec import from_ms, to_ms
from gateway.adapters.store.connection import Client, store_errors
from gateway.model import LINE_TYPE, LineType, Origin
from gateway.ports import Clock

LEARNED_TTL = timedelta(days=30)
WINDOW = timedelta(hours=24)
LAST_WRITER_TTL = timedelta(days=90)
UNREACHABLE_REPEATS = 3
UNREACHABLE_WITHIN = timedelta(days=7)
UNREACHABLE_HOLD = timedelta(hours=24)
ALL_CHANNELS = "all"
_HOLD, _BY, _SINCE = "h:", "e:", "t:"
"""Of a channel: until when the number is held back, the code of the last error, and when that was."""


def read_line_type(rows: Mapping[bytes, bytes], now: datetime) -> tuple[str, datetime] | None:
    if b"type_at" not in rows:
        return None
    at = from_ms(int(rows[b"type_at"]))
    return (rows[b"type"].decode(), at) if now - at < LEARNED_TTL else None


def read_holds(rows: Mapping[bytes, bytes], now: datetime) -> dict[str, datetime]:
    """By channel (`all`: on every one), until when; those that are over are left out."""
    held = ((name.decode(), from_ms(int(until))) for name, until in rows.items() if name.startswith(_HOLD.encode()))
    return {name.removeprefix(_HOLD): until for name, until in held if until > now}


def read_origins(rows: Mapping[bytes, bytes], now: datetime) -> dict[str, Origin]:
    """Who taught the line type and the holds that stand; see Facts."""
    found: dict[str, Origin] = {}
    if read_line_type(rows, now) is not None:
        found[LINE_TYPE] = Origin(rows.get(b"type_by", b"").decode(), from_ms(int(rows[b"type_at"])))
    for channel in read_holds(rows, now):
        since = rows.get(f"{_SINCE}{channel}".encode())
        if since is not None:
            found[channel] = Origin(rows.get(f"{_BY}{channel}".encode(), b"").decode(), from_ms(int(since)))
    return found


def read_windows(rows: Mapping[bytes, bytes], now: datetime) -> dict[str, datetime]:
    """See ports.Known; those that are closed by `now` are left out."""
    ends = {sender.decode(): from_ms(int(stored)) for sender, stored in rows.items()}
    return {sender: until for sender, until in ends.items() if until > now}


class Learned:
    def __init__(
        self,
        client: Client,
        hasher: names.Hasher,
        clock: Clock,
        *,
        repeats: int = UNREACHABLE_REPEATS,
        within: timedelta = UNREACHABLE_WITHIN,
        hold: timedelta = UNREACHABLE_HOLD,
    ) -> None:
        self._client = client
        self._hash = hasher
        self._clock = clock
        self._repeats = repeats
        self._within = within
        self._hold = hold

    # ---- line type

    def learn(self, number: str, line_type: LineType, source: str, at: datetime) -> bool:
        """`source`: what taught it, an error's code. False: something newer is known."""
        also = ("type", line_type.value, "type_by", source)
        return self._later(names.learned(self._hash(number)), "type_at", at, LEARNED_TTL, *also)

    def line_type(self, number: str) -> tuple[str, datetime] | None:
        return read_line_type(self._rows(names.learned(self._hash(number))), self._clock.now())

    # ---- not reached

    def unreachable(self, number: str, channel: str, attempt: str = "", source: str = "") -> datetime | None:
        """Count a failure; answers until when the number is now held back on this channel, if it is.

        `attempt` names what failed, so that telling it twice in a row counts once. `source`: as in `learn`.
        """
        held = scripts.run(
            self._client,
            "unreachable",
            [names.learned(self._hash(number))],
            channel,
            to_ms(self._clock.now()),
            self._repeats,
            _milliseconds(self._within),
            _milliseconds(self._hold),
            attempt,
            _milliseconds(LEARNED_TTL),
            source,
        )
        return None if held is None else from_ms(int(held))

    def reached(self, number: str, channel: str) -> None:
        """It was delivered: the count and the hold of this channel are over. A hold on all channels stays."""
        with store_errors():
            self._client.hdel(names.learned(self._hash(number)), *(f"{kind}:{channel}" for kind in "nfahet"))

    def hold(self, number: str, channel: str, until: datetime, source: str = "") -> bool:
        """Hold the number back, on one channel or on ALL_CHANNELS. False: it is held for longer already."""
        now = self._clock.now()
        also = (f"{_BY}{channel}", source, f"{_SINCE}{channel}", str(to_ms(now)))
        ttl = max(LEARNED_TTL, until - now)
        return self._later(names.learned(self._hash(number)), f"{_HOLD}{channel}", until, ttl, *also)

    def held_channels(self, number: str) -> dict[str, datetime]:
        return read_holds(self._rows(names.learned(self._hash(number))), self._clock.now())

    # ---- WhatsApp

    def open_window(self, number: str, sender: str, at: datetime) -> None:
        """The person wrote to this sender at `at`. A message that is told late shortens nothing."""
        self._later(names.window(self._hash(number)), self._hash(sender), at + WINDOW, WINDOW)

    # ---- who wrote

    def wrote(self, app: str, number: str, sender: str) -> None:
        with store_errors():
            self._client.set(names.last_app(self._hash(number), self._hash(sender)), app, ex=LAST_WRITER_TTL)

    def last_writer(self, number: str, sender: str) -> str | None:
        """The application that last wrote to this person from this sender."""
        with store_errors():
            stored = self._client.get(names.last_app(self._hash(number), self._hash(sender)))
        return None if stored is None else str(stored.decode())

    # ---- how it is stored

    def forget(self, number: str) -> None:
        """Drop what was learned of a number and its windows; who last wrote to it ends by itself."""
        with store_errors():
            self._client.delete(names.learned(self._hash(number)), names.window(self._hash(number)))

    def _rows(self, key: str) -> Mapping[bytes, bytes]:
        with store_errors():
            rows: dict[bytes, bytes] = self._client.hgetall(key)
        return rows

    def _later(self, key: str, field: str, moment: datetime, ttl: timedelta, *also: str) -> bool:
        written = scripts.run(self._client, "later", [key], field, to_ms(moment), _milliseconds(ttl), *also)
        return bool(written)


def _milliseconds(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)
