"""The circuit breaker of all processes together: while Lookup is failing, nobody waits for it.

Too many failures within the window open it. After a while one call, of all processes, probes; its answer decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from gateway.adapters.store import names, scripts
from gateway.adapters.store.connection import Client
from gateway.errors import LookupUnavailable

OPEN = "breaker_open"
_PROBE, _OPENED, _CLOSED = -1, 1, 2


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """`probe`: how long one probe may take before another is let through."""

    failure_ratio: float = 0.5
    minimum_calls: int = 20
    window: timedelta = timedelta(seconds=30)
    open_for: timedelta = timedelta(seconds=15)
    probe: timedelta = timedelta(seconds=4)


class Breaker:
    """`on_change` hears `opened` and `closed`, in the process whose call did it."""

    def __init__(
        self,
        client: Client,
        name: str,
        rules: BreakerRules | None = None,
        *,
        on_change: Callable[[str], None] = lambda change: None,
    ) -> None:
        self._client = client
        self._key = names.breaker(name)
        self._rules = rules or BreakerRules()
        self._on_change = on_change

    def admit(self) -> bool:
        """True: this call is the probe, so its answer must be noted. Raises LookupUnavailable while it is open."""
        answer = int(scripts.run(self._client, "admit", [self._key], _ms(self._rules.probe)))
        if answer > 0:
            raise LookupUnavailable(OPEN, retry_after_seconds=max(1, -(-answer // 1000)))
        return answer == _PROBE

    def note(self, *, failed: bool, probe: bool) -> None:
        rules = self._rules
        change = scripts.run(
            self._client,
            "judge",
            [self._key],
            int(failed),
            int(probe),
            _ms(rules.window),
            rules.minimum_calls,
            rules.failure_ratio,
            _ms(rules.open_for),
        )
        if int(change) in (_OPENED, _CLOSED):
            self._on_change("opened" if int(change) == _OPENED else "closed")


def _ms(span: timedelta) -> int:
    return max(1, round(span.total_seconds() * 1000))
