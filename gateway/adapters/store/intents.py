"""The record of every intent in Redis: accepted, changed and begun in one atomic step each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from pydantic_core import from_json
from redis.client import Pipeline

from gateway.adapters.store import codec, movements, names, scripts
from gateway.adapters.store.codec import Sealer, to_ms
from gateway.adapters.store.connection import Client, store_errors
from gateway.adapters.store.doorbell import Doorbell
from gateway.adapters.store.learned import LAST_WRITER_TTL
from gateway.adapters.store.outbox import Event, Outbox
from gateway.adapters.store.quorum import Quorum
from gateway.errors import AcceptUnknown, Refused, StoreUnavailable
from gateway.model import Attempt, AttemptStatus, Intent, Progress, TimelineEntry
from gateway.ports import Begun, Change, Claim, Clock

INDEX_TTL = timedelta(days=35)
SAFETY = timedelta(seconds=45)
"""How long a rung bell may go unanswered before the sweep rings again."""
GUARD_SLACK = timedelta(hours=1)
"""How much longer than its intent an attempt without an outcome keeps others with the same content back."""
TIMELINE_BOUND = 200
UPDATE_TRIES = 50


class IntentStore:
    """Implements ports.Intents."""

    def __init__(
        self,
        client: Client,
        doorbell: Doorbell,
        sealer: Sealer,
        hasher: names.Hasher,
        clock: Clock,
        lane: Callable[[str], str],
        answer_ttl: timedelta = timedelta(hours=24),
        quorum: Quorum | None = None,
        rung_again_after: timedelta = SAFETY,
        outbox: Outbox | None = None,
        announce: Callable[[Progress], Event | None] = lambda _: None,
    ) -> None:
        self._client = client
        self._doorbell = doorbell
        self._sealer = sealer
        self._hash = hasher
        self._clock = clock
        self._lane = lane
        self._answer_ttl = answer_ttl
        self._quorum = quorum or Quorum(client)
        self._safety = rung_again_after
        self._outbox = outbox or Outbox(client, sealer, clock)
        self._announce = announce

    # ---- accept

    def accept(self, progress: Progress, claim: Claim | None, *, ring: bool) -> None:
        """See ports.Intents. A lost answer is asked for once more: accepting is idempotent by the intent's id."""
        try:
            verdict = self._accept(progress, claim, ring)
        except StoreUnavailable:
            try:
                verdict = self._accept(progress, claim, ring)
            except StoreUnavailable as err:
                raise AcceptUnknown(progress.intent.id) from err
        if verdict == "lost":
            raise Refused(
                "idempotency_in_progress", "another request holds this Idempotency-Key", retry_after_seconds=2
            )

    def _accept(self, progress: Progress, claim: Claim | None, ring: bool) -> str:
        intent, now = progress.intent, self._clock.now()
        progress = replace(progress, updated_at=now)
        wake = now + self._safety if ring else progress.wake_at or now
        name = self.open_name(intent)
        keys = [
            names.intent(intent.id),
            names.timeline(intent.id),
            names.open_intents(name),
            names.OPEN_NAMES,
            names.by_app(intent.app),
            names.by_recipient(self._hash(intent.to.number)),
            claim.key if claim else names.claim(intent.app, "none"),
            names.COUNTS,
            names.counts_of(now),
        ]
        sealed = self._sealer.seal(codec.dumps(codec.intent_document(intent)), intent.id)
        event_keys, event = self._outbox.arguments(self._announce(progress))
        args: list[scripts.Argument] = [
            intent.id,
            claim.token if claim else "",
            claim.answer if claim else "",
            round(((claim and claim.kept_for) or self._answer_ttl).total_seconds() * 1000),
            sealed,
            codec.state_text(progress),
            to_ms(intent.created_at),
            to_ms(wake),
            name,
            round(INDEX_TTL.total_seconds()),
            f"intents:accepted:{intent.purpose}",
            *event,
            claim.fingerprint if claim else "",
            *(codec.timeline_text(entry) for entry in progress.added),
        ]

        def build(pipe: Pipeline) -> None:
            scripts.stage(pipe, "accept", [*keys, *event_keys], *args)
            if ring:
                self._doorbell.stage(pipe, self._lane(intent.purpose), intent.id, 1)

        return str(self._quorum.write(lambda client: scripts.transact(client, build, ["accept"]))[0].decode())

    def confirm(self, intent_id: str) -> None:
        """For an answer that is given again: the intent is there, also for the replicas. Raises StoreUnavailable."""

        def there(client: Client) -> None:
            with store_errors():
                if not client.exists(names.intent(intent_id)):
                    raise StoreUnavailable(f"intent {intent_id} is gone")

        if self._quorum.asks:
            self._quorum.write(there)

    # ---- read

    def load(self, intent_id: str) -> Progress | None:
        trip = scripts.Trip(self._client)
        trip.add("HMGET", names.intent(intent_id), "i", "s", "v")
        sealed, state, version = trip.answers()[0]
        if version is None:
            return None
        return self._read(intent_id, sealed, state, version)

    def _read(self, intent_id: str, sealed: bytes, state: bytes, version: bytes) -> Progress:
        intent = codec.read_intent(from_json(self._sealer.open(sealed, intent_id)))
        return codec.read_progress(intent, state, int(version))

    def load_many(self, intent_ids: list[str]) -> list[Progress]:
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for intent_id in intent_ids:
                pipe.hmget(names.intent(intent_id), ["i", "s", "v"])
            rows = pipe.execute()
        return [self._read(i, *row) for i, row in zip(intent_ids, rows, strict=True) if row[2] is not None]

    def timeline(self, intent_id: str) -> tuple[TimelineEntry, ...]:
        with store_errors():
            rows = self._client.lrange(names.timeline(intent_id), 0, -1)
        return tuple(codec.read_timeline(row) for row in rows)

    def newest(self, app: str, before_ms: int | None, limit: int) -> list[tuple[str, int]]:
        """Ids and creation times (unix ms) of an application's intents, newest first, older than `before_ms`."""
        return self._range(names.by_app(app), before_ms, limit)

    def newest_to(self, number: str, limit: int) -> list[tuple[str, int]]:
        return self._range(names.by_recipient(self._hash(number)), None, limit)

    def _range(self, key: str, before_ms: int | None, limit: int) -> list[tuple[str, int]]:
        highest = f"({before_ms}" if before_ms is not None else "+inf"
        with store_errors():
            rows = self._client.zrevrangebyscore(key, highest, "-inf", start=0, num=limit, withscores=True)
        return [(member.decode(), round(score)) for member, score in rows]

    # ---- change

    def update(self, intent_id: str, change: Change) -> Progress | None:
        for _ in range(UPDATE_TRIES):
            stored = self.load(intent_id)
            wanted = change(stored) if stored is not None else None
            if stored is None or wanted is None or wanted is stored:
                return stored
            after = self.commit(stored, wanted)
            if after is not None:
                return after
        raise StoreUnavailable(f"intent {intent_id} changes too fast")

    def commit(self, before: Progress, after: Progress) -> Progress | None:
        """Store `after` if `before` is still what is stored; None when somebody was faster."""
        intent, now = after.intent, self._clock.now()
        after = replace(after, updated_at=now)
        wake = None if after.wake_at is None else (now + self._safety if after.ring else after.wake_at)
        was, attempt = _changed_attempt(before, after)
        bound = attempt if attempt and attempt.provider_sid and (not was or not was.provider_sid) else None
        free = attempt and attempt.fingerprint and not _undecided(attempt) and (not was or _undecided(was))
        counters = movements.counters(before, after, now)
        event_keys, event = self._outbox.arguments(self._news(before, after))
        keys = [
            names.intent(intent.id),
            names.timeline(intent.id),
            names.open_intents(self.open_name(intent)),
            names.ENDED,
            names.guard(attempt.fingerprint if attempt else "none"),
            names.sid(bound.provider_sid or "none" if bound else "none"),
            names.COUNTS,
            names.counts_of(now),
            *event_keys,
            names.parked(bound.provider_sid or "none" if bound else "none"),
            names.open_intents(names.BILLING),
            names.OPEN_NAMES,
        ]
        args: list[scripts.Argument] = [
            intent.id,
            before.version,
            codec.state_text(after),
            _wake_text(after, wake),
            to_ms(now),
            f"{intent.id}/{attempt.number}" if free and attempt else "",
            f"{intent.id}/{bound.number}" if bound else "",
            round(INDEX_TTL.total_seconds()),
            TIMELINE_BOUND,
            *event,
            len(counters),
            *counters,
            *(codec.timeline_text(entry) for entry in after.added),
        ]

        def build(pipe: Pipeline) -> None:
            scripts.stage(pipe, "commit", keys, *args)
            if after.ring and wake is not None:
                self._doorbell.stage(pipe, self._lane(intent.purpose), intent.id, before.version + 1)

        if after.ring:
            verdict = scripts.transact(self._client, build, ["commit"])[0]
        else:
            verdict = scripts.run(self._client, "commit", keys, *args)
        if verdict == b"stale":
            return None
        if verdict == b"gone":
            raise StoreUnavailable(f"intent {intent.id} is gone")
        movements.tell(before, after, now, self._hash(intent.to.number))
        return replace(after, version=before.version + 1, ring=False, added=(), parked=verdict == b"parked")

    def _news(self, before: Progress, after: Progress) -> Event | None:
        """What the application is told of this change: a new status, or that the one it has is the last."""
        if (before.status, before.final) == (after.status, after.final):
            return None
        return self._announce(replace(after, version=before.version + 1))

    def begin(self, progress: Progress, scopes: frozenset[str], exempt: frozenset[str], writer: str = "") -> Begun:
        """See ports.Intents. `progress` already holds the new attempt; its version is the one that was loaded."""
        intent, attempt, now = progress.intent, progress.attempts[-1], self._clock.now()
        number_key, number_field, _ = names.suppression_bucket(self._hash(intent.to.number))
        email_key, email_field, _ = names.suppression_bucket(self._hash.address(intent.to.email or ""))
        event_keys, event = self._outbox.arguments(
            self._announce(replace(progress, version=progress.version + 1, updated_at=now))
        )
        email_scopes = scopes & {"email", "all"} if "email" in scopes and intent.to.email else frozenset()
        keys = [
            names.intent(intent.id),
            names.timeline(intent.id),
            names.open_intents(self.open_name(intent)),
            names.guard(attempt.fingerprint),
            number_key,
            email_key,
            names.COUNTS,
            names.counts_of(now),
            *event_keys,
            names.INBOUND_HOLD,
            names.last_app(self._hash(intent.to.number), self._hash(writer)),
            names.OPEN_NAMES,
        ]
        args: list[scripts.Argument] = [
            intent.id,
            progress.version,
            codec.state_text(replace(progress, updated_at=now)),
            to_ms(progress.wake_at or now),
            f"{intent.id}/{attempt.number}",
            round((intent.ttl + GUARD_SLACK).total_seconds() * 1000),
            number_field,
            _spaced(scopes),
            email_field if email_scopes else "",
            _spaced(email_scopes),
            _spaced(exempt),
            f"attempts:started:{attempt.step.channel}",
            *event,
            intent.app if writer else "",
            round(LAST_WRITER_TTL.total_seconds()),
            *(codec.timeline_text(entry) for entry in progress.added),
        ]
        verdict = self._quorum.write(lambda client: scripts.run(client, "begin", keys, *args))
        return Begun(verdict.decode())

    # ---- the index of open intents

    def open_name(self, intent: Intent) -> str:
        return f"{self._lane(intent.purpose)}|{intent.app}"

    def open_names(self) -> list[str]:
        with store_errors():
            return sorted(name.decode() for name in self._client.smembers(names.OPEN_NAMES))

    def due_names(self, now: datetime) -> list[str]:
        """Of which lanes and applications at least one intent is due."""
        found = [*self.open_names(), names.BILLING]
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for name in found:
                pipe.zrangebyscore(names.open_intents(name), "-inf", to_ms(now), start=0, num=1)
            return [name for name, first in zip(found, pipe.execute(), strict=True) if first]

    def take_due(self, name: str, now: datetime, limit: int) -> list[str]:
        """Ids of open intents whose time has come; each is put off, so no other taker gets it."""
        ids = scripts.run(self._client, "due", [names.open_intents(name)], to_ms(now), to_ms(now + self._safety), limit)
        return [member.decode() for member in ids]

    def versions(self, intent_ids: list[str]) -> Iterator[tuple[str, int]]:
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for intent_id in intent_ids:
                pipe.hget(names.intent(intent_id), "v")
            rows = pipe.execute()
        for intent_id, version in zip(intent_ids, rows, strict=True):
            if version is not None:
                yield intent_id, int(version)

    def forget_due(self, name: str, intent_id: str) -> None:
        """Take an id that has no record out of the index."""
        with store_errors():
            self._client.zrem(names.open_intents(name), intent_id)


def _wake_text(after: Progress, wake: datetime | None) -> str | int:
    """As commit.lua takes it."""
    if wake is None:
        return ""
    return f"b{to_ms(wake)}" if after.final else to_ms(wake)


def _spaced(words: frozenset[str]) -> str:
    return f" {' '.join(sorted(words))} "


def _changed_attempt(before: Progress, after: Progress) -> tuple[Attempt | None, Attempt | None]:
    """The attempt that is another now, as it was and as it is."""
    for number, attempt in enumerate(after.attempts):
        was = before.attempts[number] if number < len(before.attempts) else None
        if was != attempt:
            return was, attempt
    return None, None


def _undecided(attempt: Attempt) -> bool:
    """Nobody knows yet whether the provider acted, so its guard stands."""
    return attempt.status in (AttemptStatus.STARTED, AttemptStatus.UNKNOWN)
