"""The clocks: ours against Twilio's and Redis'. Signatures, deadlines and due times all depend on them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from gateway.adapters.store.connection import store_errors
from gateway.doctor.finding import Finding, failed, ok, skipped, warning
from gateway.doctor.patient import Patient
from gateway.errors import ProviderError

DOUBTFUL_SECONDS, WRONG_SECONDS = 5.0, 60.0
WHAT_TO_DO = "Run a time service (chrony, systemd-timesyncd) on every machine."


def clocks(patient: Patient) -> Iterator[Finding]:
    """Raises StoreUnavailable."""
    with store_errors():
        seconds, micros = patient.gateway.client.time()
    yield _judged("clock_redis", "Redis", datetime.fromtimestamp(seconds + micros / 1e6, UTC))
    if patient.lacks_credentials:
        yield skipped("clock_twilio", "Without credentials Twilio is not asked.")
        return
    try:
        theirs = patient.gateway.calls.clock()
    except ProviderError as err:
        yield skipped("clock_twilio", f"Twilio does not answer: {err}")
        return
    if theirs is None:
        yield skipped("clock_twilio", "Twilio's answer has no Date.")
    else:
        yield _judged("clock_twilio", "Twilio", theirs)


def _judged(name: str, whose: str, theirs: datetime) -> Finding:
    apart = (datetime.now(UTC) - theirs).total_seconds()
    what = f"This clock is {abs(apart):.1f} s {'ahead of' if apart > 0 else 'behind'} {whose}'s."
    if abs(apart) >= WRONG_SECONDS:
        return failed(name, what, WHAT_TO_DO)
    return warning(name, what, WHAT_TO_DO) if abs(apart) >= DOUBTFUL_SECONDS else ok(name, what)
