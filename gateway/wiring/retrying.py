"""An operator's retry: a new intent that wants what an ended one wanted, once per intent, under today's policy."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from gateway import pipeline
from gateway.adapters.store import names
from gateway.adapters.store.connection import store_errors
from gateway.adapters.store.operators import OperatorTrail
from gateway.errors import Refused, StoreUnavailable
from gateway.ids import ulid
from gateway.model import Intent, IntentStatus, Progress
from gateway.normalize.intent import only_proves
from gateway.ports import Claim
from gateway.wiring.gateway import Gateway

RETRYABLE = frozenset({IntentStatus.FAILED, IntentStatus.EXPIRED, IntentStatus.CANCELED, IntentStatus.SUPPRESSED})
HELD_SECONDS = 60
KEPT_FOR = timedelta(days=35)


def retry(gateway: Gateway, progress: Progress, who: str) -> Progress:
    """Raises Refused: `not_retryable`, or whatever the policy, the opt-out list and the caps say today."""
    _check(gateway, progress)
    old, now = progress.intent, gateway.clock.now()
    intent = replace(old, id=ulid(), created_at=now, send_at=None, retry_of=old.id)
    gateway.admission.check()
    _take(gateway, old.id)
    try:
        accepted = _accept(gateway, intent, who)
    finally:
        with suppress(StoreUnavailable), store_errors():
            gateway.client.delete(_hold(old.id))
    gateway.note_accepted(accepted)
    return accepted


def retryable(gateway: Gateway, progress: Progress) -> bool:
    """True when `retry` would not answer `not_retryable`, leaving aside a retry that was made already."""
    return progress.status in RETRYABLE and _says_something(gateway, progress.intent)


def retried_as(gateway: Gateway, intent_id: str) -> str | None:
    """The intent that retries this one."""
    with store_errors():
        found = gateway.client.hget(_mark(intent_id), "token")
    return found.decode() if found else None


def _check(gateway: Gateway, progress: Progress) -> None:
    if progress.status not in RETRYABLE:
        raise Refused("not_retryable", f"It is {progress.status.value}; only what ended without success is retried.")
    if not _says_something(gateway, progress.intent):
        raise Refused("not_retryable", "What it said is no longer kept.")


def _says_something(gateway: Gateway, intent: Intent) -> bool:
    purpose = gateway.policy.purposes.get(intent.purpose)
    return intent.has_body or (purpose is not None and only_proves(purpose))


def _take(gateway: Gateway, old_id: str) -> None:
    """One retry at a time, so that nothing is looked up or written down for the second of two operators.

    That there is one retry at most is the accept's own doing. What was retried may itself be retried.
    """
    made = retried_as(gateway, old_id)
    with store_errors():
        if made is None and gateway.client.set(_hold(old_id), "", nx=True, ex=HELD_SECONDS):
            return
    raise _retried(made)


def _retried(made: str | None) -> Refused:
    return Refused("not_retryable", f"It was retried already, as {made or 'another intent'}.")


def _accept(gateway: Gateway, intent: Intent, who: str) -> Progress:
    known = gateway.reads.known(intent.realm, intent.to.number, intent.to.email, intent.identity)
    gateway.caps.take(intent)
    old_id = intent.retry_of or ""
    OperatorTrail(gateway.client, gateway.clock).note(who, "intent_retried", old_id, f"as {intent.id}")
    claim = Claim(_mark(old_id), intent.id, "", kept_for=KEPT_FOR)
    try:
        progress, _ = pipeline.accept(gateway.house, intent, known, claim, lambda _: "")
    except Refused as err:
        if err.code == "idempotency_in_progress":  # whoever held it stood still, and has made its own by now
            raise _retried(retried_as(gateway, old_id)) from err
        raise
    return progress


def _mark(intent_id: str) -> str:
    """Held by the retry, from the step that accepts it."""
    return f"{names.PREFIX}:retried:{intent_id}"


def _hold(intent_id: str) -> str:
    return f"{names.PREFIX}:retrying:{intent_id}"


__all__ = ["retried_as", "retry", "retryable"]
