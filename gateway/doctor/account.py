"""Twilio: whether the credentials open the door, and whether the senders and services are the account's and fit.

Source: Twilio's REST API. A Standard API key may not read the account (20003), so then a free lookup is the proof.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gateway.channels.shape import Sender
from gateway.doctor.finding import Finding, failed, ok, skipped, warning
from gateway.doctor.patient import Patient
from gateway.errors import ProviderError, ProviderRefused
from gateway.model import Channel

E164 = re.compile(r"\+[1-9]\d{6,14}")
ANY_NUMBER = "+14155550100"
"""Asked about without fields, which is free; it is one of those kept for fiction."""
NO_SUCH = 404


def credentials(patient: Patient) -> Iterator[Finding]:
    if why := patient.lacks_credentials:
        yield failed("twilio_credentials", why, "config/env.example names every variable.")
        return
    try:
        yield _account(patient.gateway.calls.account())
    except ProviderRefused as err:
        if patient.settings.twilio.uses_api_key and err.status in (401, 403):
            yield _by_lookup(patient)
        else:
            yield _refused(err)
    except ProviderError as err:
        todo = "See whether this machine reaches api.twilio.com, or the host in TWILIO_API_BASE_URL."
        yield failed("twilio_credentials", f"Twilio does not answer: {err}", todo)


def _account(account: Mapping[str, Any]) -> Finding:
    status, kind = account.get("status"), account.get("type")
    if status != "active":
        return failed("twilio_credentials", f"The account is {status}.", "Put it right in Twilio's console.")
    if kind == "Trial":
        todo = "Upgrade the account before going live."
        return warning("twilio_credentials", "A trial account writes to verified numbers only.", todo)
    return ok("twilio_credentials", "They open the account, which is active.")


def _by_lookup(patient: Patient) -> Finding:
    try:
        patient.gateway.calls.lookup_fetch(ANY_NUMBER, ())
    except ProviderRefused as err:
        if err.status != NO_SUCH:
            return _refused(err)
    except ProviderError as err:
        return failed(
            "twilio_credentials", f"Twilio does not answer: {err}", "See whether this machine reaches Twilio."
        )
    return ok("twilio_credentials", "The API key is accepted (a Standard one: it may not read the account).")


def _refused(err: ProviderRefused) -> Finding:
    todo = "Compare account SID, key and secret with Twilio's console; they belong to one region and one account."
    return failed("twilio_credentials", f"Twilio refuses them ({err.status}, error {err.code}).", todo)


def senders(patient: Patient) -> Iterator[Finding]:
    """Raises ProviderError."""
    if patient.lacks_credentials:
        yield skipped("sender", "Without credentials Twilio is not asked.")
        return
    wanted = [sender for sender in patient.settings.senders if E164.fullmatch(sender.from_number)]
    owned = {row["phone_number"]: row for row in patient.gateway.calls.incoming_numbers()} if wanted else {}
    for sender in patient.settings.senders:
        if sender.messaging_service_sid:
            yield _exists(patient, "messaging_service", sender.name, sender.messaging_service_sid)
        if sender in wanted:
            yield from _number(patient, sender, owned.get(sender.from_number))
    if not any(one.messaging_service_sid or one.from_number for one in patient.settings.senders):
        todo = "Set TWILIO_MESSAGING_SERVICE_SID or TWILIO_FROM_NUMBER."
        yield failed("sender", "No sender has a number or a Messaging Service.", todo)


def _number(patient: Patient, sender: Sender, row: Mapping[str, Any] | None) -> Iterator[Finding]:
    if row is None:
        what = f"[senders.{sender.name}] from_number is no number of this account."
        yield failed("sender", what, "Buy it, move it here, or correct the setting (a verified caller ID only calls).")
        return
    can = row.get("capabilities") or {}
    needs = {"voice": Channel.VOICE, "sms": Channel.SMS}
    used = {
        step.channel for purpose, able in patient.purposes() if sender in able for step in patient.steps_of(purpose)
    }
    if sender.messaging_service_sid:
        needs.pop("sms")  # the service writes
    lacking = [word for word, channel in needs.items() if channel in used and not can.get(word)]
    if lacking:
        what = f"[senders.{sender.name}] from_number cannot do {' and '.join(lacking)}, and a purpose asks it to."
        yield failed("sender", what, "Choose a number with that capability, or take the step out of the purpose.")
    else:
        yield ok("sender", f"[senders.{sender.name}] from_number is ours and can do what is asked of it.")


def verify(patient: Patient) -> Iterator[Finding]:
    """Raises ProviderError."""
    services = {sender.verify_service_sid: sender.name for sender in patient.settings.senders}
    services.pop("", None)
    if patient.lacks_credentials or not services:
        why = "No Verify service is configured." if not services else "Without credentials Twilio is not asked."
        yield skipped("verify_service", why)
        return
    for sid, name in services.items():
        yield _exists(patient, "verify_service", name, sid)


def _exists(patient: Patient, kind: str, name: str, sid: str) -> Finding:
    ask = getattr(patient.gateway.calls, kind)
    try:
        ask(sid)
    except ProviderRefused as err:
        if err.status != NO_SUCH:
            raise
        what = f"[senders.{name}] {kind}_sid names a service that this account does not have."
        return failed(kind, what, "Correct the SID, or use the account that owns it.")
    return ok(kind, f"[senders.{name}] {kind}_sid is there.")
