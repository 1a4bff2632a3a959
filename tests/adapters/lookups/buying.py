"""A process of its own that looks numbers up from many threads at once: python -m tests.adapters.lookups.buying …"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from dataclasses import replace

from gateway import sandbox
from gateway.adapters.clock import SystemClock
from gateway.adapters.lookups import renewal
from gateway.adapters.store.codec import Sealer
from gateway.adapters.store.connection import Client, connect
from gateway.adapters.store.limits import Limits
from gateway.adapters.store.names import Hasher
from gateway.errors import LookupUnavailable
from gateway.settings import Settings
from gateway.wiring.looking import LookupParts, lookups_for
from gateway.wiring.providers import calls_for
from tests.adapters.lookups.scene import TYPE, at_once

READY, GO, GO_FIRST = "test:ready", "test:go", "test:go:first"


def environment(redis_url: str, twilio_url: str) -> dict[str, str]:
    return {
        "REDIS_URL": redis_url,
        "TWILIO_API_BASE_URL": twilio_url,
        "TWILIO_ACCOUNT_SID": sandbox.SANDBOX_ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": sandbox.SANDBOX_AUTH_TOKEN,
    }


PATIENT = {"timeout_ms": 10_000, "request_budget_ms": 15_000}
"""So that a process that stands still for a second has no call given up, nor anybody who waits for it."""


def main(redis_url: str, twilio_url: str, go: str, lease_seconds: float, threads: int, numbers: list[str]) -> None:
    renewal.LEASE_SECONDS = lease_seconds
    settings, client = Settings.load(None, environment(redis_url, twilio_url)), connect(redis_url)
    settings = replace(settings, lookup=settings.lookup.model_copy(update=PATIENT))
    parts = LookupParts(
        client,
        Hasher(b"h" * 32),
        Sealer(b"d" * 32),
        SystemClock(),
        Limits(client),
        calls_for(settings),
        lambda event, fields: None,
    )
    lookups = lookups_for(settings, parts, None)
    client.incr(READY)
    _await_start(client, go)

    def source(place: int) -> str:
        try:
            return lookups.lookup(numbers[place % len(numbers)], (TYPE,), app="shop").source.value
        except LookupUnavailable as err:
            return err.cause

    print(json.dumps(Counter(at_once(threads, source))), flush=True)


def _await_start(client: Client, go: str) -> None:
    deadline = time.monotonic() + 30
    while not client.exists(go):
        assert time.monotonic() < deadline, "nobody gave the start"
        time.sleep(0.005)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]), int(sys.argv[5]), sys.argv[6:])
