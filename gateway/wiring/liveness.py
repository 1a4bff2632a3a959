"""Whether anybody is at work: when a worker was last seen, and how old the oldest waiting bell is."""

from __future__ import annotations

from gateway.adapters.store import names
from gateway.adapters.store.codec import from_ms, to_ms
from gateway.adapters.store.connection import store_errors
from gateway.wiring.gateway import Gateway

SEEN = f"{names.PREFIX}:worker:seen"
SEEN_TTL_SECONDS = 3600


def note_worker(gateway: Gateway) -> None:
    with store_errors():
        gateway.client.set(SEEN, to_ms(gateway.clock.now()), ex=SEEN_TTL_SECONDS)


def worker_seen_seconds(gateway: Gateway) -> float | None:
    """Seconds since a worker was last seen; None: not within the last hour."""
    with store_errors():
        stored = gateway.client.get(SEEN)
    return None if stored is None else round((gateway.clock.now() - from_ms(int(stored))).total_seconds(), 1)


def queue_age_seconds(gateway: Gateway) -> float:
    """How long the most overdue open intent has been waiting for its turn; 0 when none is."""
    now = gateway.clock.now()
    oldest = now
    for name in gateway.intents.open_names():
        with store_errors():
            first = gateway.client.zrange(names.open_intents(name), 0, 0, withscores=True)
        if first:
            oldest = min(oldest, from_ms(round(first[0][1])))
    return round((now - oldest).total_seconds(), 1)


def inbound_held(gateway: Gateway) -> bool:
    """Whether sending waits until inbound messages that were missed have been fetched."""
    with store_errors():
        return bool(gateway.client.exists(names.INBOUND_HOLD))
