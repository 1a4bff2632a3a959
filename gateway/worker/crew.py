"""One process, many sends in flight: a feeder per lane, a crew that answers bells, one who settles, and the clock.

Signals are the caller's: `stop` once is a graceful end, twice an end at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

import structlog

from gateway.adapters.store.bells import Bell, Bells
from gateway.adapters.store.lanes import ALL_LANES
from gateway.adapters.store.presence import Presence
from gateway.errors import StoreUnavailable
from gateway.runner.told import Told
from gateway.wiring import Gateway
from gateway.worker.answering import answer_bells
from gateway.worker.clock import Clockwork, duties_of
from gateway.worker.outage import kept_up
from gateway.worker.settling import Settling
from gateway.worker.shelf import Shelf

log = structlog.get_logger("gateway.worker")
LONGEST_WAIT_SECONDS = 1.0
INBOUND_SECONDS = 0.25
LOOK_SECONDS = 0.01
MOST_BESIDE = 16


class WorkerProcess:
    """`run` returns when `stop` was called and what was in flight is finished, or the grace is over.

    `concurrency` is how many provider calls shall be in flight. The gateway itself bounds them; the crew is a little
    larger, so that while some read or write intents there are still that many calling.
    """

    def __init__(self, gateway: Gateway, concurrency: int) -> None:
        self._gateway = gateway
        self._crew = concurrency + max(1, min(MOST_BESIDE, concurrency // 8))
        self._stopping = threading.Event()
        self._told = Told()
        self._presence = Presence(gateway.client)
        self._bells = {lane: Bells(gateway.client, lane, self._presence) for lane in ALL_LANES}
        self._shelf = Shelf(ALL_LANES, self._crew)
        self._settling = Settling(self._bells, self._stopping)
        # Shorter than the socket's own limit, which would be an error.
        self._wait = min(LONGEST_WAIT_SECONDS, gateway.settings.store.socket_timeout_ms / 2000)

    def run(self) -> None:
        duties = duties_of(self._gateway, self._presence, self._shelf)
        clockwork = Clockwork(self._gateway.client, duties)
        crew = [self._thread(f"crew-{n}", self._answer) for n in range(self._crew)]
        settling = self._kept_up("settling", self._settling.once)
        clock = self._kept_up("clock", partial(clockwork.tick, self._stopping))
        self._kept_up("inbound", self._catch_up)
        for lane in self._bells:
            self._kept_up(f"feed-{lane}", self._gateway.catch_up.noticing(partial(self._feed, lane)))
        log.info("worker_started", worker=self._presence.name, crew=self._crew)
        self._told.wait()
        self._stopping.set()
        left = self._shelf.close()
        self._settling.wake()
        settling.join(LONGEST_WAIT_SECONDS)
        clock.join(LONGEST_WAIT_SECONDS)
        self._end(crew, left, clockwork)

    def stop(self) -> None:
        """Finish what is in flight; take nothing new. Twice: end at once. A signal handler may call it."""
        self._told.tell()

    def _thread(self, name: str, work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=work, name=name, daemon=True)
        thread.start()
        return thread

    def _answer(self) -> None:
        answer_bells(self._shelf, self._settling, self._gateway.catch_up)

    def _kept_up(self, name: str, work: Callable[[], None]) -> threading.Thread:
        return self._thread(name, partial(kept_up, work, self._stopping, name))

    def _catch_up(self) -> None:
        """In a thread of its own, because it waits for Twilio."""
        self._gateway.catch_up.once()
        self._stopping.wait(INBOUND_SECONDS)

    def _feed(self, lane: str) -> None:
        bells, room = self._bells[lane], self._shelf.room(lane)
        taken = bells.take(room) if room else []
        if taken and not self._shelf.put(taken):
            bells.give_back(taken)
        elif room and not taken:
            bells.wait(self._wait)

    def _end(self, crew: Sequence[threading.Thread], left: Sequence[Bell], clockwork: Clockwork) -> None:
        deadline = time.monotonic() + self._gateway.settings.dispatch.grace_seconds
        self._if_redis_is_there(partial(self._give_back, left))
        while any(thread.is_alive() for thread in crew) and time.monotonic() < deadline:
            if self._told.within(LOOK_SECONDS):
                break
        for last in (self._settling.rest, clockwork.leave, self._presence.leave):
            self._if_redis_is_there(last)
        unfinished = [bell.job_id for bell in self._shelf.answering()]
        log.info("worker_stopped", worker=self._presence.name, unfinished=unfinished)

    def _give_back(self, left: Sequence[Bell]) -> None:
        for lane, bells in self._bells.items():
            if own := [bell for bell in left if bell.lane == lane]:
                bells.give_back(own)

    def _if_redis_is_there(self, act: Callable[[], None]) -> None:
        """What is left undone is rung again by the sweep, and forgotten by RQ's maintenance."""
        try:
            act()
        except StoreUnavailable as err:
            log.warning("store_lost", thread="main", error=str(err))
