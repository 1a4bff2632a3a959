"""An operator's retry: a new intent that wants what an ended one wanted, once per intent, under today's policy."""

from __future__ import annotations

from dataclasses import replace

from gateway import pipeline
from gateway.adapters.store import names
from gateway.adapters.store.connection import store_errors
from gateway.adapters.store.operators import OperatorTrail
from gateway.errors import AcceptUnknown, GatewayError, Refused
from gateway.ids import ulid
from gateway.model import Intent, IntentStatus, Progress
from gateway.normalize.intent import only_proves
from gateway.wiring.gateway import Gateway

RETRYABLE = frozenset({IntentStatus.FAILED, IntentStatus.EXPIRED, IntentStatus.CANCELED, IntentStatus.SUPPRESSED})
HELD_SECONDS = 60
KEPT_SECONDS = 35 * 86_400


def retry(gateway: Gateway, progress: Progress, who: str) -> Progress:
    """Raises Refused: `not_retryable`, or whatever the policy, the opt-out list and the caps say today."""
    _check(gateway, progress)
    old, now = progress.intent, gateway.clock.now()
    intent = replace(old, id=ulid(), created_at=now, send_at=None, retry_of=old.id)
    gateway.admission.check()
    _take(gateway, old.id, intent.id)
    try:
        accepted = _accept(gateway, intent, who)
    except AcceptUnknown:
        raise  # it may be there: the mark stays until it has answered for itself
    except GatewayError:
        with store_errors():
            gateway.client.delete(_mark(old.id))
        raise
    with store_errors():
        gateway.client.set(_mark(old.id), intent.id, ex=KEPT_SECONDS)
    gateway.note_accepted(accepted)
    return accepted


def retryable(gateway: Gateway, progress: Progress) -> bool:
    """True when `retry` would not answer `not_retryable`, leaving aside a retry that was made already."""
    return progress.status in RETRYABLE and _says_something(gateway, progress.intent)


def retried_as(gateway: Gateway, intent_id: str) -> str | None:
    """The intent that retries this one."""
    with store_errors():
        found = gateway.client.get(_mark(intent_id))
    return found.decode() if found else None


def _check(gateway: Gateway, progress: Progress) -> None:
    if progress.status not in RETRYABLE:
        raise Refused("not_retryable", f"It is {progress.status.value}; only what ended without success is retried.")
    if not _says_something(gateway, progress.intent):
        raise Refused("not_retryable", "What it said is no longer kept.")


def _says_something(gateway: Gateway, intent: Intent) -> bool:
    purpose = gateway.policy.purposes.get(intent.purpose)
    return intent.has_body or (purpose is not None and only_proves(purpose))


def _take(gateway: Gateway, old_id: str, new_id: str) -> None:
    """One retry per intent, also when two operators press at once. What was retried may itself be retried."""
    with store_errors():
        if gateway.client.set(_mark(old_id), new_id, nx=True, ex=HELD_SECONDS):
            return
    raise Refused("not_retryable", f"It was retried already, as {retried_as(gateway, old_id) or 'another intent'}.")


def _accept(gateway: Gateway, intent: Intent, who: str) -> Progress:
    known = gateway.reads.known(intent.realm, intent.to.number, intent.to.email, intent.identity)
    gateway.caps.take(intent)
    OperatorTrail(gateway.client, gateway.clock).note(who, "intent_retried", intent.retry_of or "", f"as {intent.id}")
    progress, _ = pipeline.accept(gateway.house, intent, known, None, lambda _: "")
    return progress


def _mark(intent_id: str) -> str:
    return f"{names.PREFIX}:retried:{intent_id}"


__all__ = ["retried_as", "retry", "retryable"]
