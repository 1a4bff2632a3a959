"""The first page: how things are, what today was like, how the week went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from gateway.adapters.store import names
from gateway.adapters.store.connection import store_errors
from gateway.adapters.store.series import Sample, Series
from gateway.console import figures
from gateway.console.visit import Page, Visit
from gateway.errors import StoreUnavailable
from gateway.model import Channel
from gateway.wiring import Gateway
from gateway.wiring import series as sampled
from gateway.wiring.readings import Readings, read

SPANS = {"day": timedelta(days=1), "week": timedelta(days=7)}
WORKER_SILENT_AFTER = 60.0
QUEUE_SLOW_AFTER = 60.0
SUPPRESSED = "suppressed"
ENOUGH = 4


@dataclass(frozen=True, slots=True)
class Check:
    """One light: what it is about, `good`, `warn` or `bad`, and in words."""

    name: str
    tone: str
    says: str


def overview(visit: Visit) -> Response:
    chosen = request.args.get("span", "day")
    chosen = chosen if chosen in SPANS else "day"
    return visit.page("overview.html", span_name=chosen, charts=_charts(visit, SPANS[chosen]), **_live(visit))


def live(visit: Visit) -> Response:
    """The part that is fetched again every few seconds."""
    return visit.page("_live.html", **_live(visit))


def _live(visit: Visit) -> Mapping[str, Any]:
    gateway = visit.gateway
    with store_errors():
        stored = gateway.client.hgetall(names.counts_of(gateway.clock.now()))
    readings = read(gateway)
    return {
        "today": figures.today({name.decode(): int(count) for name, count in stored.items()}),
        "checks": checks(gateway, readings),
        "lookups": {kind: lookups for kind, lookups in readings.lookups.items() if lookups[0]},
        "suppressed": gateway.suppressions.count(),
        "columns": figures.COLUMNS,
        "outcomes": figures.OUTCOMES,
    }


def checks(gateway: Gateway, readings: Readings) -> list[Check]:
    age = max((lane.oldest_due_seconds for lane in readings.lanes.values()), default=0.0)
    seen = readings.worker_seen_seconds
    alive = seen is not None and seen < WORKER_SILENT_AFTER
    due = sum(lane.due for lane in readings.lanes.values())
    return [
        _redis(gateway),
        Check("Worker", "good" if alive else "bad", "never seen lately" if seen is None else f"seen {seen:.0f} s ago"),
        Check("Queue", "good" if age < QUEUE_SLOW_AFTER else "warn", f"{due} due, the oldest for {age:.0f} s"),
        Check("Lookup", *(("bad", "failing: its breaker is open") if readings.breaker_open else ("good", "answers"))),
        Check("Twilio", *(("bad", f"sending is on hold: {readings.paused}") if readings.paused else ("good", "open"))),
        Check(
            "Inbound",
            *(("warn", "fetching missed texts; sending waits") if readings.inbound_held else ("good", "caught up")),
        ),
    ]


def _redis(gateway: Gateway) -> Check:
    try:
        gateway.admission.check()
    except StoreUnavailable as err:
        return Check("Redis", "bad", str(err))
    health = gateway.admission.health()
    kept = "kept on disk" if health.append_only else "NOT kept on disk: no append-only file"
    return Check("Redis", "good" if health.append_only else "warn", f"{health.used:.0%} of its memory, {kept}")


def _charts(visit: Visit, span: timedelta) -> Mapping[str, Any]:
    gateway, now = visit.gateway, visit.gateway.clock.now()
    past = Series(gateway.client).since(now - span)
    samples = [*past, Sample(now, sampled.figures(gateway))]
    whole = past if len(past) >= ENOUGH else samples  # the slot under way is not over, and would look like a fall
    return {
        "Intents by outcome": figures.flows(whole, "status:", ("accepted", *figures.OUTCOMES)),
        "Attempts by channel": figures.flows(whole, "channel:", [channel.value for channel in Channel]),
        "Age of the queue, seconds": figures.levels(samples, {"queue_age": "oldest due"}),
        "Addresses opted out": figures.levels(samples, {SUPPRESSED: "addresses"}),
    }


PAGES = (
    Page("GET", "/", "overview", overview),
    Page("GET", "/live", "live", live),
)
