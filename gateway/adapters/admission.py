"""Whether the store may be accepted into: it answers, evicts nothing, and has room left. Looked at once a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from gateway.adapters.store.connection import Client, store_errors
from gateway.errors import StoreUnavailable

EVERY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """`used` is the share of maxmemory, 0 where there is none."""

    policy: str
    append_only: bool
    used: float
    loading: bool

    @property
    def evicts(self) -> bool:
        return self.policy != "noeviction"


class Admission:
    """`refusal`: whatever else may speak against the store, asked as often."""

    def __init__(
        self,
        client: Client,
        close_at: float,
        *,
        every_seconds: float = EVERY_SECONDS,
        refusal: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._client = client
        self._also = refusal
        self._close_at = close_at
        self._every = every_seconds
        self._lock = threading.Lock()
        self._looked_at = 0.0
        self._refusal: str | None = None

    def check(self) -> None:
        """Raises StoreUnavailable when nothing may be accepted."""
        now = time.monotonic()
        if now - self._looked_at >= self._every:
            with self._lock:
                if now - self._looked_at >= self._every:
                    self._refusal = self._why_not()
                    self._looked_at = now
        if self._refusal is not None:
            raise StoreUnavailable(self._refusal)

    def _why_not(self) -> str | None:
        health = self.health()
        if health.evicts:
            return f"Redis may evict what was accepted: maxmemory-policy is {health.policy}, not noeviction"
        if health.used >= self._close_at:
            return f"Redis has used {health.used:.0%} of its memory; admission closes at {self._close_at:.0%}"
        return "Redis is still loading" if health.loading else self._also()

    def health(self) -> StoreHealth:
        """Raises StoreUnavailable when Redis does not answer."""
        with store_errors():
            told = self._client.info("memory", "persistence")
        limit = int(told.get("maxmemory", 0))
        return StoreHealth(
            policy=str(told.get("maxmemory_policy", "noeviction")),
            append_only=bool(int(told.get("aof_enabled", 0))),
            used=int(told.get("used_memory", 0)) / limit if limit else 0.0,
            loading=bool(int(told.get("loading", 0))),
        )
