"""The rate of a batch: in no second are more calls begun than allowed, and nearly as many as allowed are."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable

MARGIN = 1.04
"""So much longer than a second is the span that holds a second's calls: what leaves evenly may arrive a bit uneven."""
CATCH_UP = 1.25
"""After a stall calls follow each other at most so much faster than the rate."""
SLOW_START = 0.67
"""Before a second's worth of calls was made it goes slower: the first ones open connections, and arrive late."""


class Pace:
    """For many threads. A turn that was taken and not used serves the same thread's next call."""

    def __init__(
        self,
        per_second: float,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        at_once = math.ceil(per_second)
        self._span = at_once / per_second * MARGIN
        self._mean = 1 / per_second
        self._first = at_once
        self._begun: deque[list[float]] = deque(([float("-inf")] for _ in range(at_once)), maxlen=at_once)
        self._lock = threading.Lock()
        self._monotonic = monotonic
        self._sleep = sleep
        self._own = threading.local()

    def turn(self) -> None:
        """Wait for a turn, unless this thread still has one."""
        if not getattr(self._own, "ready", False):
            self._wait()
            self._own.ready = True

    def begin(self) -> None:
        """A call begins: with the turn that was waited for, or with another one (a retry, a second question)."""
        self.turn()
        self._own.ready = False

    def _wait(self) -> None:
        with self._lock:
            now = self._monotonic()
            apart = self._mean / (SLOW_START if self._first > 0 else CATCH_UP)
            moment = max(now, self._begun[0][0] + self._span, self._begun[-1][0] + apart)
            own = [moment]
            self._begun.append(own)
            self._first -= 1
        if moment > now:
            self._sleep(moment - now)
            # Whoever wakes late begins late, and the calls after it must not close up.
            own[0] = max(moment, self._monotonic())
