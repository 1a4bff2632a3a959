"""`/healthz` and `/readyz`: open to the network, nothing personal in them."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response

from gateway.api.endpoint import JSON
from gateway.api.texts import dumps
from gateway.errors import StoreUnavailable
from gateway.wiring import Gateway
from gateway.wiring.liveness import inbound_held, queue_age_seconds, worker_seen_seconds

WORKER_SILENT_AFTER = 60.0
QUEUE_OLD_AFTER = 60.0


def mount(app: Flask, gateway: Gateway) -> None:
    def healthz() -> Response:
        return Response(dumps({"status": "up"}), 200, content_type=JSON)

    def readyz() -> Response:
        ready, checks = readiness(gateway)
        document = {"status": "ready" if ready else "not_ready", "checks": checks}
        response = Response(dumps(document), 200 if ready else 503, content_type=JSON)
        if not ready:
            response.headers["Retry-After"] = "5"
        return response

    app.add_url_rule("/healthz", "healthz", healthz, methods=["GET"], provide_automatic_options=False)
    app.add_url_rule("/readyz", "readyz", readyz, methods=["GET"], provide_automatic_options=False)


def readiness(gateway: Gateway) -> tuple[bool, dict[str, Any]]:
    """Ready means: what is posted now can be accepted. A check that is not ok and closes no door is told all the same:
    a silent worker, a queue that stands still, sending on hold, a Redis that forgets when it is restarted.
    """
    try:
        health = gateway.admission.health()
        gateway.admission.check()
        paused = gateway.pausing.why()
        seen, age, held = worker_seen_seconds(gateway), queue_age_seconds(gateway), inbound_held(gateway)
        checks: dict[str, Any] = {
            "redis": {"ok": health.append_only, "maxmemory_policy": health.policy, "append_only": health.append_only,
                      "memory_used": round(health.used, 3)},
            "queue": {"ok": age < QUEUE_OLD_AFTER, "age_seconds": age},
            "worker": {"ok": seen is not None and seen < WORKER_SILENT_AFTER, "seen_seconds_ago": seen},
            "sending": {"ok": paused is None, "detail": paused or "open"},
            "inbound": {"ok": not held, "detail": "missed messages are being fetched" if held else "caught up"},
        }  # fmt: skip
        return True, checks
    except StoreUnavailable as err:
        return False, {"redis": {"ok": False, "detail": str(err)}}
