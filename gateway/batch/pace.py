"""The rate of a batch, kept exactly: each request of Lookup has a moment of its own, and the moments are evenly apart.

The moments come from Redis, for all processes that buy. A request is begun within TOLERANCE of its moment or takes
another one, and a moment that nobody used is gone: nothing is saved up. So no second holds more requests than allowed,
as stamped right before the write; and as seen by Lookup, while ways there do not differ by more than WIRE.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gateway.adapters.store.slots import Block
from gateway.errors import LookupUnavailable

TOLERANCE_SECONDS = 0.02
WIRE_SECONDS = 0.015
ADMITTED_SECONDS = 0.05
IN_CALL_SECONDS = 0.5
"""The longest that a call may wait for its moment: its time limit, and the lock on its number, run on meanwhile."""
LEAD_SECONDS = 0.2
"""What a lookup needs at most before its request, in Redis."""
NOT_YET = "refused_not_yet"
"""The cause with which a lookup ends that would have to wait longer. It begins as what was surely not billed."""
OFFSET_SECONDS = 2.0
EVERYTHING = float("-inf"), float("inf")
Reserve = Callable[[int], Block]


def apart_seconds(per_second: float) -> float:
    """How far the moments are apart: a second, what may come late included, holds no more than the rate."""
    return (1 + TOLERANCE_SECONDS + WIRE_SECONDS) / per_second


@dataclass(frozen=True, slots=True)
class Moment:
    """On this process's clock: `begins` is the latest that it can be, `ends` the earliest that its time can be over."""

    begins: float
    ends: float


class Offset:
    """Between what our clock shows and what Redis' shows at the same time lies at least `least` and at most `most`.

    Each answer of Redis was written between our question and its arrival; what all of the last seconds allow is narrow.
    """

    def __init__(self) -> None:
        self._older = self._newer = EVERYTHING
        self._renewed_at = float("-inf")

    @property
    def least(self) -> float:
        return max(self._older[0], self._newer[0])

    @property
    def most(self) -> float:
        return min(self._older[1], self._newer[1])

    def learn(self, asked: float, answered: float, server: float) -> None:
        low, high = asked - server, answered - server
        if low > self.most or high < self.least:  # a clock was set
            self._older = self._newer = EVERYTHING
        if answered - self._renewed_at > OFFSET_SECONDS:  # clocks drift
            self._older, self._newer, self._renewed_at = self._newer, EVERYTHING, answered
        self._newer = max(self._newer[0], low), min(self._newer[1], high)


class Pace:
    """For many threads. `admit` bounds how many lookups have been begun whose request has not: so none waits long."""

    def __init__(
        self,
        reserve: Reserve,
        per_second: float,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._reserve = reserve
        self._apart = apart_seconds(per_second)
        self._monotonic = monotonic
        self._sleep = sleep
        self._admitted = threading.Semaphore(math.ceil(per_second * ADMITTED_SECONDS) + 1)
        self._own = threading.local()
        self._offset = Offset()
        self._purse: deque[Moment] = deque()
        self._wanting = 0
        self._counting = threading.Lock()
        self._fetching = threading.Lock()
        self.missed = 0

    def admit(self) -> None:
        """Wait until another lookup may be begun; whoever makes it does so in `lookup`."""
        self._admitted.acquire()

    @contextmanager
    def lookup(self) -> Iterator[None]:
        """A lookup that was admitted: until its first request, or its end where it needs none."""
        self._own.admitted = True
        try:
            yield
        finally:
            self._let_go()

    def begin(self) -> None:
        """Returns when a request may be written, now. Raises StoreUnavailable, and LookupUnavailable with NOT_YET.

        NOT_YET: this thread's moment is far. It is kept; the lookup shall be tried again after `until_near`.
        """
        while True:
            moment = self._kept() or self._moment()
            left = moment.begins - self._monotonic()
            if left > IN_CALL_SECONDS:
                self._own.moment = moment
                raise LookupUnavailable(NOT_YET)
            if left > 0:
                self._sleep(left)
            if self._monotonic() <= moment.ends:
                break
            self.missed += 1
        self._let_go()

    def until_near(self) -> float:
        """Seconds."""
        moment: Moment | None = getattr(self._own, "moment", None)
        return 0.0 if moment is None else max(0.0, moment.begins - self._monotonic() - LEAD_SECONDS)

    def _kept(self) -> Moment | None:
        moment: Moment | None = getattr(self._own, "moment", None)
        self._own.moment = None
        return moment

    def _let_go(self) -> None:
        if getattr(self._own, "admitted", False):
            self._own.admitted = False
            self._admitted.release()

    def _moment(self) -> Moment:
        """One of those that one thread has fetched for all that were waiting."""
        with self._counting:
            self._wanting += 1
        try:
            with self._fetching:
                while not self._purse:
                    self._fetch(self._wanting)
                return self._purse.popleft()
        finally:
            with self._counting:
                self._wanting -= 1

    def _fetch(self, wanted: int) -> None:
        asked = self._monotonic()
        block = self._reserve(max(1, wanted))
        self._offset.learn(asked, self._monotonic(), block.now)
        least, most = self._offset.least, self._offset.most
        if not block.count:
            self._sleep(block.first - block.now)
        for n in range(block.count):
            at = block.first + n * self._apart
            self._purse.append(Moment(at + most, at + least + TOLERANCE_SECONDS))
