"""The whole gateway as one object, and how it is built from settings."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from gateway.act import Acting
from gateway.act.pace import Pace
from gateway.adapters.admission import Admission
from gateway.adapters.clock import SystemClock
from gateway.adapters.embedded import EmbeddedRedis
from gateway.adapters.lookups import Ledger, Lookups
from gateway.adapters.posting import EventPoster
from gateway.adapters.store import names
from gateway.adapters.store.apikeys import ApiKeys
from gateway.adapters.store.apps import Apps
from gateway.adapters.store.arrivals import Arrivals
from gateway.adapters.store.codec import Sealer
from gateway.adapters.store.connection import POOL_SIZE, Client, connect
from gateway.adapters.store.doorbell import DIRECT_BOUND, Doorbell
from gateway.adapters.store.idempotency import Idempotency
from gateway.adapters.store.identity import StoreIdentity
from gateway.adapters.store.intents import IntentStore
from gateway.adapters.store.learned import Learned
from gateway.adapters.store.lease import Lease
from gateway.adapters.store.limits import Limits
from gateway.adapters.store.lookup_audit import LookupAudit
from gateway.adapters.store.missed import MissedInbound
from gateway.adapters.store.outbox import Outbox
from gateway.adapters.store.pacing import Pacing
from gateway.adapters.store.proofs import Proofs
from gateway.adapters.store.quorum import Quorum
from gateway.adapters.store.retention import Retention
from gateway.adapters.store.suppressions import Suppressions
from gateway.adapters.store.verifications import Verifications
from gateway.adapters.twilio import TwilioCalls
from gateway.callbacks import CallbackUrls, studio_token
from gateway.inbox.door import Inbox
from gateway.inbox.sandboxed import SandboxDoor
from gateway.keys import Keys, load_keys
from gateway.logs import correlation
from gateway.model import Intent, Policy, Progress
from gateway.normalize import time_zones
from gateway.pipeline import House
from gateway.ports import Clock, Known
from gateway.settings import Settings
from gateway.wiring import testing
from gateway.wiring.announcing import Announcer
from gateway.wiring.arriving import Arriving
from gateway.wiring.caps import Caps, RequestLimits
from gateway.wiring.catching_up import LEASE_TTL, CatchUp
from gateway.wiring.delivering import Delivery
from gateway.wiring.desk import OptOutList, StoreDesk
from gateway.wiring.identity import claimed, fingerprints
from gateway.wiring.looking import LookupParts, lookups_for
from gateway.wiring.pacing import SendPacing
from gateway.wiring.pausing import Pausing
from gateway.wiring.powers import StoreReads, StoreWrites
from gateway.wiring.providers import calls_for
from gateway.wiring.tally import Tally

log = structlog.get_logger("gateway")


@dataclass(frozen=True, slots=True)
class Gateway:
    """All parts, made once per process. `waiting` bounds the requests that may sit in `Prefer: wait` or in a lookup."""

    settings: Settings
    secrets: Keys
    clock: Clock
    client: Client
    policy: Policy
    intents: IntentStore
    doorbell: Doorbell
    retention: Retention
    reads: StoreReads
    lookups: Lookups
    ledger: Ledger
    lookup_audit: LookupAudit
    calls: TwilioCalls
    suppressions: Suppressions
    proofs: Proofs
    learned: Learned
    keys: ApiKeys
    apps: Apps
    outbox: Outbox
    delivery: Delivery
    catch_up: CatchUp
    idempotency: Idempotency
    limits: RequestLimits
    caps: Caps
    admission: Admission
    pausing: Pausing
    pacing: SendPacing
    tally: Tally
    house: House
    desk: StoreDesk
    inbox: Inbox
    sandbox_door: SandboxDoor
    waiting: threading.Semaphore
    arriving: Arriving
    direct_bound: int = DIRECT_BOUND

    def lane(self, purpose: str) -> str:
        found = self.policy.purposes.get(purpose)
        return found.priority if found is not None else "normal"

    def note_accepted(self, progress: Progress) -> None:
        intent, lookup = progress.intent, progress.lookup
        log.info(
            "intent_accepted",
            intent=intent.id,
            app=intent.app,
            purpose=intent.purpose,
            recipient=correlation(self.house.acting.hashed(intent.to.number)),
            country=lookup.country if lookup else None,
            line_type=lookup.line_type.value if lookup else None,
            lookup=lookup.source.value if lookup else None,
            status=progress.status.value,
            route=[str(step) for step in progress.decision.steps],
            ms=round((self.clock.now() - intent.created_at).total_seconds() * 1000),
        )

    def note_refused(self, intent: Intent, code: str) -> None:
        structlog.get_logger("gateway").info(
            "intent_refused",
            app=intent.app,
            purpose=intent.purpose,
            recipient=correlation(self.house.acting.hashed(intent.to.number)),
            outcome=code,
        )


def build(settings: Settings, *, client: Client | None = None, clock: Clock | None = None) -> Gateway:
    """Raises Misconfigured; starts the embedded Redis when there is no other."""
    clock = clock or SystemClock()
    secrets = load_keys(settings)
    client = client or _connected(settings, secrets)
    identity = claimed(StoreIdentity(client, fingerprints(secrets)))
    hasher, sealer = names.Hasher(secrets.hash), Sealer(secrets.data)
    doorbell, limits = Doorbell(client), Limits(client)
    learned, waiting = Learned(client, hasher, clock), threading.Semaphore(settings.server.patient_threads)
    quorum = Quorum(client, settings.store.replicas_wait, timedelta(milliseconds=settings.store.replicas_wait_ms))
    suppressions, pacing = (
        Suppressions(client, sealer, hasher, clock, quorum),
        SendPacing(Pacing(client), settings.paces),
    )
    proofs = Proofs(client, hasher, clock, timedelta(seconds=settings.proof.max_age_seconds))
    pausing, apps = Pausing(client, clock), Apps(client, sealer, clock)
    calls, outbox = calls_for(settings), Outbox(client, sealer, clock)
    announcer = Announcer(apps, outbox, clock, hasher)
    intents = IntentStore(
        client,
        doorbell,
        sealer,
        hasher,
        clock,
        lane=_lane(settings.policy),
        answer_ttl=timedelta(seconds=settings.retention.idempotency_seconds),
        quorum=quorum,
        rung_again_after=timedelta(seconds=min(settings.dispatch.sweep_seconds, settings.dispatch.lease_seconds)),
        outbox=outbox,
        announce=announcer.of_change,
    )
    lookups = lookups_for(settings, LookupParts(client, hasher, sealer, clock, limits, calls, _alert), waiting)
    reads = StoreReads(client, hasher, clock, lookups, testing.test_lookups(settings, lookups, calls))
    writes = StoreWrites(
        client=client,
        clock=clock,
        intents=intents,
        calls=calls,
        suppressions=suppressions,
        learned=learned,
        pacing=pacing,
        proofs=proofs,
        verifications=Verifications(client, hasher),
        hashed=hasher,
    )
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
        bound=lambda sid: _take_parked(desk, inbox, sid),
        under_way=threading.BoundedSemaphore(settings.dispatch.concurrency),
        test_sender=testing.test_sender(settings),
        takes_tests=bool(settings.sandbox.base_url),
        pace=_pace(settings),
        search_after=tuple(timedelta(seconds=s) for s in settings.dispatch.unknown_search_after_seconds),
    )
    desk = StoreDesk(client, acting, OptOutList(suppressions), learned, proofs, apps, announcer.tell)
    inbox, poster = Inbox(desk), EventPoster(allow_private=settings.events.allow_private_destinations)
    lease, house = Lease(client, "inbound", LEASE_TTL), House(reads, acting, tuple(settings.lookup.default_fields))
    idempotency = Idempotency(client, hasher, answer_ttl=timedelta(seconds=settings.retention.idempotency_seconds))
    request_limits, caps = RequestLimits(limits, settings.limits), Caps(limits, settings.limits, hasher)
    bootstrap = settings.secrets.bootstrap_api_key
    return Gateway(
        settings=settings,
        secrets=secrets,
        clock=clock,
        client=client,
        policy=settings.policy,
        intents=intents,
        doorbell=doorbell,
        retention=Retention(client, sealer, hasher),
        reads=reads,
        lookups=lookups,
        ledger=lookups.ledger,
        lookup_audit=LookupAudit(client, hasher, clock),
        calls=calls,
        suppressions=suppressions,
        proofs=proofs,
        learned=learned,
        keys=ApiKeys(client, clock, bootstrap.get_secret_value() if bootstrap else None),
        apps=apps,
        outbox=outbox,
        delivery=Delivery(outbox, apps, doorbell, poster, clock, hasher, _alert),
        catch_up=CatchUp(MissedInbound(client), lease, calls, inbox.receive, settings.senders, apps, clock, _alert),
        idempotency=idempotency,
        limits=request_limits,
        caps=caps,
        admission=Admission(client, settings.store.close_admission_at, refusal=identity.refusal),
        pausing=pausing,
        pacing=pacing,
        tally=Tally(client),
        house=house,
        desk=desk,
        inbox=inbox,
        sandbox_door=SandboxDoor(inbox, desk),
        waiting=waiting,
        arriving=Arriving(
            Arrivals(client, hasher, clock, idempotency, doorbell), request_limits, caps, lookups, house, client
        ),
    )


def _connected(settings: Settings, secrets: Keys) -> Client:
    return connect(
        store_url(settings),
        timeout_seconds=settings.store.socket_timeout_ms / 1000,
        pool_size=max(POOL_SIZE, 2 * settings.dispatch.concurrency),
        guard=fingerprints(secrets).guard(),
    )


def store_url(settings: Settings) -> str:
    return settings.redis_url or EmbeddedRedis.start(settings.data_dir, maxmemory=settings.store.maxmemory).url


def _pace(settings: Settings) -> Pace:
    dispatch = settings.dispatch
    return Pace(
        tries_per_step=dispatch.max_attempts_per_step,
        first_pause=timedelta(seconds=dispatch.retry_first_seconds),
        longest_pause=timedelta(seconds=dispatch.retry_longest_seconds),
        lease=timedelta(seconds=dispatch.lease_seconds),
        poll_after=timedelta(seconds=dispatch.poll_after_seconds),
        bill_after=timedelta(seconds=dispatch.bill_after_seconds),
        silent_for=timedelta(seconds=settings.retention.sent_final_after_seconds),
        code_life=timedelta(seconds=settings.verify.code_life_seconds),
        max_checks=settings.verify.max_checks,
        check_lease=2 * settings.twilio.timeout,
        resend_after=timedelta(seconds=settings.verify.resend_after_seconds),
    )


def _lane(policy: Policy) -> Callable[[str], str]:
    lanes = {name: purpose.priority for name, purpose in policy.purposes.items()}
    return lambda purpose: lanes.get(purpose, "normal")


def _known_by(reads: StoreReads) -> Callable[[Intent], Known]:
    def known(intent: Intent) -> Known:
        return reads.known(intent.realm, intent.to.number, intent.to.email, intent.identity)

    return known


def _alert(event: str, fields: Mapping[str, object]) -> None:
    structlog.get_logger("gateway.alert").warning(event, **fields)


def _take_parked(desk: StoreDesk, inbox: Inbox, sid: str) -> None:
    """What was told of a SID before anybody knew whose it is. It was remembered as seen when it was parked.

    It stays until all of it is applied, because nobody tells it again. Two processes at once apply the same.
    """
    events = desk.parked(sid)
    for event in events:
        inbox.receive(replace(event, event_id=None))
    if events:
        desk.unpark(sid)


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
