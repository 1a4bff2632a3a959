"""Intents: the list, one with all that became of it, and what an operator may do about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from gateway.act import moves
from gateway.console import lists
from gateway.console.explaining import judged_now
from gateway.console.people import token_for
from gateway.console.visit import Page, Visit, to
from gateway.errors import Refused
from gateway.ids import is_ulid
from gateway.model import Channel, IntentStatus, Progress
from gateway.wiring import retrying


def listed(visit: Visit) -> Response:
    chosen = {name: request.args.get(name, "") for name in ("app", "status", "channel")}
    fits = lists.by(chosen["status"], chosen["channel"])
    before = lists.before_in(request.args.get("cursor"))
    page = lists.newest(visit.gateway, chosen["app"] or None, fits, before)
    return visit.page(
        "intents.html",
        page=page,
        chosen=chosen,
        apps=lists.apps(visit.gateway),
        statuses=list(IntentStatus),
        channels=list(Channel),
    )


def one(visit: Visit, intent_id: str) -> Response:
    progress = _loaded(visit, intent_id)
    visit.note("intent_opened", intent_id)
    return visit.page("intent.html", **_values(visit, progress))


def body(visit: Visit, intent_id: str) -> Response:
    """The part that is fetched again while the intent is under way."""
    return visit.page("_intent.html", **_values(visit, _loaded(visit, intent_id)))


def cancel(visit: Visit, intent_id: str) -> Response:
    _loaded(visit, intent_id)
    now = visit.gateway.clock.now()
    done: list[bool] = []

    def change(stored: Progress) -> Progress | None:
        done[:] = [moves.cancelable(stored)]
        return moves.canceled(stored, now) if done[0] else None

    visit.note("intent_canceled", intent_id)
    after = visit.gateway.intents.update(intent_id, change)
    if after is None or not done[0]:
        raise Refused("not_cancelable", "Sending has begun, or the intent has ended.")
    return to("intent", "canceled", intent_id=intent_id)


def retry(visit: Visit, intent_id: str) -> Response:
    again = retrying.retry(visit.gateway, _loaded(visit, intent_id), visit.session.key_id)
    return to("intent", "retried", intent_id=again.intent.id)


def _loaded(visit: Visit, intent_id: str) -> Progress:
    progress = visit.gateway.intents.load(intent_id) if is_ulid(intent_id) else None
    if progress is None:
        raise Refused("not_found", "There is no such intent, or it is no longer kept.")
    return progress


def _values(visit: Visit, progress: Progress) -> Mapping[str, Any]:
    gateway, intent = visit.gateway, progress.intent
    again = retrying.retried_as(gateway, intent.id)
    return {
        "progress": progress,
        "intent": intent,
        "timeline": gateway.intents.timeline(intent.id),
        "person": None if intent.to.is_sip else token_for(gateway, intent.to.number),
        "verdicts": judged_now(gateway, progress),
        "cancelable": moves.cancelable(progress),
        "retryable": again is None and retrying.retryable(gateway, progress),
        "retried_as": again,
        "expires_at": moves.expires_at(progress),
    }


PAGES = (
    Page("GET", "/intents", "intents", listed),
    Page("GET", "/intents/<intent_id>", "intent", one),
    Page("GET", "/intents/<intent_id>/body", "intent_body", body),
    Page("POST", "/intents/<intent_id>/cancel", "cancel", cancel),
    Page("POST", "/intents/<intent_id>/retry", "retry", retry),
)
