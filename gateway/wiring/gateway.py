"""The whole gateway as one object, and how it is built from settings."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog

from gateway.act import Acting, moves
from gateway.adapters.admission import Admission
from gateway.adapters.clock import SystemClock
from gateway.adapters.embedded import EmbeddedRedis
from gateway.adapters.lookups import Lookups
from gateway.adapters.store import names
from gateway.adapters.store.apikeys import ApiKeys
from gateway.adapters.store.apps import Apps
from gateway.adapters.store.codec import Sealer
from gateway.adapters.store.connection import Client, connect
from gateway.adapters.store.doorbell import DIRECT_BOUND, Doorbell
from gateway.adapters.store.idempotency import Idempotency
from gateway.adapters.store.intents import IntentStore
from gateway.adapters.store.learned import Learned
from gateway.adapters.store.limits import Bucket, Limits
from gateway.adapters.store.lookup_cache import CacheBase, LookupCache, MemoryLookupCache
from gateway.adapters.store.proofs import Proofs
from gateway.adapters.store.suppressions import Suppressions
from gateway.adapters.twilio import TwilioCalls, TwilioLookup
from gateway.callbacks import CallbackUrls, studio_token
from gateway.inbox.door import Inbox
from gateway.keys import Keys, load_keys
from gateway.model import Intent, Policy, Progress
from gateway.normalize import time_zones
from gateway.pipeline import House
from gateway.ports import Clock, Known
from gateway.settings import Settings
from gateway.wiring.caps import Caps
from gateway.wiring.desk import OptOutList, StoreDesk
from gateway.wiring.pausing import Pausing
from gateway.wiring.powers import StoreReads, StoreWrites
from gateway.wiring.providers import calls_for, lookup_for

HALF_OF_THREADS = 8


@dataclass(frozen=True, slots=True)
class Gateway:
    """All parts, made once per process. `waiting` bounds the requests that may sit in `Prefer: wait`."""

    settings: Settings
    secrets: Keys
    clock: Clock
    client: Client
    policy: Policy
    intents: IntentStore
    doorbell: Doorbell
    reads: StoreReads
    calls: TwilioCalls
    suppressions: Suppressions
    proofs: Proofs
    learned: Learned
    keys: ApiKeys
    apps: Apps
    idempotency: Idempotency
    limits: RequestLimits
    caps: Caps
    admission: Admission
    pausing: Pausing
    house: House
    desk: StoreDesk
    inbox: Inbox
    waiting: threading.Semaphore
    direct_bound: int = DIRECT_BOUND

    def lane(self, purpose: str) -> str:
        found = self.policy.purposes.get(purpose)
        return found.priority if found is not None else "normal"

    def note_accepted(self, progress: Progress) -> None:
        structlog.get_logger("gateway").info(
            "intent_accepted",
            intent=progress.intent.id,
            app=progress.intent.app,
            purpose=progress.intent.purpose,
            status=progress.status.value,
            route=[str(step) for step in progress.decision.steps],
        )


class RequestLimits:
    """The limit of requests per API key. With Redis away it lets pass: accepting fails by itself then."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def request(self, key_id: str, per_second: float) -> float:
        """Seconds to wait; 0: go on."""
        bucket = Bucket(f"key:{key_id}", per_second, max(1, round(2 * per_second)))
        return self._limits.take([bucket]).total_seconds()


def build(settings: Settings, *, client: Client | None = None, clock: Clock | None = None) -> Gateway:
    """Raises Misconfigured; starts the embedded Redis when there is no other."""
    clock = clock or SystemClock()
    secrets = load_keys(settings)
    timeout = settings.store.socket_timeout_ms / 1000
    client = client or connect(_store_url(settings), timeout_seconds=timeout)
    hasher, sealer = names.Hasher(secrets.hash), Sealer(secrets.data)
    doorbell, limits = Doorbell(client), Limits(client)
    learned = Learned(client, hasher, clock)
    suppressions = Suppressions(client, sealer, hasher, clock)
    proofs = Proofs(client, hasher, clock, timedelta(seconds=settings.proof.max_age_seconds))
    pausing, apps = Pausing(client, clock), Apps(client, sealer, clock)
    calls = calls_for(settings)
    intents = IntentStore(
        client,
        doorbell,
        sealer,
        hasher,
        clock,
        lane=_lane(settings.policy),
        answer_ttl=timedelta(seconds=settings.retention.idempotency_seconds),
        replicas=settings.store.replicas_wait,
    )
    lookups = Lookups(_cache(settings, client, hasher, sealer, clock), _provider(settings, calls))
    reads = StoreReads(client, hasher, clock, lookups)
    writes = StoreWrites(client, clock, intents, calls, suppressions, learned, limits, settings.paces)
    acting = Acting(
        writes=writes,
        policy=settings.policy,
        senders={sender.name: sender for sender in settings.senders},
        urls=CallbackUrls(settings.public_base_url, lambda i, a: studio_token(secrets.secret, i, a)),
        clock=clock,
        known=_known_by(reads),
        hashed=hasher,
        alert=_alert,
        paused_until=pausing.until,
        pause_sending=pausing.pause,
        zones=time_zones,
        pace=_pace(settings),
        search_after=tuple(timedelta(seconds=s) for s in settings.dispatch.unknown_search_after_seconds),
    )
    desk = StoreDesk(client, acting, OptOutList(suppressions), learned, proofs, apps, _tell)
    bootstrap = settings.secrets.bootstrap_api_key
    return Gateway(
        settings=settings,
        secrets=secrets,
        clock=clock,
        client=client,
        policy=settings.policy,
        intents=intents,
        doorbell=doorbell,
        reads=reads,
        calls=calls,
        suppressions=suppressions,
        proofs=proofs,
        learned=learned,
        keys=ApiKeys(client, clock, bootstrap.get_secret_value() if bootstrap else None),
        apps=apps,
        idempotency=Idempotency(client, hasher, answer_ttl=timedelta(seconds=settings.retention.idempotency_seconds)),
        limits=RequestLimits(limits),
        caps=Caps(limits, settings.limits, hasher),
        admission=Admission(client, settings.store.close_admission_at),
        pausing=pausing,
        house=House(reads, acting, tuple(settings.lookup.default_fields)),
        desk=desk,
        inbox=Inbox(desk),
        waiting=threading.Semaphore(HALF_OF_THREADS),
    )


def _store_url(settings: Settings) -> str:
    return settings.redis_url or EmbeddedRedis.start(settings.data_dir, maxmemory=settings.store.maxmemory).url


def _cache(settings: Settings, client: Client, hasher: names.Hasher, sealer: Sealer, clock: Clock) -> CacheBase | None:
    if not settings.cache.enabled:
        return None
    ttl = timedelta(seconds=settings.cache.ttl_seconds)
    negative = timedelta(seconds=settings.cache.negative_ttl_seconds)
    if settings.cache.backend == "memory":
        return MemoryLookupCache(hasher, sealer, clock, ttl, negative)
    own = settings.cache.url
    cache_client = connect(own, timeout_seconds=1.0) if own and own != settings.redis_url else client
    return LookupCache(cache_client, hasher, sealer, clock, ttl, negative)


def _provider(settings: Settings, calls: TwilioCalls) -> TwilioLookup:
    return lookup_for(settings, calls, lambda code: _alert("lookup_alert", {"code": code}))


def _pace(settings: Settings) -> moves.Pace:
    dispatch = settings.dispatch
    return moves.Pace(
        tries_per_step=dispatch.max_attempts_per_step,
        first_pause=timedelta(seconds=dispatch.retry_first_seconds),
        longest_pause=timedelta(seconds=dispatch.retry_longest_seconds),
        silent_for=timedelta(seconds=settings.retention.sent_final_after_seconds),
        code_life=timedelta(seconds=settings.verify.code_life_seconds),
    )


def _lane(policy: Policy) -> Callable[[str], str]:
    lanes = {name: purpose.priority for name, purpose in policy.purposes.items()}
    return lambda purpose: lanes.get(purpose, "normal")


def _known_by(reads: StoreReads) -> Callable[[Intent], Known]:
    def known(intent: Intent) -> Known:
        return reads.known(intent.app, intent.to.number, intent.to.email, intent.identity)

    return known


def _alert(event: str, fields: Mapping[str, object]) -> None:
    structlog.get_logger("gateway.alert").warning(event, **fields)


def _tell(app: str, kind: str, fields: Mapping[str, str]) -> None:
    structlog.get_logger("gateway").info("app_told", app=app, kind=kind)


_current: Gateway | None = None
_lock = threading.Lock()


def current() -> Gateway:
    """This process's gateway: built from the environment when it is first needed."""
    global _current
    with _lock:
        if _current is None:
            _current = build(Settings.load())
        return _current


def use(gateway: Gateway | None) -> None:
    """Make `gateway` this process's own (tests, commands that have read other settings)."""
    global _current
    _current = gateway
