"""Redis: whether it may hold what nothing may lose, and whether the lookup cache is where it should be.

Source: Redis' and Valkey's INFO and CONFIG; a managed service may forbid CONFIG, and INFO tells most of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import redis

from gateway.adapters.store.connection import Client, connect, store_errors
from gateway.doctor.finding import Finding, failed, ok, skipped, warning
from gateway.doctor.patient import Patient
from gateway.errors import StoreUnavailable

OLDEST = (7, 0)
SEE = "config/redis-state.conf shows how."
FSYNC: Mapping[str, tuple[str, str]] = {
    "everysec": ("warning", "loses up to a second of accepted intents when the machine dies"),
    "no": ("failed", "leaves it to the operating system when what was accepted reaches the disk"),
}


def store(patient: Patient) -> Iterator[Finding]:
    """Everything of the state's Redis. Raises StoreUnavailable."""
    client = patient.gateway.client
    with store_errors():
        told = client.info()
    yield _version(told)
    yield _eviction(told)
    yield from _persistence(client, told)
    yield _memory(told, patient.settings.store.close_admission_at)
    yield _replicas(told, patient.settings.store.replicas_wait)


def _version(told: Mapping[str, Any]) -> Finding:
    text = str(told.get("valkey_version") or told.get("redis_version") or "0")
    found = tuple(int(part) for part in text.split(".")[:2] if part.isdigit())
    if found < OLDEST:
        return failed("redis_version", f"Redis is {text}.", "Run Redis or Valkey 7.0 or newer.")
    return ok("redis_version", f"{'Valkey' if told.get('valkey_version') else 'Redis'} {text}.")


def _eviction(told: Mapping[str, Any]) -> Finding:
    policy = told.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        what = f"maxmemory-policy is {policy}: when full, Redis throws away intents, queues and opt-outs."
        return failed("redis_eviction", what, f"Set maxmemory-policy noeviction. {SEE}")
    return ok("redis_eviction", "Nothing is evicted (noeviction).")


def _persistence(client: Client, told: Mapping[str, Any]) -> Iterator[Finding]:
    if not int(told.get("aof_enabled", 0)):
        what = "appendonly is off: a restart of Redis loses accepted intents."
        yield failed("redis_persistence", what, f"Set appendonly yes. {SEE}")
        return
    yield ok("redis_persistence", "Writes go to the append-only file.")
    how = _configured(client, "appendfsync")
    if how is None:
        yield skipped("redis_fsync", "CONFIG is forbidden here: see your provider for appendfsync.")
    elif how in FSYNC:
        status, why = FSYNC[how]
        make = failed if status == "failed" else warning
        yield make("redis_fsync", f"appendfsync is {how}: it {why}.", f"Set appendfsync always. {SEE}")
    else:
        yield ok("redis_fsync", "A write is on the disk before it is answered (appendfsync always).")


def _configured(client: Client, name: str) -> str | None:
    try:
        found: str | None = client.config_get(name).get(name)
    except redis.ResponseError:
        return None
    return found


def _memory(told: Mapping[str, Any], close_at: float) -> Finding:
    limit, used = int(told.get("maxmemory", 0)), int(told.get("used_memory", 0))
    if not limit:
        what = "maxmemory is not set: a full machine kills Redis instead of closing admission in time."
        return warning("redis_memory", what, f"Set maxmemory. {SEE}")
    share = used / limit
    what = f"{share:.0%} of {limit / 2**20:.0f} MiB is used; admission closes at {close_at:.0%}."
    if share >= close_at:
        return failed("redis_memory", what, "Give Redis more memory, or shorten [retention].")
    if share >= 0.8 * close_at:
        return warning("redis_memory", what, "Give Redis more memory soon, or shorten [retention].")
    return ok("redis_memory", what)


def _replicas(told: Mapping[str, Any], wait_for: int) -> Finding:
    connected = int(told.get("connected_slaves", 0))
    if told.get("role") == "slave":
        what = "REDIS_URL names a replica, which takes no writes."
        return failed("redis_replicas", what, "Name the primary, or Sentinel by redis+sentinel://.")
    if wait_for > connected:
        what = f"[store] replicas_wait is {wait_for}, and {connected} are connected: nothing can be accepted."
        return failed("redis_replicas", what, "Start the replicas, or lower replicas_wait.")
    if connected and not wait_for:
        what = f"{connected} replica(s), and nobody waits for them: a failover loses what was accepted just before."
        return warning(
            "redis_replicas", what, f"Set [store] replicas_wait = {connected}, and min-replicas-to-write 1 in Redis."
        )
    if wait_for < connected:
        what = (
            f"{connected} replicas, of which {wait_for} must confirm: one that did not may be promoted in a failover."
        )
        make = (
            f"Set [store] replicas_wait = {connected}, or keep fewer replicas: what a lagging one lacks is sent twice."
        )
        return warning("redis_replicas", what, make)
    return ok("redis_replicas", f"{connected} replica(s), {wait_for} must confirm.")


def cache(patient: Patient) -> Iterator[Finding]:
    section = patient.settings.cache
    if not section.enabled or section.backend != "redis":
        yield skipped("lookup_cache", "No Redis keeps lookups: [cache] says so.")
        return
    if not section.url or section.url == patient.settings.redis_url:
        yield ok("lookup_cache", "Lookups are kept beside the state.")
        return
    client = connect(section.url, timeout_seconds=2.0)
    try:
        with store_errors():
            told, own = client.info(), patient.gateway.client.info("server")
    except StoreUnavailable as err:
        yield warning("lookup_cache", f"LOOKUP_CACHE_URL: {err}. Every lookup is paid.", "Start it, or unset the URL.")
        return
    finally:
        client.close()
    yield _cache_of(told, own)


def _cache_of(told: Mapping[str, Any], own: Mapping[str, Any]) -> Finding:
    policy = str(told.get("maxmemory_policy"))
    if told.get("run_id") == own.get("run_id"):
        what = "LOOKUP_CACHE_URL names the server that keeps the state, so it cannot evict."
        return warning("lookup_cache", what, "Give the cache a server of its own, or unset LOOKUP_CACHE_URL.")
    if policy == "noeviction" or not int(told.get("maxmemory", 0)):
        what = f"The cache's maxmemory-policy is {policy}, maxmemory {told.get('maxmemory', 0)}: it fills up."
        return warning("lookup_cache", what, "Set maxmemory and allkeys-lru there; config/redis-cache.conf shows how.")
    return ok("lookup_cache", f"A Redis of its own ({policy}).")
