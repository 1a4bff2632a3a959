"""The WSGI application: endpoints, webhooks, health; nothing of its own but the plumbing between them."""

from __future__ import annotations

import re

from flask import Flask, Response, g, request

import webhooks
from gateway.api import health, intents, problems, sending
from gateway.api.endpoint import mount
from gateway.callbacks import studio_token_ok
from gateway.ids import ulid
from gateway.wiring import Gateway, current
from webhooks.blueprint import create_blueprint
from webhooks.keys import Keys

ENDPOINTS = (*sending.ENDPOINTS, *intents.ENDPOINTS)
MAX_CONTENT = 1_048_576
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def create_app(gateway: Gateway | None = None) -> Flask:
    """`gateway` None: this process's own, built from the environment."""
    gateway = gateway or current()
    app = Flask("gateway", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = None
    app.before_request(_begin)
    app.after_request(_end)
    problems.register(app)
    mount(app, gateway, ENDPOINTS)
    health.mount(app, gateway)
    app.register_blueprint(_webhooks(gateway))
    return app


def _begin() -> None:
    """A request id: the caller's, if it is one, else ours."""
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if REQUEST_ID.fullmatch(given) else ulid()


def _end(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.get("request_id", "")
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response


def _webhooks(gateway: Gateway):  # type: ignore[no-untyped-def]
    settings, secret = gateway.settings, gateway.secrets.secret
    sendgrid = settings.email.webhook_public_key
    keys = Keys(
        tokens=settings.tokens,
        subaccounts={sid: (token,) for sid, token in settings.twilio.subaccount_tokens.items()},
        sendgrid=(sendgrid,) if sendgrid else (),
    )
    return create_blueprint(
        gateway.inbox.receive,
        keys,
        settings.public_base_url,
        studio_token_ok=lambda intent, attempt, token: studio_token_ok(secret, intent, attempt, token),
    )


__all__ = ["create_app", "webhooks"]
