"""Run one piece of the gateway's work and end without a word at a given point: `python -m tests.chaos.crashing`.

POINT is a method after which the process is gone as after a kill -9: nothing is finished, closed or given back.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from gateway import pipeline
from gateway.adapters.store.arrivals import Arrivals
from gateway.adapters.store.intents import IntentStore
from gateway.adapters.twilio import TwilioCalls
from gateway.app import create_app
from gateway.wiring import current
from tests.stack import KEY

GONE = 77
POINTS: dict[str, tuple[type, str]] = {
    "begin": (IntentStore, "begin"),
    "send": (TwilioCalls, "send"),
    "commit": (IntentStore, "commit"),
    "search": (TwilioCalls, "search"),
    "claim": (Arrivals, "read"),
    "accept": (IntentStore, "accept"),
}


def die_after(point: str) -> None:
    owner, name = POINTS[point]
    original: Callable[..., Any] = getattr(owner, name)

    def last(*given: Any, **named: Any) -> Any:
        original(*given, **named)
        os._exit(GONE)

    setattr(owner, name, last)


def main(point: str, work: str, *given: str) -> None:
    die_after(point)
    if work == "wake":
        pipeline.run(current().house, given[0])
    else:
        headers = {"Authorization": f"Bearer {KEY}", "Idempotency-Key": given[0]}
        document = {"to": given[1], "body": given[2]}
        create_app(current()).test_client().post("/send", json=document, headers=headers)


if __name__ == "__main__":
    main(*sys.argv[1:])
