"""An intent arrives: limited, claimed, counted and looked up in one round trip; given back when it is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gateway import enrich
from gateway.adapters.lookups import Lookups
from gateway.adapters.store.apikeys import ApiKey
from gateway.adapters.store.arrivals import Arrival, Arrivals, Arrived
from gateway.adapters.store.connection import Client
from gateway.adapters.store.idempotency import Claimed
from gateway.adapters.store.lookup_cache import LookupCache, read_before
from gateway.model import Intent
from gateway.pipeline import House
from gateway.ports import Claim
from gateway.wiring.caps import Caps, RequestLimits


@dataclass(frozen=True, slots=True)
class Arriving:
    arrivals: Arrivals
    limits: RequestLimits
    caps: Caps
    lookups: Lookups
    house: House
    client: Client

    @contextmanager
    def of(self, intent: Intent, key: ApiKey, claim: Claim | None, lane: str) -> Iterator[Arrived]:
        """Within, the cached lookup need not be read again. Raises Refused `rate_limited`, StoreUnavailable."""
        bucket = self.limits.bucket(key)
        caps = self.caps.of(intent)
        arrived = self.arrivals.read(Arrival(intent, bucket, claim, caps, lane, self._cached(intent)))
        if arrived.wait:
            self.give_back(intent, arrived)
            self.limits.judge(bucket, arrived.wait)
        with read_before(arrived.cached):
            yield arrived

    def give_back(self, intent: Intent, arrived: Arrived) -> None:
        """The intent was not accepted: what was counted for it is taken back, and its key may be used again."""
        if arrived.reached is None:
            self.caps.give_back(intent)
        if isinstance(arrived.verdict, Claimed):
            self.arrivals.release(arrived.verdict.claim)

    def _cached(self, intent: Intent) -> list[str]:
        """Where this intent's lookup is cached, if that is in the same Redis."""
        cache = self.lookups.cache
        if intent.test or intent.to.is_sip or not isinstance(cache, LookupCache) or not cache.stands_in(self.client):
            return []
        purpose = self.house.acting.purpose(intent)
        wanted = enrich.wanted_for(intent, purpose, self.house.default_fields)
        return cache.names_of(intent.to.number, intent.to.country, wanted.fields)
