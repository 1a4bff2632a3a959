"""How a thread of the worker lives through Redis being away: it waits longer each time, and says so once."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import structlog

from gateway.errors import StoreUnavailable

log = structlog.get_logger("gateway.worker")
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 2.0


def kept_up(work: Callable[[], None], stopping: threading.Event, name: str) -> None:
    """Call `work` again and again until stopping, whatever it raises."""
    pause = 0.0
    while not stopping.is_set():
        try:
            work()
        except StoreUnavailable as err:
            if not pause:
                log.warning("store_lost", thread=name, error=str(err))
            pause = min(max(2 * pause, FIRST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
        except Exception as err:  # noqa: BLE001 - the boundary of a thread, which must survive whatever comes
            log.error("thread_failed", thread=name, error=type(err).__name__)
            pause = LONGEST_PAUSE_SECONDS
        else:
            if pause:
                log.info("store_back", thread=name)
            pause = 0.0
            continue
        stopping.wait(pause * random.uniform(0.5, 1.0))
