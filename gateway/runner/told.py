"""That a process is told to stop, heard in the main thread."""

from __future__ import annotations

from queue import Empty, SimpleQueue

LOOK_SECONDS = 1.0


class Told:
    """`tell` may be called by a signal handler in the middle of anything: a SimpleQueue's `put` takes no lock.

    A signal that comes while the whole process stands still (SIGSTOP, a paused container) may be handed to another
    thread of it. Python then only notes it, and a main thread that waits for ever never runs the handler; therefore
    every wait here has an end.
    """

    def __init__(self) -> None:
        self._told: SimpleQueue[None] = SimpleQueue()

    def tell(self) -> None:
        self._told.put(None)

    def wait(self) -> None:
        """Until it was told; each telling ends one wait."""
        while not self.within(LOOK_SECONDS):
            pass

    def within(self, seconds: float) -> bool:
        """Whether it was told before so many seconds are over."""
        try:
            self._told.get(timeout=seconds)
        except Empty:
            return False
        return True
