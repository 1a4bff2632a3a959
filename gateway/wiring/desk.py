"""The door's desk over the store: what it has seen, what waits for its owner, whom to tell."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from gateway.act import Acting
from gateway.adapters.store import names, scripts
from gateway.adapters.store.apps import Apps
from gateway.adapters.store.codec import from_ms, to_ms
from gateway.adapters.store.connection import Client, store_errors
from gateway.adapters.store.learned import Learned
from gateway.adapters.store.proofs import Proofs
from gateway.adapters.store.suppressions import Suppressions
from gateway.inbox.events import StatusReported, Subject
from gateway.model import SuppressionEntry
from gateway.wiring.powers import split_owner

SEEN = b"1"
"""What stands under the name of an event whose effect is durable; of a text, before that, the moment when it came."""
SEEN_FOR = timedelta(hours=48)
PARKED_FOR = timedelta(minutes=10)
PARKED_BOUND = 20
TellApp = Callable[[str, str, Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class OptOutList:
    """Implements inbox.desk.OptOuts."""

    suppressions: Suppressions

    def add(self, address: str, entry: SuppressionEntry) -> bool:
        return self.suppressions.add(address, entry)

    def entries(self, address: str) -> tuple[SuppressionEntry, ...]:
        return self.suppressions.entries(address)

    def lift(self, address: str, sources: frozenset[str], *, who: str, why: str, up_to: datetime) -> bool:
        return self.suppressions.remove(address, scopes=None, sources=sources, who=who, why=why, up_to=up_to)[0]


@dataclass(frozen=True, slots=True)
class StoreDesk:
    """Implements inbox.desk.Desk."""

    client: Client
    acting: Acting
    opt_outs: OptOutList
    learned: Learned
    proofs: Proofs
    apps: Apps
    tell: TellApp

    def seen(self, event_id: str) -> bool:
        with store_errors():
            return bool(self.client.get(names.seen(event_id)) == SEEN)

    def arrived(self, event_id: str, now: datetime) -> datetime | None:
        with store_errors():
            known = self.client.set(names.seen(event_id), to_ms(now), nx=True, get=True, ex=SEEN_FOR)
        if known is None:
            return now
        return None if known == SEEN else from_ms(int(known))

    def remember(self, event_id: str) -> None:
        with store_errors():
            self.client.set(names.seen(event_id), SEEN, ex=SEEN_FOR)

    def park(self, event: StatusReported) -> tuple[str, int] | None:
        if not event.sid or event.address is not None:
            return None
        keys = [names.sid(event.sid), names.parked(event.sid)]
        text = json.dumps(asdict(event))
        owner = scripts.run(self.client, "park", keys, text, round(PARKED_FOR.total_seconds()), PARKED_BOUND)
        return split_owner(owner)

    def parked(self, sid: str) -> list[StatusReported]:
        """Events that came before their SID had an owner. They stay until `unpark`."""
        with store_errors():
            rows = self.client.lrange(names.parked(sid), 0, -1)
        events = []
        for row in rows:
            document = json.loads(row)
            document["subject"] = Subject(document["subject"])
            events.append(StatusReported(**document))
        return events

    def unpark(self, sid: str) -> None:
        """All of them: none has been parked since the SID has its owner (see park.lua)."""
        with store_errors():
            self.client.delete(names.parked(sid))

    def open_window(self, person: str, sender: str, at: datetime) -> None:
        self.learned.open_window(person, sender, at)

    def app_for(self, senders: tuple[str, ...], person: str) -> str | None:
        owners = (self.apps.owner(sender) for sender in senders)
        wrote_from = chain(senders, self._beside(senders))
        writers = (self.learned.last_writer(person, sender) for sender in wrote_from)
        return next(filter(None, chain(owners, writers)), None)

    def _beside(self, senders: tuple[str, ...]) -> Iterator[str]:
        """A Messaging Service and a number that are one sender of ours: texts go by the one, and name the other."""
        for own in self.acting.senders.values():
            both = {own.messaging_service_sid, own.from_number} - {""}
            if not both.isdisjoint(senders):
                yield from both.difference(senders)

    def tell_app(self, app: str, kind: str, fields: Mapping[str, Any]) -> None:
        self.tell(app, kind, fields)

    def factor_reported(self, kind: str, identity: str, factor_sid: str) -> str:
        if not self.proofs.knows(factor_sid):
            return "orphan"
        if kind == "factor.deleted":
            return "applied" if self.proofs.drop(factor_sid) else "duplicate"
        if kind == "factor.verified":
            return "applied" if self.proofs.mark(factor_sid, "verified") else "duplicate"
        return "ignored"  # a challenge is answered where its code was entered
