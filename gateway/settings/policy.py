"""Builds the policy from the document, and says what is wrong with it as a whole. Decides nothing about a number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from types import MappingProxyType

from gateway.model import Policy
from gateway.settings.document import Document
from gateway.settings.faults import Faults
from gateway.settings.purposes import step_faults


def built_policy(document: Document, *, email_sender: bool) -> Policy:
    section = document.policy
    return Policy(
        allow_countries=section.allow_countries,
        deny_countries=section.deny_countries,
        deny_line_types=section.deny_line_types,
        flag_line_types=section.flag_line_types,
        deny_carriers=section.deny_carriers,
        purposes=MappingProxyType({name: purpose.built(name) for name, purpose in document.purposes.items()}),
        stop_scope=document.suppression.stop_scope,
        sip_hosts=document.voice.sip_hosts,
        flows=frozenset(document.studio.flows),
        whatsapp_senders=any(sender.whatsapp_from for sender in document.senders.values()),
        email_sender=email_sender,
        proof_max_age=timedelta(seconds=document.proof.max_age_seconds),
    )


def check_whole(document: Document, faults: Faults) -> None:
    """What no single value can know: names that must exist elsewhere, and values that must fit each other."""
    flows = frozenset(document.studio.flows)
    for name, purpose in document.purposes.items():
        for setting, detail in step_faults(name, purpose, flows):
            faults.add(setting, detail)
        for sender in purpose.sender:
            if sender not in document.senders:
                accepted = ", ".join(document.senders)
                faults.add(f"purposes.{name}.sender", f"{sender} names no [senders.{sender}]; accepted: {accepted}")
    for setting, detail in _misfits(document):
        faults.add(setting, detail)


def _misfits(document: Document) -> Iterator[tuple[str, str]]:
    retention, dispatch = document.retention, document.dispatch
    if retention.delete_after_seconds < retention.summary_after_seconds:
        yield "retention.delete_after_seconds", "must not be below retention.summary_after_seconds"
    if dispatch.retry_longest_seconds < dispatch.retry_first_seconds:
        yield "dispatch.retry_longest_seconds", "must not be below dispatch.retry_first_seconds"
    if 1000 * dispatch.lease_seconds < 3 * document.twilio.timeout_ms:
        # A send may begin until half of the lease is over, and must have ended before another looks.
        yield "dispatch.lease_seconds", "must not be below three times twilio.timeout_ms"
    if list(dispatch.unknown_search_after_seconds) != sorted(set(dispatch.unknown_search_after_seconds)):
        yield "dispatch.unknown_search_after_seconds", "must name a first and a later moment, such as [30, 120]"
