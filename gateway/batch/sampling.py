"""The shared circuit breaker as a fast batch uses it: asked and told only now and then, which tells it the same."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from gateway.adapters.lookups import Breaker

TELLS_PER_SECOND = 50
ASKED_SECONDS = 0.1


class SampledBreaker(Breaker):
    """Of 500 calls a second one in ten is noted, by chance and whatever became of it: the share of failures is true.

    Probes are always noted. An open breaker is seen within ASKED_SECONDS.
    """

    def __init__(self, breaker: Breaker, per_second: float, chance: Callable[[], float] = random.random) -> None:
        self._breaker = breaker
        self._noted = min(1.0, TELLS_PER_SECOND / per_second)
        self._chance = chance
        self._ask_again_at = float("-inf")

    def admit(self) -> bool:
        if self._noted < 1 and time.monotonic() < self._ask_again_at:
            return False
        probe = self._breaker.admit()
        if not probe:
            self._ask_again_at = time.monotonic() + ASKED_SECONDS
        return probe

    def note(self, *, failed: bool, probe: bool) -> None:
        if probe or self._chance() < self._noted:
            self._breaker.note(failed=failed, probe=probe)
