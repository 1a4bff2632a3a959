"""How lookups are put together from settings: cache, provider, budgets, breaker and ledger."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from gateway.adapters.lookups import (
    Breaker,
    BreakerRules,
    DailyBudget,
    Flights,
    Ledger,
    Lookups,
    Offline,
    Provider,
    Room,
    Spending,
)
from gateway.adapters.store import names
from gateway.adapters.store.codec import Sealer
from gateway.adapters.store.connection import Client, connect
from gateway.adapters.store.limits import Limits
from gateway.adapters.store.lookup_cache import CacheBase, LookupCache, MemoryLookupCache
from gateway.adapters.twilio import TwilioCalls
from gateway.ports import Clock
from gateway.settings import LOOKUP_FIELDS, Settings
from gateway.wiring.providers import lookup_for

CACHE_TIMEOUT_SECONDS = 0.5
Alert = Callable[[str, Mapping[str, object]], None]


@dataclass(frozen=True, slots=True)
class LookupParts:
    client: Client
    hasher: names.Hasher
    sealer: Sealer
    clock: Clock
    limits: Limits
    calls: TwilioCalls
    alert: Alert


def lookups_for(settings: Settings, parts: LookupParts, request_places: threading.Semaphore | None) -> Lookups:
    ledger = ledger_for(settings, parts.client, parts.clock)
    budget = DailyBudget(settings.budget.lookups_per_day, settings.budget.lookups_per_day_per_app)
    return Lookups(
        cache=_cache(settings, parts),
        provider=PROVIDERS[settings.lookup.provider](settings, parts),
        flights=Flights(parts.client, parts.hasher, parts.sealer),
        room=Room(settings.lookup.max_in_flight, request_places),
        spending=Spending(parts.limits, ledger, budget, parts.clock),
        breaker=Breaker(
            parts.client,
            "lookup",
            _breaker_rules(settings),
            on_change=lambda change: parts.alert("lookup_breaker", {"change": change}),
        ),
        ledger=ledger,
        budget_seconds=settings.lookup.request_budget_ms / 1000,
    )


def ledger_for(settings: Settings, client: Client, clock: Clock) -> Ledger:
    return Ledger(client, clock, {field: getattr(settings.prices, field) for field in LOOKUP_FIELDS})


def _twilio(settings: Settings, parts: LookupParts) -> Provider:
    return lookup_for(settings, parts.calls.lookup_fetch, lambda code: parts.alert("lookup_alert", {"code": code}))


def _offline(settings: Settings, parts: LookupParts) -> Provider:
    return Offline()


PROVIDERS: Mapping[str, Callable[[Settings, LookupParts], Provider]] = {"twilio": _twilio, "offline": _offline}
"""By the name that [lookup] provider gives. Another source of lookups is one entry more."""


def _breaker_rules(settings: Settings) -> BreakerRules:
    section = settings.breaker
    return BreakerRules(
        failure_ratio=section.failure_ratio,
        minimum_calls=section.minimum_calls,
        window=timedelta(seconds=section.window_seconds),
        open_for=timedelta(seconds=section.open_seconds),
        probe=timedelta(milliseconds=settings.lookup.request_budget_ms + 1000),
    )


def _cache(settings: Settings, parts: LookupParts) -> CacheBase | None:
    if not settings.cache.enabled:
        return None
    ttl = timedelta(seconds=settings.cache.ttl_seconds)
    negative = timedelta(seconds=settings.cache.negative_ttl_seconds)
    longest = {kind: timedelta(seconds=most) for kind, most in settings.cache.line_type_ttl_seconds.items()}
    if settings.cache.backend == "memory":
        return MemoryLookupCache(parts.hasher, parts.sealer, parts.clock, ttl, negative, longest)
    own = settings.cache.url
    shares = not own or own == settings.redis_url
    client = parts.client if shares else connect(own, timeout_seconds=CACHE_TIMEOUT_SECONDS)
    return LookupCache(client, parts.hasher, parts.sealer, parts.clock, ttl, negative, longest)
