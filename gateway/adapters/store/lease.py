"""A lease: of many processes one does a piece of work, and another takes it over soon after the first has died.

It saves work, it does not guard it: a holder that stands still past the lease's end works beside its successor.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from gateway.adapters.store import names, scripts
from gateway.adapters.store.connection import Client


class Lease:
    def __init__(self, client: Client, name: str, ttl: timedelta) -> None:
        self._client = client
        self._key = names.lease(name)
        self._holder = secrets.token_hex(8)
        self._ttl_ms = round(ttl.total_seconds() * 1000)

    def held(self) -> bool:
        """Take it if it is free, keep it if it is ours. Raises StoreUnavailable."""
        return bool(scripts.run(self._client, "lease", [self._key], self._holder, self._ttl_ms))

    def give_up(self) -> None:
        scripts.run(self._client, "unlease", [self._key], self._holder)
