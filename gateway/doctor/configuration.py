"""The configuration by itself: what is allowed and probably not meant, and what signatures are checked with."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.doctor.finding import Finding, failed, ok, warning
from gateway.doctor.patient import Patient

REROUTING = ("TWILIO_REGION", "TWILIO_EDGE")
UNSIGNED = "TWILIO_AUTH_TOKEN is not set"
"""How the settings begin the warning that `signing_tokens` tells as a failure."""


def configuration(patient: Patient) -> Iterator[Finding]:
    doubts = [text for text in patient.settings.warnings if not text.startswith((*REROUTING, UNSIGNED))]
    for text in doubts:
        yield warning("configuration", text, "Correct the setting that it names, or leave it if it is meant.")
    if not doubts:
        yield ok("configuration", f"Read from {patient.settings.file or 'the defaults'} and the environment.")


def signing_tokens(patient: Patient) -> Iterator[Finding]:
    twilio = patient.settings.twilio
    if not twilio.tokens:
        how = "REST goes by API key, and an API key cannot check signatures" if twilio.uses_api_key else "none is set"
        yield failed(
            "signing_tokens",
            f"No auth token checks the signatures of callbacks ({how}): every webhook is refused.",
            "Set TWILIO_AUTH_TOKEN to the account's auth token.",
        )
        return
    yield ok("signing_tokens", f"{len(twilio.tokens)} auth token(s), {len(twilio.subaccounts)} of subaccounts.")


def rerouting(patient: Patient) -> Iterator[Finding]:
    found = [name for name in REROUTING if patient.environ.get(name)]
    if found:
        yield warning(
            "twilio_region",
            f"{' and '.join(found)} is set. Other Twilio tools of this environment go there; the gateway does not.",
            "Unset it. The gateway speaks to the default region (US1) alone, with credentials of that region.",
        )
    else:
        yield ok("twilio_region", "Neither TWILIO_REGION nor TWILIO_EDGE is set.")
