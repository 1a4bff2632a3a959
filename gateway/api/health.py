"""`/healthz` and `/readyz`: open to the network, nothing personal in them."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response

from gateway.api.endpoint import JSON
from gateway.api.texts import dumps
from gateway.errors import StoreUnavailable
from gateway.wiring import Gateway
from gateway.wiring.liveness import queue_age_seconds, worker_seen_seconds

WORKER_SILENT_AFTER = 60.0


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
    """Ready means: what is posted now can be accepted. A silent worker is told, and does not close the door."""
    try:
        health = gateway.admission.health()
        gateway.admission.check()
        paused = gateway.pausing.why()
        seen = worker_seen_seconds(gateway)
        checks: dict[str, Any] = {
            "redis": {"ok": True, "maxmemory_policy": health.policy, "append_only": health.append_only,
                      "memory_used": round(health.used, 3)},
            "queue": {"ok": True, "age_seconds": queue_age_seconds(gateway)},
            "worker": {"ok": seen is not None and seen < WORKER_SILENT_AFTER, "seen_seconds_ago": seen},
            "sending": {"ok": paused is None, "detail": paused or "open"},
        }  # fmt: skip
        return True, checks
    except StoreUnavailable as err:
        return False, {"redis": {"ok": False, "detail": str(err)}}
