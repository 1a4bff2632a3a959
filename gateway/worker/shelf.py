"""Which bell is answered next: bells taken from Redis wait here, a few per lane, until one of the crew is free.

Of the lanes with bells the one that uses the smallest part of its share comes first. So each lane has its share as soon
as any answer is finished, and what the others leave idle in the meantime. Knows no Redis.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Condition, Lock

from gateway.adapters.store.bells import Bell
from gateway.adapters.store.lanes import Lane


@dataclass(slots=True)
class _Place:
    """One lane's: what waits, how many are being answered, and how many may be."""

    least: float
    most: int
    waiting: deque[Bell]
    answering: int = 0


class Shelf:
    def __init__(self, lanes: Mapping[str, Lane], concurrency: int) -> None:
        lock = Lock()
        self._bells, self._room = Condition(lock), Condition(lock)
        self._places = {
            lane.name: _Place(max(lane.least * concurrency, 0.5), max(1, round(lane.most * concurrency)), deque())
            for lane in lanes.values()
        }
        self._depth = max(1, min(8, concurrency // 8))
        """How many bells of a lane may wait here: enough that none of the crew waits for Redis."""
        self._since: dict[int, tuple[Bell, float]] = {}
        """By identity: a bell that was rung twice may come twice at once, and both look the same."""
        self._open = True

    def room(self, lane: str) -> int:
        """How many bells to bring; waits until it is worth it. 0: closed."""
        place = self._places[lane]
        with self._room:
            while self._open and len(place.waiting) > self._depth // 2:
                self._room.wait()
            return self._depth - len(place.waiting) if self._open else 0

    def put(self, bells: Sequence[Bell]) -> bool:
        """False: closed, and none was taken."""
        with self._bells:
            if not self._open:
                return False
            for bell in bells:
                self._places[bell.lane].waiting.append(bell)
            self._bells.notify(len(bells))
            return True

    def take(self) -> Bell | None:
        """The next to answer; waits for it. None: closed."""
        with self._bells:
            while self._open:
                place = self._next()
                if place is not None:
                    bell = place.waiting.popleft()
                    place.answering += 1
                    self._since[id(bell)] = bell, time.monotonic()
                    if len(place.waiting) <= self._depth // 2:
                        self._room.notify_all()
                    return bell
                self._bells.wait()
            return None

    def done(self, bell: Bell) -> None:
        """Whoever calls this is free and comes to `take` at once, so nobody needs to be told."""
        with self._bells:
            self._places[bell.lane].answering -= 1
            del self._since[id(bell)]

    def close(self) -> list[Bell]:
        """Nothing is begun any more; gives what was waiting."""
        with self._bells:
            self._open = False
            left = [bell for place in self._places.values() for bell in place.waiting]
            for place in self._places.values():
                place.waiting.clear()
            self._bells.notify_all()
            self._room.notify_all()
            return left

    def answering(self, longer_than: float = 0.0) -> list[Bell]:
        """What is being answered, for longer than so many seconds."""
        with self._bells:
            now = time.monotonic()
            return [bell for bell, since in self._since.values() if now - since >= longer_than]

    def _next(self) -> _Place | None:
        free = [place for place in self._places.values() if place.waiting and place.answering < place.most]
        return min(free, key=lambda place: place.answering / place.least, default=None)
