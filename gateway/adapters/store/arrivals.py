"""All that an arriving intent needs of the store before it is judged, in one round trip.

It limits, claims and counts; what a refusal gives back is its caller's business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from gateway.adapters.store import names, scripts
from gateway.adapters.store.connection import Client
from gateway.adapters.store.doorbell import Doorbell
from gateway.adapters.store.idempotency import Idempotency, Verdict, read_verdict
from gateway.adapters.store.known import known_answer, known_call
from gateway.adapters.store.limits import (
    Bucket,
    Cap,
    CapReached,
    capping,
    caps_answer,
    caps_call,
    limiting,
    take_call,
)
from gateway.model import Intent
from gateway.ports import Claim, Clock, Known


@dataclass(frozen=True, slots=True)
class Arrival:
    """`rate`: the bucket of the API key; `claim`: the idempotency key wanted; `cached`: names of cached lookups."""

    intent: Intent
    rate: Bucket | None = None
    claim: Claim | None = None
    caps: Sequence[Cap] = ()
    lane: str = "normal"
    cached: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Arrived:
    """`wait`: the API key's limit is used up for so long. `waiting`: bells in the lane's queue."""

    known: Known
    wait: timedelta = timedelta(0)
    verdict: Verdict | None = None
    reached: CapReached | None = None
    waiting: int = 0
    cached: Mapping[str, bytes | None] = field(default_factory=dict)


class Arrivals:
    def __init__(
        self, client: Client, hasher: names.Hasher, clock: Clock, idempotency: Idempotency, doorbell: Doorbell
    ) -> None:
        self._client = client
        self._hash = hasher
        self._clock = clock
        self._idempotency = idempotency
        self._doorbell = doorbell

    def release(self, claim: Claim) -> None:
        self._idempotency.release(claim)

    def read(self, arrival: Arrival) -> Arrived:
        """Raises StoreUnavailable."""
        intent, to = arrival.intent, arrival.intent.to
        rates = limiting([arrival.rate]) if arrival.rate is not None else []
        caps = capping(arrival.caps)
        trip = scripts.Trip(self._client)
        if rates:
            trip.run("take", *take_call(rates))
        if arrival.claim is not None:
            trip.run("claim", *self._idempotency.call(arrival.claim))
        if caps:
            trip.run("caps", *caps_call(caps))
        trip.run("known", *known_call(self._hash, app=intent.realm, number=to.number, email=to.email,
                                      identity=intent.identity))  # fmt: skip
        trip.add("LLEN", self._doorbell.key(arrival.lane))
        if arrival.cached:
            trip.add("MGET", *arrival.cached)
        answers = iter(trip.answers())
        return Arrived(
            wait=timedelta(microseconds=next(answers)) if rates else timedelta(0),
            verdict=read_verdict(arrival.claim, next(answers)) if arrival.claim is not None else None,
            reached=caps_answer(caps, next(answers)) if caps else None,
            known=known_answer(next(answers), self._clock.now()),
            waiting=int(next(answers)),
            cached=dict(zip(arrival.cached, next(answers), strict=True)) if arrival.cached else {},
        )
