"""A gateway on a real Redis with a provider of the tests: it counts what it is asked, and talks before it answers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway import pipeline, wiring
from gateway.act import moves
from gateway.adapters.store.connection import Client
from gateway.channels.shape import Operation, ProviderRequest
from gateway.ids import ulid
from gateway.inbox import Event, Reply
from gateway.model import Content, Decision, Intent, Lookup, LookupSource, Progress, Recipient, Step
from gateway.settings import Settings
from gateway.wiring import Gateway
from tests.stack import FLOW_CONFIG, environment

PERSON = "+14155550100"
KINDS = {Operation.MESSAGE: "SM", Operation.CALL: "CA", Operation.VERIFICATION: "VE"}


class Clock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime.now(UTC).replace(microsecond=0)

    def now(self) -> datetime:
        return self.moment

    def move(self, by: timedelta) -> None:
        self.moment += by


@dataclass
class Provider:
    """`meanwhile` is called with the new SID before the answer goes out: callbacks may be quicker than answers."""

    sent: list[ProviderRequest] = field(default_factory=list)
    meanwhile: Callable[[str], None] = lambda _: None
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def send(self, request: ProviderRequest, *, test: bool) -> Mapping[str, Any]:
        sid = f"{KINDS[request.operation]}{next(self._numbers):032d}"
        self.sent.append(request)
        self.meanwhile(sid)
        return {"sid": sid, "status": "pending" if request.operation is Operation.VERIFICATION else "queued"}

    def fetch(self, *_: object, **__: object) -> None:
        return None

    def search(self, *_: object, **__: object) -> list[Any]:
        return []


@dataclass
class House:
    gateway: Gateway
    clock: Clock
    provider: Provider

    def accept(self, *route: str, proof: tuple[str, ...] = (), purpose: str = "notification", **more: Any) -> str:
        intent = Intent(
            id=ulid(),
            app="default",
            purpose=purpose,
            to=Recipient(more.pop("to", PERSON), "US"),
            content=Content(body=f"Hello {ulid()}."),
            created_at=self.clock.now(),
            **more,
        )
        decision = Decision(tuple(map(Step.parse, proof)), tuple(map(Step.parse, route)))
        lookup = Lookup(intent.to.number, LookupSource.LIVE, self.clock.now(), True, country="US")
        self.gateway.intents.accept(moves.accepted(intent, decision, lookup, pending=False), None, ring=False)
        return intent.id

    def run(self, intent_id: str, times: int = 6) -> Progress:
        """As the worker would, as often as it may be rung for."""
        for _ in range(times):
            pipeline.run(self.gateway.house, intent_id)
        return self.read(intent_id)

    def read(self, intent_id: str) -> Progress:
        found = self.gateway.intents.load(intent_id)
        assert found is not None
        return found

    def tell(self, event: Event) -> Reply:
        return self.gateway.inbox.receive(event)


@contextmanager
def house_on(client: Client, redis_url: str, home: Path, config: str = FLOW_CONFIG) -> Iterator[House]:
    file = home / "gateway.toml"
    file.write_text(config + "\n[senders.default]\ncalls_per_second = 0\n")
    clock, provider = Clock(), Provider()
    settings = Settings.load(file, environment(redis_url, "http://127.0.0.1:9", "http://127.0.0.1:9"))
    gateway = wiring.build(settings, client=client, clock=clock)
    object.__setattr__(gateway.house.acting.writes, "calls", provider)
    wiring.use(gateway)
    try:
        yield House(gateway, clock, provider)
    finally:
        wiring.use(None)
