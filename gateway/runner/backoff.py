"""How long to wait before a process that ended is started again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Backoff:
    """Doubles from `first_seconds` to `longest_seconds`; a life of `healthy_seconds` begins anew."""

    first_seconds: float = 1.0
    longest_seconds: float = 8.0
    healthy_seconds: float = 30.0
    _next: float = 0.0

    def after(self, lived_seconds: float) -> float:
        if lived_seconds >= self.healthy_seconds or not self._next:
            self._next = self.first_seconds
        wait = self._next
        self._next = min(wait * 2, self.longest_seconds)
        return wait
