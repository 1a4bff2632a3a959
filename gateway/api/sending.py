"""`POST /send` and `POST /route`: an intent comes in, the verdict goes out."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import Any

from flask import Response, request

from gateway import pipeline
from gateway.adapters.store.arrivals import Arrived
from gateway.adapters.store.idempotency import Claimed, InProgress, Replay, fingerprint, parse_key
from gateway.answers import summary
from gateway.api.endpoint import JSON, Call, Endpoint
from gateway.api.texts import JsonResponse, dumps
from gateway.errors import FieldError, GatewayError, InvalidRequest, Refused, StoreUnavailable
from gateway.ids import ulid
from gateway.model import AttemptStatus, Intent, IntentStatus, Progress
from gateway.normalize.intent import Caller, to_intent
from gateway.normalize.payload import SendPayload
from gateway.ports import Claim

LONGEST_WAIT = 10.0
WAIT_STEP = 0.05
HANDED_OVER = frozenset(
    {AttemptStatus.ACCEPTED, AttemptStatus.SENT, AttemptStatus.DELIVERED, AttemptStatus.FAILED, AttemptStatus.CANCELED}
)


def send(call: Call) -> Response:
    gateway = call.gateway
    try:
        intent = _intent(call)
        claim, wait = _wanted_claim(call, intent.id), _preferred_wait()
    except Refused:
        gateway.limits.take(call.key)
        raise
    gateway.admission.check()
    with gateway.arriving.of(intent, call.key, claim, gateway.lane(intent.purpose)) as arrived:
        replayed = _replayed(call, intent, arrived)
        if replayed is not None:
            return replayed
        try:
            return _accept(call, intent, arrived, claim, wait)
        except GatewayError as err:
            gateway.note_refused(intent, err.code if isinstance(err, Refused) else type(err).__name__)
            if isinstance(err, Refused):
                gateway.arriving.give_back(intent, arrived)
            raise


def _accept(call: Call, intent: Intent, arrived: Arrived, claim: Claim | None, wait: float | None) -> Response:
    gateway = call.gateway
    if arrived.reached is not None:
        gateway.caps.refuse(arrived.reached)
    progress, answer = pipeline.accept(
        gateway.house,
        intent,
        arrived.known,
        claim,
        lambda p: dumps(summary(p, intent.created_at)),
        may_ring=arrived.waiting < gateway.direct_bound,
    )
    gateway.note_accepted(progress)
    waited, answer = _waited(call, progress, wait, claim, answer)
    response = _accepted(answer, intent.id)
    if waited or wait == 0:
        response.headers["Preference-Applied"] = f"wait={wait:g}"
    return response


def _waited(call: Call, progress: Progress, wait: float | None, claim: Claim | None, answer: str) -> tuple[bool, str]:
    """Whether `Prefer: wait` was honoured, and the answer. The intent is accepted: no trouble here is a refusal."""
    gateway = call.gateway
    try:
        waited = _await_first_attempt(call, progress, wait) if wait else None
        if waited is None:
            return False, answer
        later = dumps(summary(waited, gateway.clock.now()))
        if claim is not None:
            gateway.idempotency.amend(claim, later)
    except StoreUnavailable:
        return False, answer
    return True, later


def route(call: Call) -> Response:
    """The dry run: the same verdict, nothing stored and nothing sent."""
    gateway, intent = call.gateway, _intent(call)
    mode = request.args.get("lookup", "live")
    if mode not in ("live", "offline"):
        raise InvalidRequest(FieldError("lookup", "must be live or offline"))
    gateway.admission.check()
    gateway.caps.look(intent)
    known = gateway.reads.known(intent.realm, intent.to.number, intent.to.email, intent.identity)
    progress = pipeline.judge(gateway.house, intent, known, free=mode == "offline")
    document: dict[str, Any] = summary(replace(progress, ring=False), gateway.clock.now())
    document.pop("links")
    return Response(dumps(document), 200, content_type=JSON)


def _intent(call: Call) -> Intent:
    gateway = call.gateway
    caller = Caller(call.key.app, call.key.test, frozenset(call.key.purposes))
    default_country = gateway.settings.lookup.default_country_code
    now = gateway.clock.now()
    return to_intent(call.body, caller, gateway.policy, intent_id=ulid(), now=now, default_country=default_country)


def _wanted_claim(call: Call, token: str) -> Claim | None:
    """The idempotency key that the request asks for; it is claimed before anything is paid for."""
    header = request.headers.get("Idempotency-Key")
    if header is None:
        return None
    key = parse_key(header)
    printed = fingerprint({"path": request.path} | call.body.model_dump(mode="json", exclude_defaults=True))
    return call.gateway.idempotency.wanted(call.key.id, key, printed, token)


def _replayed(call: Call, intent: Intent, arrived: Arrived) -> Response | None:
    """The first answer again, when the key was used before; None: it is this request's own."""
    if arrived.verdict is None or isinstance(arrived.verdict, Claimed):
        return None
    call.gateway.arriving.give_back(intent, arrived)
    match arrived.verdict:
        case Replay(answer):
            response = _accepted(answer, None)
            call.gateway.intents.confirm(response.headers["Location"].rpartition("/")[2])
            response.headers["Idempotent-Replayed"] = "true"
            return response
        case InProgress(seconds):
            raise Refused(
                "idempotency_in_progress",
                "The first request with this Idempotency-Key is still running.",
                retry_after_seconds=seconds,
            )
        case _:
            raise Refused("idempotency_mismatch", "This Idempotency-Key was used with another body.")


def _accepted(answer: str, intent_id: str | None) -> Response:
    if intent_id is None:
        intent_id = answer.partition('"id":"')[2].partition('"')[0]
    response = JsonResponse(answer, 202)
    response.headers["Location"] = f"/intents/{intent_id}"
    return response


def _preferred_wait() -> float | None:
    """Seconds of `Prefer: wait=N`, None without it. A preference that cannot be read is ignored, as RFC 7240 says."""
    for preference in request.headers.get("Prefer", "").split(","):
        name, _, value = preference.partition(";")[0].partition("=")
        if name.strip().lower() == "wait":
            text = value.strip().strip('"')
            return min(LONGEST_WAIT, float(text)) if re.fullmatch("[0-9]+", text) else None
    return None


def _await_first_attempt(call: Call, progress: Progress, wait: float) -> Progress | None:
    """Until the first attempt was handed over, the intent ended, or time is up."""
    gateway = call.gateway
    if not gateway.waiting.acquire(blocking=False):
        return None
    try:
        deadline = time.monotonic() + wait
        current: Progress | None = progress
        while current is not None and not _handed_over(current) and time.monotonic() < deadline:
            time.sleep(min(WAIT_STEP, max(0.0, deadline - time.monotonic())))
            current = gateway.intents.load(progress.intent.id)
        return current
    finally:
        gateway.waiting.release()


def _handed_over(progress: Progress) -> bool:
    handed = any(attempt.status in HANDED_OVER for attempt in progress.attempts)
    return handed or progress.final or progress.status is IntentStatus.AWAITING_VERIFICATION


OF_SENDING = (
    "invalid_request", "invalid_number", "ambiguous_number", "short_code", "too_large", "unsupported_media_type",
    "country_not_allowed", "line_type_not_supported", "carrier_not_allowed", "no_route", "recipient_opted_out",
    "recipient_rate_limited", "destination_rate_limited", "budget_exhausted", "lookup_unavailable",
)  # fmt: skip

ENDPOINTS = (
    Endpoint(
        "POST",
        "/send",
        send,
        ("send",),
        "Accept an intent: it is durable when this answers.",
        takes=SendPayload,
        gives={202: "Intent"},
        problems=(*OF_SENDING, "idempotency_in_progress", "idempotency_mismatch"),
        headers=("Idempotency-Key", "Prefer"),
        tag="sending",
        limits_itself=True,
    ),
    Endpoint(
        "POST",
        "/route",
        route,
        ("send",),
        "The same decision without sending: the dry run.",
        takes=SendPayload,
        gives={200: "Decision"},
        problems=OF_SENDING,
        query={"lookup": "`offline` keeps it free of charge: no paid lookup"},
        tag="sending",
    ),
)
