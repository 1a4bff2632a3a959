"""`/metrics`: Prometheus text from the store's counters, so it is the whole house's from whichever process answers.

Nothing personal: labels are names of ours. With the store away only `gateway_store_up 0` is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from flask import Flask, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.adapters.store.movements import HANDED, HANDED_BOUNDS_MS
from gateway.errors import StoreUnavailable
from gateway.wiring import Gateway
from gateway.wiring.readings import Readings, Waiting, read

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def mount(app: Flask, gateway: Gateway) -> None:
    registry = CollectorRegistry()
    registry.register(HouseCollector(gateway))

    def metrics() -> Response:
        return Response(generate_latest(registry), 200, content_type=CONTENT_TYPE)

    app.add_url_rule("/metrics", "metrics", metrics, methods=["GET"], provide_automatic_options=False)


class HouseCollector(Collector):
    """Reads at every scrape; keeps nothing, so restarts and more processes change nothing."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def describe(self) -> Iterable[Metric]:
        """Nothing is read when it is registered."""
        return ()

    def collect(self) -> Iterator[Metric]:
        try:
            self._gateway.tally.flush()
            readings = read(self._gateway)
            slowed = self._gateway.pacing.slowed()
        except StoreUnavailable:
            yield _gauge("store_up", "Whether Redis answers.", 0)
            return
        yield _gauge("store_up", "Whether Redis answers.", 1)
        yield from _counters(readings)
        yield handed_over(readings.counts)
        yield from _waiting(readings.lanes)
        yield from _health(readings)
        yield _paces(slowed)
        yield from _store(self._gateway, readings)
        yield from _lookups(self._gateway, readings)


# name in the store → (metric, help, labels): what follows the first word, in this order
COUNTERS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "intents:accepted:": ("intents_accepted", "Intents accepted.", ("purpose",)),
    "intents:": ("intents", "Intents that came into this status.", ("status",)),
    "attempts:": ("attempts", "Attempts that came into this status.", ("status", "channel", "class")),
    "events:": ("events", "Posts of events to applications.", ("result",)),
    "rejected|": ("webhooks_rejected", "Webhooks refused for their signature.", ("source", "cause")),
    "admitted|": ("webhooks_admitted", "Webhooks admitted, by the key that admitted them.", ("source", "key")),
    "effect|": ("webhook_effects", "What webhooks did.", ("source", "effect")),
    "slowed|": ("pace_slowed", "Times that a bucket of sends was slowed down.", ("bucket",)),
    "http|": ("http_requests", "HTTP requests answered.", ("method", "route", "status")),
    "http_ms|": ("http_request_seconds", "Time spent answering.", ("method", "route")),
}


def _counters(readings: Readings) -> Iterator[Metric]:
    families = {
        prefix: CounterMetricFamily(f"gateway_{name}", told, labels=labels)
        for prefix, (name, told, labels) in COUNTERS.items()
    }
    for stored in (readings.counts, readings.tally):
        for name, count in sorted(stored.items()):
            prefix = next((p for p in COUNTERS if name.startswith(p)), None)
            if prefix is not None:
                labels = name[len(prefix) :].split(prefix[-1])
                wanted = len(COUNTERS[prefix][2])
                value = count / 1000 if prefix == "http_ms|" else count
                families[prefix].add_metric([*labels, "", ""][:wanted], value)
    yield from families.values()


def handed_over(counts: Mapping[str, int]) -> Metric:
    """The histogram as Prometheus wants it, each bucket with all below it."""
    below, buckets = 0, []
    for bound in HANDED_BOUNDS_MS:
        below += counts.get(f"{HANDED}:{bound}", 0)
        buckets.append((f"{bound / 1000:g}", below))
    buckets.append(("+Inf", below + counts.get(f"{HANDED}:more", 0)))
    family = HistogramMetricFamily(
        "gateway_handed_over_seconds", "From accept (or send_at) until the provider answered the first attempt."
    )
    family.add_metric([], buckets, sum_value=counts.get(f"{HANDED}:ms", 0) / 1000)
    return family


def _waiting(lanes: Mapping[str, Waiting]) -> Iterator[Metric]:
    for name, told in (
        ("open", "Intents not yet final."),
        ("due", "Open intents whose time has come."),
        ("oldest_due_seconds", "How long the first of them has been waiting."),
        ("bells", "Jobs in the RQ queue."),
    ):
        family = GaugeMetricFamily(f"gateway_lane_{name}", told, labels=["lane"])
        for lane, waiting in lanes.items():
            family.add_metric([lane], getattr(waiting, name))
        yield family


def _health(readings: Readings) -> Iterator[Metric]:
    if readings.worker_seen_seconds is not None:
        yield _gauge("worker_seen_seconds", "Since a worker was last seen.", readings.worker_seen_seconds)
    yield _gauge("worker_seen", "Whether a worker was seen within the hour.", readings.worker_seen_seconds is not None)
    yield _gauge("events_waiting", "Events not yet taken by their application.", readings.events_waiting)
    yield _gauge("events_overdue_seconds", "How long the first of them is overdue.", readings.events_overdue_seconds)
    yield _gauge("inbound_held", "Sending waits for missed inbound messages.", readings.inbound_held)
    paused = GaugeMetricFamily("gateway_sending_paused", "Sending is on hold for the account.", labels=["cause"])
    paused.add_metric([readings.paused or ""], readings.paused is not None)
    yield paused


def _paces(slowed: Mapping[str, float]) -> Metric:
    """Only buckets that are slowed down have one: without a sample nothing is held back."""
    family = GaugeMetricFamily(
        "gateway_pace_per_second", "Sends per second of a bucket that was slowed down.", labels=["bucket"]
    )
    for bucket, per_second in sorted(slowed.items()):
        family.add_metric([bucket], round(per_second, 2))
    return family


def _store(gateway: Gateway, readings: Readings) -> Iterator[Metric]:
    memory = readings.memory
    ratio = memory.used / memory.limit if memory.limit else 0.0
    yield _gauge("store_memory_bytes", "Memory that Redis uses.", memory.used)
    yield _gauge("store_memory_limit_bytes", "Its maxmemory; 0: none.", memory.limit)
    yield _gauge("store_memory_ratio", "Used part of maxmemory.", ratio)
    yield _gauge("store_intents", "Intents kept, summaries too.", memory.intents)
    yield _gauge("admission_open", "Whether /send accepts.", _accepts(gateway))
    if memory.bytes_per_intent is not None:
        yield _gauge("store_bytes_per_intent", "Memory divided by the intents kept.", memory.bytes_per_intent)
    if memory.days_of_room is not None:
        yield _gauge("store_days_of_room", "Until admission closes, without what retention frees.", memory.days_of_room)


def _accepts(gateway: Gateway) -> bool:
    try:
        gateway.admission.check()
    except StoreUnavailable:
        return False
    return True


def _lookups(gateway: Gateway, readings: Readings) -> Iterator[Metric]:
    yield _gauge("lookup_breaker_open", "Lookup is failing and not asked.", readings.breaker_open)
    budget = gateway.settings.budget.lookups_per_day
    yield _gauge("lookup_budget_today", "Paid lookups allowed today; 0: no limit.", budget)
    today = GaugeMetricFamily("gateway_lookups_today", "Lookups of this UTC day, by field.", labels=["kind"])
    dollars = GaugeMetricFamily("gateway_lookup_usd_today", "Their estimated cost, paid or spared.", labels=["kind"])
    for kind, (count, usd) in sorted(readings.lookups.items()):
        today.add_metric([kind], count)
        dollars.add_metric([kind], float(usd))
    yield today
    yield dollars


def _gauge(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(f"gateway_{name}", told, value=value)
