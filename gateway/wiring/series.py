"""What is sampled of the house for the console's charts: few figures, cheap to read. Nothing personal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from gateway.adapters.store import names
from gateway.adapters.store.connection import store_errors
from gateway.adapters.store.series import SLOT, Series
from gateway.wiring.gateway import Gateway
from gateway.wiring.liveness import queue_age_seconds

ACCEPTED = "intents:accepted:"


class Sampling:
    """One process's part in it; whoever comes first in a slot takes the sample."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._done = -1

    def once(self) -> None:
        """Raises StoreUnavailable."""
        now = self._gateway.clock.now()
        slot = int(now.timestamp() // SLOT.total_seconds())
        if slot != self._done:
            Series(self._gateway.client).note(now, figures(self._gateway))
            self._done = slot


def figures(gateway: Gateway) -> Mapping[str, float]:
    """`status:<status>`, `channel:<channel>` (attempts begun) as totals; `queue_age`, `suppressed` as they are."""
    with store_errors():
        stored = gateway.client.hgetall(names.COUNTS)
    found: Counter[str] = Counter()
    for raw, count in stored.items():
        for name in _kept(raw.decode()):
            found[name] += int(count)
    return {**found, "queue_age": queue_age_seconds(gateway), "suppressed": gateway.suppressions.count()}


def _kept(name: str) -> tuple[str, ...]:
    kind, _, rest = name.partition(":")
    if name.startswith(ACCEPTED):
        return ("status:accepted",)
    if kind == "intents":
        return (f"status:{rest}",)
    status, _, channel = rest.partition(":")
    if kind == "attempts" and status == "started":
        return (f"channel:{channel.partition(':')[0]}",)
    return ()
