"""One call for one number at a time, over all threads and processes; whoever comes meanwhile waits for its answer.

Threads of a process gather behind one of them, processes behind a lock in the state. An owner that dies holds it no
longer than its short lease, then one of those who wait calls instead and the others wait for that one. An owner that
was only slow has its answer all the same, and the cache too. What landed is left, sealed and for seconds only, for
those who were waiting, so that sharing works without any cache.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gateway.adapters.lookups.renewal import Renewal, lease_ms
from gateway.adapters.store import names, scripts
from gateway.adapters.store.codec import Sealer, dumps, lookup_document, read_lookup
from gateway.adapters.store.connection import Client, store_errors
from gateway.errors import GatewayError, LookupUnavailable, StoreUnavailable
from gateway.model import Lookup, LookupSource

LANDING_SECONDS = 1.0
"""How much longer than its call a flight may be held, for booking and landing it."""
KEPT_SECONDS = 10.0
FIRST_PAUSE, LONGEST_PAUSE = 0.01, 0.05
OUT_OF_TIME = "out_of_time"
OWN_AFFAIRS = frozenset({"too_many_in_flight", "budget", OUT_OF_TIME})
"""Failures of one caller that say nothing to the others: they try for themselves."""


@dataclass(frozen=True, slots=True)
class Landed:
    """What a flight brought: an answer and the fields it was bought for, or why there is none."""

    lookup: Lookup | None = None
    fields: frozenset[str] = frozenset()
    cause: str = ""
    retry_after_seconds: int = 30

    def shared(self, fields: Sequence[str]) -> Lookup | None:
        """The answer, if it holds all of these fields. Raises LookupUnavailable where all would fail alike."""
        if self.cause:
            raise LookupUnavailable(self.cause, retry_after_seconds=self.retry_after_seconds)
        if self.lookup is None or not (self.lookup.valid is False or self.fields.issuperset(fields)):
            return None
        return replace(self.lookup, source=LookupSource.SHARED)


NOTHING = Landed()


class _Board:
    """The threads of this process that are after one number."""

    def __init__(self) -> None:
        self._landed = threading.Event()
        self._found = NOTHING

    def land(self, found: Landed) -> None:
        self._found = found
        self._landed.set()

    def wait(self, deadline: float) -> Landed:
        if not self._landed.wait(max(0.0, deadline - time.monotonic())):
            raise LookupUnavailable(OUT_OF_TIME)
        return self._found


class Flights:
    def __init__(self, client: Client, hasher: names.Hasher, sealer: Sealer) -> None:
        self._client = client
        self._hash = hasher
        self._sealer = sealer
        self._renewal = Renewal(client)
        self._boards: dict[str, _Board] = {}
        self._lock = threading.Lock()

    def once(self, number: str, fields: Sequence[str], deadline: float, buy: Callable[[], Landed]) -> Lookup:
        """`buy` looks into the cache again and buys what is missing. Raises LookupUnavailable, StoreUnavailable."""
        name = self._hash(number)
        while True:
            board, leads = self._join(name)
            if leads:
                return self._led(name, board, number, fields, deadline, buy)
            found = board.wait(deadline).shared(fields)
            if found is not None:
                return found

    def _join(self, name: str) -> tuple[_Board, bool]:
        with self._lock:
            board = self._boards.get(name)
            if board is not None:
                return board, False
            self._boards[name] = board = _Board()
            return board, True

    def _led(
        self,
        name: str,
        board: _Board,
        number: str,
        fields: Sequence[str],
        deadline: float,
        buy: Callable[[], Landed],
    ) -> Lookup:
        landed = NOTHING
        try:
            landed, found = self._across(name, number, fields, deadline, buy)
            return found
        except GatewayError as err:
            landed = _failure(err)
            raise
        finally:
            with self._lock:
                del self._boards[name]
            board.land(landed)

    def _across(
        self, name: str, number: str, fields: Sequence[str], deadline: float, buy: Callable[[], Landed]
    ) -> tuple[Landed, Lookup]:
        """On behalf of this process: own the flight, or wait for the process that does."""
        lock, token = names.flight(name), secrets.token_hex(12)
        while True:
            if deadline <= time.monotonic():
                raise LookupUnavailable(OUT_OF_TIME)
            holder = scripts.run(self._client, "board", [lock], token, lease_ms()).decode()
            if not holder:
                with self._renewal.holding(lock, token, deadline + LANDING_SECONDS):
                    landed = self._owned(lock, token, buy)
                assert landed.lookup is not None  # noqa: S101 - what was bought has an answer
                return landed, landed.lookup
            landed = self._awaited(lock, holder, number, deadline)
            found = landed.shared(fields)
            if found is not None:
                return landed, found

    def _owned(self, lock: str, token: str, buy: Callable[[], Landed]) -> Landed:
        landed = NOTHING
        try:
            landed = buy()
            return landed
        except LookupUnavailable as err:
            landed = _failure(err)
            raise
        finally:
            # Without the store the lease ends by itself, and what was bought is not lost to its buyer.
            with contextlib.suppress(StoreUnavailable):
                self._land(lock, token, landed)

    def _land(self, lock: str, token: str, landed: Landed) -> None:
        result = names.landed(token)
        tells = landed.cause or landed.fields
        text = self._sealer.seal(_written(landed), result) if tells else b""
        scripts.run(self._client, "land", [lock, result], token, text, round(KEPT_SECONDS * 1000))

    def _awaited(self, lock: str, holder: str, number: str, deadline: float) -> Landed:
        """What the holder found; NOTHING when it has let go, or its lease has ended, without a word."""
        result, pause = names.landed(holder), FIRST_PAUSE
        while time.monotonic() < deadline:
            with store_errors():
                held, found = self._client.mget([lock, result])
            if found is not None:
                return _read(self._sealer.open(found, result), number)
            if held is None or held.decode() != holder:
                return NOTHING
            time.sleep(max(0.0, min(pause, deadline - time.monotonic())))
            pause = min(pause * 1.5, LONGEST_PAUSE)
        raise LookupUnavailable(OUT_OF_TIME)


def _failure(err: GatewayError) -> Landed:
    if isinstance(err, LookupUnavailable) and err.cause not in OWN_AFFAIRS:
        return Landed(cause=err.cause, retry_after_seconds=err.retry_after_seconds)
    return NOTHING


def _written(landed: Landed) -> str:
    if landed.lookup is None:
        return dumps({"cause": landed.cause, "wait": landed.retry_after_seconds})
    return dumps({"lookup": lookup_document(landed.lookup, with_number=True), "fields": sorted(landed.fields)})


def _read(text: str, number: str) -> Landed:
    document = json.loads(text)
    if "cause" in document:
        return Landed(cause=document["cause"], retry_after_seconds=document["wait"])
    return Landed(read_lookup(document["lookup"], number), frozenset(document["fields"]))
