"""The Flask blueprint of all webhooks; registering a source is guarding it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import cast

from flask import Blueprint, Request, Response, request
from werkzeug.local import LocalProxy

from gateway.inbox import Event, Reply
from webhooks.guard import Guard, Receipt
from webhooks.keys import Keys
from webhooks.public_url import PublicBase
from webhooks.sendgrid_signature import Window, load_key
from webhooks.sources import SOURCES, Source

MAX_BODY = 1_048_576


def _unheard(*_: object) -> None:
    """Where nobody counts."""


def create_blueprint(
    receive: Callable[[Event], Reply],
    keys: Keys,
    public_base_url: str,
    *,
    studio_token_ok: Callable[[str, int, str], bool],
    receive_from_sandbox: Callable[[Event], Reply] = lambda _: Reply("ignored"),
    on_rejected: Callable[[str, str], None] = _unheard,
    on_received: Callable[[Receipt], None] = _unheard,
    max_body: int = MAX_BODY,
    sendgrid_window: Window = Window(),
    now: Callable[[], float] = time.time,
    sources: Sequence[Source] = SOURCES,
) -> Blueprint:
    """A POST route for each source, below /webhooks.

    `receive` is the door: it raises `gateway.inbox.Unavailable` where the effect could not be made durable.
    `receive_from_sandbox`: another door for what only a key of the sandbox admits.
    `studio_token_ok(intent, attempt, token)` judges the token of a flow's callback URL.
    `on_rejected(source, cause)` and `on_received(receipt)` are for metrics. `max_body` in bytes.
    Raises ValueError for a public base URL or a SendGrid key that cannot be used.
    """
    guard = Guard(
        receive=receive,
        keys=keys,
        base=PublicBase.parse(public_base_url),
        studio_token_ok=studio_token_ok,
        on_rejected=on_rejected,
        on_received=on_received,
        max_body=max_body,
        window=sendgrid_window,
        sendgrid_keys=tuple(load_key(text) for text in keys.sendgrid),
        sandbox_sendgrid_keys=tuple(load_key(text) for text in keys.sandbox_sendgrid),
        receive_from_sandbox=receive_from_sandbox,
        now=now,
    )
    blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks")
    for source in sources:
        # Without Flask's own answer to OPTIONS: POST is all there is.
        blueprint.add_url_rule(
            source.path, source.name, _view(guard, source), methods=["POST"], provide_automatic_options=False
        )
    return blueprint


def _view(guard: Guard, source: Source) -> Callable[[], Response]:
    proxy = cast("LocalProxy[Request]", request)

    def view() -> Response:
        return guard.serve(source, proxy._get_current_object())  # resolved once, not at each access

    return view
