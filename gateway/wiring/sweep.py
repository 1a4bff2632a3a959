"""The sweep: rings for every open intent whose time has come, fairly between applications, and never twice at once.

Any number of processes may sweep: taking an intent puts it off in the same step, so each is taken by one.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.adapters.store.lanes import LANES
from gateway.wiring.gateway import Gateway

QUEUE_BOUND = 512
"""No lane's queue is filled beyond it: what waits behind it waits in the due lists, where order is fair."""
SHARE = 64


class Sweep:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._turn = 0

    def once(self) -> int:
        """Rings for what is due, lane by lane; gives the number of bells rung. Raises StoreUnavailable."""
        due = self._in_turn(self._gateway.intents.due_names(self._gateway.clock.now()))
        return sum(self._lane(lane, [name for name in due if name.startswith(f"{lane}|")]) for lane in LANES)

    def _in_turn(self, names: Sequence[str]) -> list[str]:
        """Another one comes first each time, so that a narrow room does not always go to the same."""
        self._turn += 1
        first = self._turn % len(names) if names else 0
        return [*names[first:], *names[:first]]

    def _lane(self, lane: str, names: list[str]) -> int:
        """One share for each application in turn, until the queue is full or nothing is due."""
        if not names:
            return 0
        waiting = set(self._gateway.doorbell.waiting_ids(lane))
        room, rung = QUEUE_BOUND - len(waiting), 0
        while names and room > 0:
            still_due = []
            share = max(1, min(SHARE, room // len(names)))
            for name in names:
                taken = self._gateway.intents.take_due(name, self._gateway.clock.now(), min(share, room))
                fresh = [intent_id for intent_id in taken if intent_id not in waiting]
                self._ring(lane, name, fresh)
                room, rung = room - len(fresh), rung + len(fresh)
                if len(taken) == share:
                    still_due.append(name)
                if room <= 0:
                    break
            names = still_due
        return rung

    def _ring(self, lane: str, name: str, intent_ids: list[str]) -> None:
        if not intent_ids:
            return
        found = dict(self._gateway.intents.versions(intent_ids))
        for intent_id in intent_ids:
            if intent_id not in found:
                self._gateway.intents.forget_due(name, intent_id)
        if found:
            self._gateway.doorbell.ring(lane, found.items())
