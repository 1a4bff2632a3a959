"""What is done to the gateway: processes killed at random, a Twilio that misbehaves, callbacks that get lost."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.chaos.harness import WORKERS, Processes

CREATES = ("messages", "calls")
# 5 % of the creates end without a usable answer, most of them after Twilio has acted.
AMBIGUOUS = (
    ("timeout_after", 0.015), ("5xx_after", 0.01), ("reset_after", 0.01), ("timeout_before", 0.005),
    ("5xx_before", 0.005), ("reset_before", 0.005),
)  # fmt: skip
ON_CALLBACKS = (("duplicate", 0.08), ("reorder", 0.08), ("drop", 0.05))
BURST = 15


def standing_faults() -> list[dict[str, Any]]:
    # To phones of which no callback ever comes, so that a second text would go out if nobody searched for the first.
    certain = {"kind": "reset_after", "product": "messages", "operation": "create", "number": "68", "count": 3}
    found: list[dict[str, Any]] = [certain]
    for product in CREATES:
        for kind, probability in AMBIGUOUS:
            found.append({"kind": kind, "probability": probability, "product": product, "operation": "create"})
        found.append({"kind": "429", "probability": 0.01, "product": product, "operation": "create"})
        found += [{"kind": k, "probability": p, "product": product, "operation": "callback"} for k, p in ON_CALLBACKS]
    slow = {"kind": "latency", "probability": 0.03, "latency_ms": 700, "jitter_ms": 600, "operation": "create"}
    return [*found, slow, {"kind": "5xx_before", "probability": 0.02, "product": "messages", "operation": "list"}]


def set_faults(sandbox_url: str, faults: Sequence[Mapping[str, Any]], seed: int | None = None) -> None:
    document = {"faults": list(faults)} | ({"seed": seed} if seed is not None else {})
    requests.post(f"{sandbox_url}/_sandbox/faults", json=document, timeout=5).raise_for_status()


def burst(sandbox_url: str) -> None:
    """The next texts are all refused with 429."""
    fault = {"kind": "429", "product": "messages", "operation": "create", "count": BURST}
    with contextlib.suppress(requests.RequestException):
        set_faults(sandbox_url, [fault])


@dataclass(frozen=True, slots=True)
class Kill:
    what: str
    at: float


# what, the process's name, whether only a child of it; the names are repeated as often as they should be drawn
TARGETS = (
    *(("worker", name, False) for name in WORKERS for _ in range(4)),
    *(("web process", "web", True) for _ in range(5)),
    *(("redis", "redis", False) for _ in range(5)),
    *(("all of web", "web", False) for _ in range(2)),
)


@dataclass
class Killer:
    """Kills at random moments within a span, in a thread of its own."""

    processes: Processes
    seed: int
    kills: list[Kill] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)

    def during(self, seconds: float, kills: int) -> threading.Thread:
        dice = random.Random(self.seed)
        moments = sorted(dice.uniform(0.05, 1.0) * seconds for _ in range(kills))
        plan = [(moment, dice.choice(TARGETS)) for moment in moments]
        thread = threading.Thread(target=self._all, args=(plan, dice), name="killer")
        thread.start()
        return thread

    def _all(self, plan: Sequence[tuple[float, tuple[str, str, bool]]], dice: random.Random) -> None:
        began = time.monotonic()
        try:
            for moment, (what, name, child) in plan:
                time.sleep(max(0.0, began + moment - time.monotonic()))
                if dice.random() < 0.3:
                    burst(self.processes.sandbox_url)
                self._one(what, name, child, dice)
        except BaseException as err:
            self.errors.append(err)
            raise

    def _one(self, what: str, name: str, child: bool, dice: random.Random) -> None:
        """One that is down already is waited for: a kill that hits nothing is none."""
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            if self.processes.kill(name, only_child=dice if child else None):
                self.kills.append(Kill(what, time.time()))
                return
            time.sleep(0.1)
