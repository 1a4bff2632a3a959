"""One process, many sends in flight: threads that each run RQ on one queue, and the clock that rings the bell.

A thread listens to one queue only, because an RQ worker on several queues can lose a job when it is killed.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable

import structlog
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty

from gateway.adapters.store.doorbell import LANES, Doorbell
from gateway.wiring import Gateway
from gateway.wiring.liveness import note_worker
from gateway.wiring.sweep import Sweep

log = structlog.get_logger("gateway.worker")
RESTART_PAUSE_SECONDS = 1.0
SHARES = {"urgent": 0.25, "normal": 0.5, "bulk": 0.25}


class LaneWorker(SimpleWorker):
    """RQ's worker in a thread: no signals of its own, timeouts by timer, maintenance often enough to matter."""

    death_penalty_class = TimerDeathPenalty

    def _install_signal_handlers(self) -> None:
        """Signals are for the process' main thread."""


class WorkerProcess:
    """`concurrency` sends in flight. `run` returns when `stop` was called and what was in flight is finished."""

    def __init__(self, gateway: Gateway, concurrency: int) -> None:
        self._gateway = gateway
        self._stopping = threading.Event()
        self._workers: list[LaneWorker] = []
        self._lock = threading.Lock()
        self._lanes = lanes_for(concurrency)

    def run(self) -> None:
        logging.getLogger("rq").setLevel(logging.WARNING)
        threads = [
            threading.Thread(target=self._keep, args=(self._listen, lane), name=f"{lane}-{n}", daemon=True)
            for n, lane in enumerate(self._lanes)
        ]
        threads.append(threading.Thread(target=self._keep, args=(self._tick, ""), name="clock", daemon=True))
        for thread in threads:
            thread.start()
        grace = self._gateway.settings.dispatch.grace_seconds
        self._stopping.wait()
        deadline = time.monotonic() + grace
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def stop(self) -> None:
        """Finish what is in flight; take nothing new."""
        self._stopping.set()
        with self._lock:
            for worker in self._workers:
                worker._stop_requested = True

    def _keep(self, work: Callable[[str], None], lane: str) -> None:
        """Run `work` until stopping, again whenever it fails (Redis was away)."""
        while not self._stopping.is_set():
            try:
                work(lane)
            except Exception as err:  # noqa: BLE001 - the boundary: a lane must survive whatever a job or Redis does
                log.warning("lane_restarted", lane=lane or "clock", error=type(err).__name__)
                self._stopping.wait(RESTART_PAUSE_SECONDS)

    def _listen(self, lane: str) -> None:
        client = self._gateway.client
        name = f"{socket.gethostname()}-{os.getpid()}-{threading.current_thread().name}-{time.time_ns()}"
        worker = LaneWorker([Doorbell.queue(lane, client)], name=name, connection=client, serializer=JSONSerializer)
        with self._lock:
            self._workers.append(worker)
        try:
            worker.work(logging_level="WARNING")
        finally:
            with self._lock:
                self._workers.remove(worker)

    def _tick(self, _: str) -> None:
        sweep = Sweep(self._gateway)
        while not self._stopping.wait(sweep.every_seconds):
            note_worker(self._gateway)
            sweep.once()


def lanes_for(concurrency: int) -> list[str]:
    """How many threads listen to which lane: at least one each."""
    counts = {lane: max(1, int(concurrency * SHARES[lane])) for lane in LANES}
    counts["normal"] += max(0, concurrency - sum(counts.values()))
    return [lane for lane in LANES for _ in range(counts[lane])]


__all__ = ["WorkerProcess", "lanes_for"]
