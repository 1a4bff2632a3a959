"""act on a real Redis, with a clock that only we move and a provider that keeps what it was sent."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway import pipeline, wiring
from gateway.act import moves
from gateway.adapters.store.connection import Client
from gateway.channels.shape import Operation, ProviderRequest
from gateway.errors import ProviderError, ProviderRefused, ProviderSilent
from gateway.ids import ulid
from gateway.inbox import StatusReported, Subject
from gateway.inbox.door import Inbox
from gateway.model import Attempt, Content, Decision, Intent, Lookup, LookupSource, Progress, Recipient, Step
from gateway.pipeline import House
from gateway.ports import Found
from gateway.settings import Settings
from tests.stack import environment

MOBILE, OTHER = "+14155550100", "+14155550101"
START = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
SUBJECT = {Operation.MESSAGE: Subject.MESSAGE, Operation.CALL: Subject.CALL, Operation.MAIL: Subject.EMAIL}
PREFIX = {Operation.MESSAGE: "SM", Operation.CALL: "CA", Operation.MAIL: "mail"}
FALLBACK_SECONDS = 60
CONFIG = f"""
[purposes.hasty]
mobile = ["sms", "voice"]
fallback_after_seconds = {FALLBACK_SECONDS}

[senders.default]
calls_per_second = 0
"""


@dataclass
class HandClock:
    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Resource:
    """Something the provider has made."""

    sid: str
    request: ProviderRequest
    status: str = "accepted"
    error_code: int | None = None

    @property
    def answer(self) -> dict[str, Any]:
        return {"sid": self.sid, "status": self.status, "error_code": self.error_code}


Mood = Callable[["Provider", ProviderRequest], Mapping[str, Any]]


def accepts(provider: Provider, request: ProviderRequest) -> Mapping[str, Any]:
    return provider.make(request).answer


def accepts_silently(provider: Provider, request: ProviderRequest) -> Mapping[str, Any]:
    """It acts, and the answer is lost."""
    provider.make(request)
    raise ProviderSilent("no answer", sent=True)


def loses(provider: Provider, request: ProviderRequest) -> Mapping[str, Any]:
    """The request is lost on the way, and nobody can tell."""
    raise ProviderSilent("no answer", sent=True)


def refuses(status: int, code: int) -> Mood:
    def mood(provider: Provider, request: ProviderRequest) -> Mapping[str, Any]:
        raise ProviderRefused(status, code, "no")

    return mood


@dataclass
class Provider:
    """Implements ports.Calls. `moods` are used up one a call; then it accepts."""

    moods: list[Mood] = field(default_factory=list)
    made: list[Resource] = field(default_factory=list)
    calls: int = 0
    searches: int = 0
    list_fails: bool = False
    while_searching: Callable[[], None] | None = None
    _numbers: Any = field(default_factory=itertools.count)

    def make(self, request: ProviderRequest) -> Resource:
        resource = Resource(f"{PREFIX[request.operation]}{next(self._numbers):032d}", request)
        self.made.append(resource)
        return resource

    def send(self, request: ProviderRequest, *, test: bool) -> Mapping[str, Any]:
        self.calls += 1
        mood = self.moods.pop(0) if self.moods else accepts
        return mood(self, request)

    def search(self, attempt: Attempt, request: ProviderRequest, *, test: bool) -> Sequence[Found]:
        self.searches += 1
        if self.list_fails:
            raise ProviderSilent("the list does not answer", sent=True)
        found = [Found(one.sid, one.answer) for one in reversed(self.made) if _alike(one.request, request)]
        if self.while_searching is not None:
            self.while_searching()
        return found

    def fetch(self, attempt: Attempt, *, test: bool) -> Mapping[str, Any] | None:
        return next((one.answer for one in self.made if one.sid == attempt.provider_sid), None)

    @property
    def channels(self) -> list[str]:
        return [str(one.request.operation) for one in self.made]


def _alike(one: ProviderRequest, other: ProviderRequest) -> bool:
    return one.operation is other.operation and all(
        one.params.get(name) == other.params.get(name) for name in ("to", "body", "twiml")
    )


@dataclass
class World:
    """`step` is what a worker does with an intent when its time has come."""

    gateway: wiring.Gateway
    clock: HandClock
    provider: Provider
    house: House
    inbox: Inbox

    def accept(
        self, *route: str, body: str = "Your order has shipped.", purpose: str = "notification", **more: Any
    ) -> str:
        recipient = Recipient(more.pop("to", MOBILE), "US", more.pop("email", None))
        intent = Intent(ulid(), "shop", purpose, recipient, Content(body=body), self.clock.now(), **more)
        steps = tuple(Step.parse(step) for step in route or ("sms", "voice"))
        lookup = Lookup(recipient.number, LookupSource.CACHE, None, valid=True, country="US")
        progress = moves.accepted(intent, Decision(route=steps), lookup, pending=False)
        self.gateway.intents.accept(progress, None, ring=False)
        return intent.id

    def load(self, intent_id: str) -> Progress:
        found = self.gateway.intents.load(intent_id)
        assert found is not None
        return found

    def run(self, intent_id: str) -> Progress:
        """A bell, whether it is time or not."""
        pipeline.run(self.house, intent_id)
        return self.load(intent_id)

    def step(self, intent_id: str) -> Progress:
        """The clock goes to the moment at which the intent wants to be looked at."""
        progress = self.load(intent_id)
        if progress.wake_at is not None:
            self.clock.at = max(self.clock.at, progress.wake_at)
        return self.run(intent_id)

    def until_final(self, intent_id: str, steps: int = 60) -> Progress:
        for _ in range(steps):
            progress = self.step(intent_id)
            if progress.final:
                return progress
        raise AssertionError(f"not final after {steps} looks: {progress.status}")

    def report(self, intent_id: str, number: int, status: str, code: int | None = None, sid: str | None = None) -> str:
        """A callback of the provider about one attempt."""
        attempt = self.load(intent_id).attempts[number - 1]
        channel = {"sms": Subject.MESSAGE, "voice": Subject.CALL, "email": Subject.EMAIL}[attempt.step.channel]
        return self.inbox.receive(
            StatusReported(channel, sid or attempt.provider_sid or "", status, intent_id, number, code)
        ).effect

    def timeline(self, intent_id: str) -> list[str]:
        return [f"{entry.event} {entry.detail}".strip() for entry in self.gateway.intents.timeline(intent_id)]


def world_on(client: Client, redis_url: str, home: Path, config: str = CONFIG) -> World:
    file = home / "gateway.toml"
    file.write_text(config)
    clock, provider = HandClock(), Provider()
    settings = Settings.load(file, environment(redis_url, "http://127.0.0.1:9", "http://127.0.0.1:9"))
    gateway = wiring.build(settings, client=client, clock=clock)
    writes = replace(gateway.house.acting.writes, calls=provider)  # type: ignore[type-var]
    acting = replace(gateway.house.acting, writes=writes)
    desk = replace(gateway.desk, acting=acting)
    return World(gateway, clock, provider, replace(gateway.house, acting=acting), Inbox(desk))


__all__ = ["ProviderError", "World", "world_on"]
