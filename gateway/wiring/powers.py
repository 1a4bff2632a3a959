"""The powers that the stages are given, put together from the adapters: Reads for enrich, Writes for act."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.adapters.lookups import Lookups
from gateway.adapters.store import names
from gateway.adapters.store.connection import Client, store_errors
from gateway.adapters.store.intents import IntentStore
from gateway.adapters.store.known import read_known
from gateway.adapters.store.learned import Learned
from gateway.adapters.store.proofs import Proofs, factor_identity
from gateway.adapters.store.suppressions import Suppressions
from gateway.adapters.store.verifications import Verifications
from gateway.adapters.twilio import TwilioCalls
from gateway.model import LineType, Lookup, SuppressionEntry, is_test
from gateway.ports import Clock, Known
from gateway.wiring.pacing import SendPacing


class StoreReads:
    """Implements ports.Reads."""

    def __init__(self, client: Client, hasher: names.Hasher, clock: Clock, lookups: Lookups, tests: Lookups) -> None:
        self._client = client
        self._hash = hasher
        self._clock = clock
        self._lookups = lookups
        self._tests = tests

    def known(self, app: str, number: str, email: str | None, identity: str | None) -> Known:
        now = self._clock.now()
        return read_known(self._client, self._hash, now, app=app, number=number, email=email, identity=identity)

    def lookup(
        self, number: str, fields: Sequence[str], *, max_age: timedelta | None, allow_stale: bool, app: str
    ) -> Lookup:
        return self.lookups_of(app).lookup(number, fields, max_age=max_age, allow_stale=allow_stale, app=app)

    def lookups_of(self, realm: str) -> Lookups:
        """A test asks the sandbox alone."""
        return self._tests if is_test(realm) else self._lookups

    def kept(self, number: str, fields: Sequence[str], *, max_age: timedelta | None, app: str) -> Lookup | None:
        return self.lookups_of(app).kept(number, fields, max_age=max_age)

    def offline(self, number: str) -> Lookup:
        return self._lookups.offline(number)

    def note_free(self, app: str, lookup: Lookup, fields: Sequence[str]) -> None:
        self._lookups.note_free(app, lookup, fields)


@dataclass(frozen=True, slots=True)
class StoreWrites:
    """Implements ports.Writes."""

    client: Client
    clock: Clock
    intents: IntentStore
    calls: TwilioCalls
    suppressions: Suppressions
    learned: Learned
    pacing: SendPacing
    proofs: Proofs
    verifications: Verifications
    hashed: names.Hasher

    @property
    def codes(self) -> TwilioCalls:
        return self.calls

    def prove(self, app: str, number: str, at: datetime) -> None:
        self.proofs.prove(app, number, at)

    def identity_at_provider(self, app: str, identity: str) -> str:
        return factor_identity(self.hashed, app, identity)

    def drop_factor(self, factor_sid: str) -> None:
        self.proofs.drop(factor_sid)

    def owner_of(self, sid: str) -> tuple[str, int] | None:
        if not sid:
            return None
        with store_errors():
            owner = self.client.get(names.sid(sid))
        return split_owner(owner)

    def suppress(self, address: str, entry: SuppressionEntry) -> None:
        self.suppressions.add(address, entry)

    def learn(
        self,
        number: str,
        channel: str,
        *,
        line_type: LineType | None,
        hold: timedelta | None,
        unreachable: bool,
        attempt: str,
        by: str,
        at: datetime,
    ) -> None:
        if line_type is not None:
            self.learned.learn(number, line_type, by, at)
        if hold is not None:
            self.learned.hold(number, channel, at + hold, by)
        if unreachable:
            self.learned.unreachable(number, channel, attempt, by)

    def take_tokens(self, sender: str, channel: str, *, urgent: bool, fresh: bool) -> timedelta:
        return self.pacing.take(sender, channel, urgent=urgent, fresh=fresh)

    def slow(self, sender: str, channel: str, *, account: bool, pause: timedelta) -> None:
        self.pacing.slow(sender, channel, account=account, pause=pause)


def split_owner(owner: bytes | None) -> tuple[str, int] | None:
    if owner is None:
        return None
    intent_id, _, number = owner.decode().rpartition("/")
    return intent_id, int(number)
