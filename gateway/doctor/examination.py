"""The examination: every check in its order. A check that cannot be made says so, and the others are made."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from gateway.adapters.embedded import EmbeddedRedisError
from gateway.doctor import account, clocks, configuration, policy, probe, store, studio, work
from gateway.doctor.finding import Finding, failed, skipped
from gateway.doctor.patient import Patient
from gateway.errors import Misconfigured, ProviderError, StoreUnavailable
from gateway.settings import Settings
from gateway.wiring import build

Check = Callable[[Patient], Iterator[Finding]]

# what a check is called where it cannot be made → the check
CHECKS: Mapping[str, Check] = {
    "configuration": configuration.configuration,
    "signing_tokens": configuration.signing_tokens,
    "twilio_region": configuration.rerouting,
    "policy_reach": policy.reach,
    "policy_senders": policy.takers,
    "redis": store.store,
    "lookup_cache": store.cache,
    "rq_version": work.rq,
    "worker": work.work,
    "twilio_credentials": account.credentials,
    "sender": account.senders,
    "verify_service": account.verify,
    "studio_flow": studio.flows,
    "clock": clocks.clocks,
    "public_url": probe.public_url,
}


def examine(config: Path | None = None, environ: Mapping[str, str] | None = None) -> list[Finding]:
    """All findings, in the order of CHECKS. A configuration that cannot be read leaves nothing else to look at."""
    variables = os.environ if environ is None else environ
    try:
        patient = Patient(build(Settings.load(config, variables)), variables)
    except Misconfigured as err:
        return [_fault(line) for line in f"{err.setting}: {err.detail}".splitlines()]
    except EmbeddedRedisError as err:
        return [failed("redis", str(err), "Set GATEWAY_DATA_DIR or REDIS_URL.")]
    except StoreUnavailable as err:
        return [_without_store("redis", err)]
    return [finding for name, check in CHECKS.items() for finding in _made(name, check, patient)]


def _made(name: str, check: Check, patient: Patient) -> Iterator[Finding]:
    try:
        yield from check(patient)
    except StoreUnavailable as err:
        yield _without_store(name, err)
    except ProviderError as err:
        yield skipped(name, f"Twilio does not answer this question: {err}")


def _without_store(name: str, err: StoreUnavailable) -> Finding:
    if name == "redis":
        return failed(name, f"{err}.", "Start Redis, and see that REDIS_URL names it and its password.")
    return skipped(name, "Redis does not answer.")


def _fault(line: str) -> Finding:
    return failed("configuration", line, "Correct it: nothing starts before.")
