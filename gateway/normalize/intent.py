"""Payload → Intent: every field checked against the policy's words, every number and address in its strict form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.errors import FieldError, InvalidRequest, Refused
from gateway.model import Content, Intent, Policy, Purpose, Recipient
from gateway.normalize.email import parse_email
from gateway.normalize.payload import ContentPayload, SendPayload
from gateway.normalize.phone import parse_phone

FURTHEST = timedelta(days=35)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the application a key belongs to, and what the key allows. No purposes: all."""

    app: str
    test: bool = False
    purposes: frozenset[str] = frozenset()


def to_intent(
    payload: SendPayload,
    caller: Caller,
    policy: Policy,
    *,
    intent_id: str,
    now: datetime,
    default_country: str | None = None,
    retry_of: str | None = None,
) -> Intent:
    """Raises InvalidRequest for what is wrong, Refused `forbidden` for a purpose that the key may not use."""
    purpose = _purpose(payload, caller, policy)
    _flow(payload, policy)
    if payload.body is None and payload.flow is None and not only_proves(purpose):
        raise InvalidRequest(FieldError("body", "is required, unless a flow is given or the purpose only proves"))
    to = parse_phone(payload.to, payload.country, default_country=default_country or None, sip_hosts=policy.sip_hosts)
    send_at = _send_at(payload, now)
    email = parse_email(payload.email) if payload.email is not None else None
    return Intent(
        id=intent_id,
        app=caller.app,
        purpose=purpose.name,
        to=Recipient(to.number, to.country, email),
        content=_content(payload, purpose, default_country),
        created_at=now,
        identity=payload.identity,
        channels=tuple(payload.channels or ()),
        flow=payload.flow,
        parameters=payload.parameters or {},
        send_at=send_at,
        ttl=timedelta(seconds=payload.ttl_seconds),
        max_lookup_age=_seconds(payload.max_lookup_age_seconds),
        callback_url=payload.callback_url,
        metadata=payload.metadata,
        test=caller.test,
        retry_of=retry_of,
    )


def only_proves(purpose: Purpose) -> bool:
    """True for a purpose that has no delivery step at all: the proof is the message."""
    lists = (*purpose.routes.values(), purpose.default, purpose.then, purpose.undeliverable)
    return all(step.proves for steps in lists for step in steps)


def _purpose(payload: SendPayload, caller: Caller, policy: Policy) -> Purpose:
    purpose = policy.purposes.get(payload.purpose)
    if purpose is None:
        known = ", ".join(sorted(policy.purposes))
        raise InvalidRequest(FieldError("purpose", f"is not in the policy; known: {known}"))
    if caller.purposes and purpose.name not in caller.purposes:
        raise Refused("forbidden", "this key may not use this purpose", errors=(FieldError("purpose", "not allowed"),))
    return purpose


def _flow(payload: SendPayload, policy: Policy) -> None:
    if payload.flow is not None and payload.flow not in policy.flows:
        raise InvalidRequest(FieldError("flow", "is not configured under [studio.flows]"))
    if payload.parameters is not None and payload.flow is None:
        raise InvalidRequest(FieldError("parameters", "are for a flow: give `flow` too"))


def _send_at(payload: SendPayload, now: datetime) -> datetime | None:
    """None for a moment that has passed: it asks for nothing, and one of the year 1 has no equal in every zone."""
    if payload.send_at is None or payload.send_at <= now:
        return None
    if payload.send_at > now + FURTHEST:
        raise InvalidRequest(FieldError("send_at", "must be at most 35 days ahead"))
    return payload.send_at


def _content(payload: SendPayload, purpose: Purpose, default_country: str | None) -> Content:
    given: ContentPayload = payload.content
    dial = None
    if given.voice.dial is not None:
        if not purpose.allow_dial:
            raise InvalidRequest(FieldError("content.voice.dial", "is not allowed by this purpose"))
        default, field = default_country or None, "content.voice.dial"
        dial = parse_phone(given.voice.dial, payload.country, default_country=default, field=field).number
    return Content(
        body=payload.body,
        media_urls=tuple(given.sms.media_urls),
        say=given.voice.say,
        voice=given.voice.voice,
        language=given.voice.language,
        dial=dial,
        content_sid=given.whatsapp.content_sid,
        content_variables=given.whatsapp.variables,
        subject=given.email.subject,
        html=given.email.html,
    )


def _seconds(value: int | None) -> timedelta | None:
    return None if value is None else timedelta(seconds=value)
