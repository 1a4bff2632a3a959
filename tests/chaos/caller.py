"""An application that does as it was told: each intent under a key of its own, repeated until it has a 202."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import requests

from tests.stack import KEY

THREADS = 12
PATIENCE_SECONDS = 90.0
REPEATABLE = frozenset({409, 429, 500, 502, 503, 504})
AREAS = (
    201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228, 229, 231, 234,
    239, 240, 248, 251, 252, 253, 254, 256, 260, 262, 267, 269, 270, 281, 301, 302, 303, 304, 305, 307, 308, 309, 310,
)  # fmt: skip
ENDINGS = ("00", "01", "02", "03", "04", "05", "06", "07", "49", "65", "66", "67", "08", "09", "68")
"""Mostly phones where all arrives; 49: the text fails and a call must follow; 65 to 68: callbacks that misbehave."""


def number_for(n: int) -> str:
    return f"+1{AREAS[n % len(AREAS)]}55501{ENDINGS[n % len(ENDINGS)]}"


def tag_of(n: int) -> str:
    return f"order {n:06d} is on its way"


@dataclass
class Accepted:
    n: int
    intent_id: str
    at: float
    tries: int


@dataclass
class Caller:
    """`accepted` by number; `refused` holds what was neither accepted nor worth a repeat."""

    url: str
    seed: int
    accepted: dict[int, Accepted] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)
    tries: int = 0
    _deadline: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def post_all(self, intents: int, per_second: float) -> None:
        """At a steady rate; returns when each has its answer."""
        began = time.monotonic()
        self._deadline = began + intents / per_second + PATIENCE_SECONDS
        with ThreadPoolExecutor(THREADS) as pool:
            try:
                for n in range(intents):
                    time.sleep(max(0.0, began + n / per_second - time.monotonic()))
                    pool.submit(self._until_accepted, n)
            except BaseException:
                self._deadline = began  # whoever ends the run early does not wait for the rest
                raise

    def _until_accepted(self, n: int) -> None:
        tries = 0
        while time.monotonic() < self._deadline:
            tries += 1
            try:
                answer = self._post(n)
            except requests.RequestException:
                time.sleep(0.2)
                continue
            if answer.status_code == 202:
                with self._lock:
                    self.tries += tries
                    self.accepted[n] = Accepted(n, answer.json()["id"], time.time(), tries)
                return
            if answer.status_code not in REPEATABLE:
                self.refused[n] = f"{answer.status_code} {answer.text[:200]}"
                return
            time.sleep(min(float(answer.headers.get("Retry-After", 1)), 1.0))
        self.refused[n] = "no 202 in the end"

    def _post(self, n: int) -> requests.Response:
        headers = {"Authorization": f"Bearer {KEY}", "Idempotency-Key": f"chaos-{self.seed}-{n}"}
        document = {"to": number_for(n), "body": f"Your {tag_of(n)}."}
        return requests.post(f"{self.url}/send", json=document, headers=headers, timeout=10)
