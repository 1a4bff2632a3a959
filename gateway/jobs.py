"""The jobs that RQ runs. Their names are stored in Redis and seen by other versions: retire them, never rename them."""

from __future__ import annotations

from gateway import pipeline
from gateway.wiring import current
from gateway.wiring.buying import buy_chunk


def wake(intent_id: str) -> None:
    """Look at one intent and do what it needs now."""
    pipeline.run(current().house, intent_id)


def deliver(event_id: str) -> None:
    """Post one event to its application, if it is due."""
    current().delivery.deliver(event_id)


def buy(about: str) -> None:
    """Buy the lookups of one chunk of a batch."""
    buy_chunk(current(), about)
