"""The worker's clock: what is done again and again, how often, and whether by one process or by each."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from redis.exceptions import OutOfMemoryError

from gateway.adapters.store.connection import Client
from gateway.adapters.store.doorbell import JOB_TIMEOUT_SECONDS
from gateway.adapters.store.lease import Lease
from gateway.adapters.store.presence import Presence
from gateway.errors import StoreUnavailable
from gateway.wiring import Gateway
from gateway.wiring.liveness import note_worker
from gateway.wiring.retention import Keeping
from gateway.wiring.series import Sampling
from gateway.wiring.sweep import Sweep
from gateway.worker.shelf import Shelf

log = structlog.get_logger("gateway.worker")
STEP_SECONDS = 0.25
LEASE_TTL = timedelta(seconds=1.4)
LOOK_SECONDS = 0.5
"""How often the others look whether the lease is free: with its life it makes a takeover take less than 2 s."""


@dataclass(frozen=True, slots=True)
class Duty:
    """`alone`: by the one process that holds the lease. `frees`: it gives memory back, and twice does no harm."""

    name: str
    every_seconds: float
    work: Callable[[], object]
    alone: bool = True
    frees: bool = False


def duties_of(gateway: Gateway, presence: Presence, shelf: Shelf) -> tuple[Duty, ...]:
    overdue = Overdue(shelf)
    return (
        Duty("beat", 10.0, lambda: presence.beat(busy=bool(shelf.answering())), alone=False),
        Duty("seen", 2.0, lambda: note_worker(gateway), alone=False),
        Duty("overdue", 5.0, overdue.look, alone=False),
        Duty("sweep", STEP_SECONDS, Sweep(gateway).once),
        Duty("events", STEP_SECONDS, gateway.delivery.ring),
        Duty("retention", STEP_SECONDS, Keeping(gateway).once, frees=True),
        Duty("series", 10.0, Sampling(gateway).once),
        Duty("rq maintenance", 60.0, presence.clean),
    )


class Clockwork:
    def __init__(self, client: Client, duties: Sequence[Duty]) -> None:
        self._lease = Lease(client, "clock", LEASE_TTL)
        self._duties = duties
        self._due = {duty.name: 0.0 for duty in duties}
        self._leads = False
        self._look_at = 0.0

    def tick(self, stopping: threading.Event) -> None:
        """Whatever is due now, then a short rest. Raises StoreUnavailable; what it spoiled is due again at once."""
        try:
            self._do_what_is_due()
        except StoreUnavailable as err:
            if isinstance(err.__cause__, OutOfMemoryError):
                self._free()
            raise
        stopping.wait(STEP_SECONDS)

    def _do_what_is_due(self) -> None:
        if self._leads or time.monotonic() >= self._look_at:
            self._leads = self._lease.held()
            self._look_at = time.monotonic() + LOOK_SECONDS
        for duty in self._duties:
            if time.monotonic() >= self._due[duty.name] and (self._leads or not duty.alone):
                self._do(duty)
                self._due[duty.name] = time.monotonic() + duty.every_seconds

    def _free(self) -> None:
        """A full Redis grants no lease and hears no beat, but it still deletes."""
        for duty in self._duties:
            if duty.frees:
                self._do(duty)

    def _do(self, duty: Duty) -> None:
        try:
            duty.work()
        except StoreUnavailable:
            raise
        except Exception as err:  # noqa: BLE001 - the boundary of a duty: the others go on
            log.error("duty_failed", duty=duty.name, error=type(err).__name__)

    def leave(self) -> None:
        if self._leads:
            self._lease.give_up()


class Overdue:
    """Names jobs that run longer than any should, once each: every call they make is bounded, so this is a bug."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._told: set[str] = set()

    def look(self) -> None:
        now = {bell.job_id for bell in self._shelf.answering(longer_than=JOB_TIMEOUT_SECONDS)}
        for job_id in now - self._told:
            log.error("job_overdue", job=job_id, seconds=JOB_TIMEOUT_SECONDS)
        self._told = now
