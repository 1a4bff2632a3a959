"""One process of a crowd that looks numbers up from fifty threads at once.

    python -m benchmarks.lookup_crowd GO NUMBER…

It counts itself in at READY, begins when the key GO is there, and prints how its threads were answered, and how many
seconds the last of them waited.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from gateway import wiring
from gateway.errors import LookupUnavailable
from gateway.settings import Settings

THREADS = 50
TYPE = "line_type_intelligence"
READY, GO, GO_FIRST = "bench:ready", "bench:go", "bench:go:first"
ANSWERED = frozenset({"live", "shared", "cache"})


def ask_at_once(gateway: wiring.Gateway, numbers: list[str], each: int, begin: Callable[[], None]) -> Counter[str]:
    """How so many threads were answered, each of which asks for `each` numbers, beginning at a place of its own."""
    barrier = threading.Barrier(THREADS + 1)

    def ask(place: int) -> Counter[str]:
        barrier.wait()
        return Counter(_answer(gateway, numbers[(place * each + n) % len(numbers)]) for n in range(each))

    with ThreadPoolExecutor(THREADS) as pool:
        answers = [pool.submit(ask, place) for place in range(THREADS)]
        begin()
        barrier.wait()
        return sum((answer.result() for answer in answers), Counter())


def _answer(gateway: wiring.Gateway, number: str) -> str:
    try:
        return gateway.lookups.lookup(number, (TYPE,), app="bench").source.value
    except LookupUnavailable as err:
        return err.cause


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        if time.monotonic() > deadline:
            raise SystemExit("it did not come about")
        time.sleep(0.002)


def main(go: str, numbers: list[str]) -> None:
    gateway = wiring.build(Settings.load())
    client = gateway.client

    began: list[float] = []

    def begin() -> None:
        client.incr(READY)
        until(lambda: bool(client.exists(go)))
        began.append(time.monotonic())

    answers = ask_at_once(gateway, numbers, 1, begin)
    print(json.dumps({"answers": answers, "seconds": time.monotonic() - began[0]}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
