"""The lanes that bells travel on: one RQ queue each, and what each may claim of a worker's sends in flight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lane:
    """`job`: the function its bells call. `least`: the part of a worker that is its own whenever it has bells.

    `most`: the part it may fill while the others rest; below 1 where its jobs wait for strangers.
    """

    name: str
    job: str
    least: float
    most: float = 1.0


WAKE = "gateway.jobs.wake"
BATCH = "batch"
"""Whose jobs wait for a process that buys lookups: they take places of the crew, and none of its work."""
ALL_LANES: Mapping[str, Lane] = {
    lane.name: lane
    for lane in (
        Lane("urgent", WAKE, least=0.25),
        Lane("normal", WAKE, least=0.40),
        Lane("bulk", WAKE, least=0.15),
        Lane("events", "gateway.jobs.deliver", least=0.15, most=0.25),
        Lane(BATCH, "gateway.jobs.buy", least=0.05, most=0.15),
    )
}
LANES = tuple(lane.name for lane in ALL_LANES.values() if lane.job == WAKE)
"""Those whose bells are for intents."""
