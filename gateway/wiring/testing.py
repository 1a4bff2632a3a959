"""What the intents of test keys are sent with: the sandbox's own senders, services and keys, all of them public."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gateway.adapters.lookups import Lookups
from gateway.adapters.twilio import Homes, LookupLimits, TwilioCalls, TwilioLookup
from gateway.channels.shape import Flow, Sender
from gateway.model import Lookup
from gateway.settings import Settings

ACCOUNT, TOKEN = "AC" + "0" * 31 + "1", "0" * 31 + "2"
MESSAGING_SERVICE = "MG" + "0" * 31 + "5"
NUMBER = "+15005550006"
VERIFY_SERVICE = "VA" + "0" * 31 + "6"
FLOW = "FW" + "0" * 31 + "7"
MAIL_KEY = "SG." + "sandbox." + "0" * 31 + "8"
MAIL_PUBLIC_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbb1mMWa2WKSzxFhmF1HQVxElAEeikHHfQs2sxUve8bSXQXdMtn9acaGrA8FZJeb0OWfKK9jCVpVwyQ"
    "XvBCzaww=="
)
"""What every sandbox of ours accepts, and signs with."""
SENDER_NAME = "~test"
"""No [senders.<name>] can be called so."""
MAIL_FROM = "sandbox@example.com"


def test_sender(settings: Settings) -> Sender:
    return Sender(
        name=SENDER_NAME,
        messaging_service_sid=MESSAGING_SERVICE,
        from_number=NUMBER,
        whatsapp_from=NUMBER,
        verify_service_sid=VERIFY_SERVICE,
        email_from=settings.email.from_email or MAIL_FROM,
        flows={name: Flow(FLOW) for name in settings.flows},
    )


def test_homes(settings: Settings) -> Homes:
    return Homes(VERIFY_SERVICE, dict.fromkeys(settings.flows, FLOW))


class SandboxLookup:
    """Asks the sandbox each time: nothing is paid, so nothing of it is cached, budgeted or shared with real lookups."""

    paid = False

    def __init__(self, ask: TwilioLookup) -> None:
        self._ask = ask

    def fetch(
        self,
        number: str,
        fields: Sequence[str],
        country: str | None = None,
        *,
        surely_valid: bool = True,
        within_seconds: float | None = None,
    ) -> Lookup:
        return self._ask.fetch(number, fields, country, surely_valid=surely_valid, within_seconds=within_seconds)


def test_lookups(settings: Settings, real: Lookups, calls: TwilioCalls) -> Lookups:
    """Without a sandbox they have no provider, and answer nothing."""
    provider = None
    if settings.sandbox.base_url:
        section = settings.lookup
        limits = LookupLimits(timeout_ms=section.timeout_ms, budget_ms=section.request_budget_ms)
        provider = SandboxLookup(TwilioLookup(lambda *asked: calls.lookup_fetch(*asked, test=True), limits))
    return replace(real, cache=None, provider=provider)
