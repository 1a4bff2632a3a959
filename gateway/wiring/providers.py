"""Clients of the providers, made from settings; without credentials every call is refused, not the start."""

from __future__ import annotations

from collections.abc import Callable

from gateway.adapters.sendgrid import SendGridMail
from gateway.adapters.twilio import Homes, LookupLimits, TwilioAccess, TwilioCalls, TwilioLookup, twilio_calls
from gateway.adapters.twilio.lookup import Fetch
from gateway.errors import Misconfigured
from gateway.settings import Settings
from gateway.wiring import testing

LOOKUP_HOST = "lookups.twilio.com"
NO_ACCOUNT = "AC" + "0" * 32


def calls_for(settings: Settings) -> TwilioCalls:
    access = _access(settings)
    base_url = settings.twilio.api_base_url or None
    email = settings.email
    mail = None
    if email.sends and email.api_key is not None:
        mail = SendGridMail(
            email.api_key.get_secret_value(), base_url=base_url, pool_size=settings.dispatch.concurrency
        )
    homes = Homes(
        verify_service_sid=settings.sender().verify_service_sid,
        flow_sids={name: flow.sid for name, flow in settings.flows.items()},
    )
    return twilio_calls(
        access,
        mail=mail,
        sandbox=_sandbox(settings),
        sandbox_mail=_sandbox_mail(settings),
        homes=homes,
        sandbox_homes=testing.test_homes(settings),
    )


def lookup_for(settings: Settings, fetch: Fetch, on_alert: Callable[[int], None]) -> TwilioLookup:
    section = settings.lookup
    limits = LookupLimits(
        timeout_ms=section.timeout_ms,
        max_retries=section.max_retries,
        backoff_ms=section.retry_backoff_ms,
        jitter_ms=section.retry_jitter_ms,
        budget_ms=section.request_budget_ms,
    )
    return TwilioLookup(fetch, limits, on_alert=on_alert)


def _access(settings: Settings) -> TwilioAccess:
    twilio = settings.twilio
    try:
        username, password = twilio.credentials()
        account = twilio.account_sid
    except Misconfigured:
        # Twilio will answer 401, which holds all sending and alerts: the same as wrong credentials.
        account, username, password = twilio.account_sid or NO_ACCOUNT, NO_ACCOUNT, "none"
    return TwilioAccess(
        account,
        username,
        password,
        base_url=twilio.api_base_url or None,
        timeout_seconds=twilio.timeout.total_seconds(),
        pool_size=settings.dispatch.concurrency + settings.lookup.max_in_flight,
        product_seconds={LOOKUP_HOST: settings.lookup.timeout_ms / 1000},
    )


def _sandbox(settings: Settings) -> TwilioAccess | None:
    base_url = settings.sandbox.base_url
    if not base_url:
        return None
    return TwilioAccess(
        testing.ACCOUNT,
        testing.ACCOUNT,
        testing.TOKEN,
        base_url=base_url,
        timeout_seconds=settings.twilio.timeout.total_seconds(),
    )


def _sandbox_mail(settings: Settings) -> SendGridMail | None:
    base_url = settings.sandbox.base_url
    return SendGridMail(testing.MAIL_KEY, base_url=base_url) if base_url else None
