"""The WSGI application: endpoints, webhooks, health; nothing of its own but the plumbing between them."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable

import structlog
from flask import Blueprint, Flask, Response, g, request

import webhooks
from gateway import logs, tracing
from gateway.api import (
    documents,
    health,
    intents,
    lookup,
    metrics,
    problem_pages,
    problems,
    sending,
    suppressions,
    totp,
    verification,
)
from gateway.api.endpoint import mount
from gateway.callbacks import studio_token_ok
from gateway.console import create_console
from gateway.ids import ulid
from gateway.wiring import Gateway, current, testing
from gateway.wiring.tally import Tally
from webhooks.blueprint import create_blueprint
from webhooks.guard import Receipt
from webhooks.keys import Keys

ENDPOINTS = (
    *sending.ENDPOINTS,
    *intents.ENDPOINTS,
    *verification.ENDPOINTS,
    *totp.ENDPOINTS,
    *lookup.ENDPOINTS,
    *suppressions.ENDPOINTS,
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def create_app(gateway: Gateway | None = None) -> Flask:
    """`gateway` None: this process's own, built from the environment."""
    if gateway is None:
        gateway = current()
        logs.configure(gateway.settings.log.level, gateway.settings.log.format)
        tracing.start("gateway-web")
    app = Flask("gateway", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = None
    app.before_request(_begin)
    app.after_request(_end)
    app.after_request(_counted(gateway.tally))
    problems.register(app)
    mount(app, gateway, ENDPOINTS)
    health.mount(app, gateway)
    metrics.mount(app, gateway)
    documents.mount(app, ENDPOINTS)
    problem_pages.mount(app)
    app.register_blueprint(create_console(gateway))
    app.register_blueprint(_webhooks(gateway))
    gateway.catch_up.wish_now()
    return app


def _begin() -> None:
    """A request id: the caller's, if it is one, else ours."""
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if REQUEST_ID.fullmatch(given) else ulid()
    g.began = time.monotonic()
    structlog.contextvars.clear_contextvars()  # the thread's last request may have left its own
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.get("request_id", "")
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response


def _counted(tally: Tally) -> Callable[[Response], Response]:
    """Every answer is counted by route and status, never by what the path held."""

    def count(response: Response) -> Response:
        rule = request.url_rule.rule if request.url_rule is not None else "unmatched"
        method = request.method if request.method in METHODS else "OTHER"
        taken_ms = round((time.monotonic() - g.began) * 1000)
        tally.add_all({f"http|{method}|{rule}|{response.status_code}": 1, f"http_ms|{method}|{rule}": taken_ms})
        return response

    return count


def _webhooks(gateway: Gateway) -> Blueprint:
    settings, secret = gateway.settings, gateway.secrets.secret
    sendgrid = settings.email.webhook_public_key
    keys = Keys(
        tokens=settings.tokens,
        subaccounts={sid: (token,) for sid, token in settings.twilio.subaccount_tokens.items()},
        sendgrid=(sendgrid,) if sendgrid else (),
        sandbox=(testing.TOKEN,) if settings.sandbox.base_url else (),
        sandbox_sendgrid=(testing.MAIL_PUBLIC_KEY,) if settings.sandbox.base_url else (),
    )
    return create_blueprint(
        gateway.inbox.receive,
        keys,
        settings.public_base_url,
        studio_token_ok=lambda intent, attempt, token: studio_token_ok(secret, intent, attempt, token),
        receive_from_sandbox=gateway.sandbox_door.receive,
        on_rejected=lambda source, cause: gateway.tally.add(f"rejected|{source}|{cause}"),
        on_received=lambda receipt: _received(gateway, receipt),
    )


def _received(gateway: Gateway, receipt: Receipt) -> None:
    """Which key admitted it tells how far a rotation has come. A webhook that got 503 may never come again."""
    effects = Counter(f"effect|{receipt.source}|{effect}" for effect in receipt.effects)
    gateway.tally.add_all({f"admitted|{receipt.source}|{receipt.key}": 1, **effects})
    if "unavailable" in receipt.effects:
        gateway.catch_up.wish_soon()


__all__ = ["create_app", "webhooks"]
