"""What is allowed and probably not meant: sentences for the log and for `gateway check`. Stops nothing."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.settings.account import Twilio
from gateway.settings.document import Document
from gateway.settings.purposes import PurposeSection
from gateway.settings.values import SID


def doubts(document: Document, twilio: Twilio) -> Iterator[str]:
    for setting, sid in _sids(document):
        if sid and not SID.fullmatch(sid):
            yield f"{setting} is no SID (two capitals and 32 hexadecimal digits); is it a placeholder?"
    for name, purpose in document.purposes.items():
        if leaving := _dead_ends(purpose):
            yield f"purposes.{name}.then is empty: after proof ({', '.join(leaving)}) a body has no way to go"
    lookup = document.lookup
    if "line_type_intelligence" not in lookup.default_fields:
        yield "lookup.default_fields lacks line_type_intelligence: every number is routed as `unknown`"
    if lookup.request_budget_ms < lookup.timeout_ms:
        yield "lookup.request_budget_ms is below lookup.timeout_ms: a slow first try is cut short"
    if twilio.api_key_sid and not twilio.tokens:
        yield "TWILIO_AUTH_TOKEN is not set: an API key cannot check signatures, so every webhook will be refused"


def _sids(document: Document) -> Iterator[tuple[str, str]]:
    twilio = document.twilio
    yield "twilio.account_sid", twilio.account_sid
    yield "twilio.api_key.sid", twilio.api_key.sid
    yield from ((f"twilio.subaccounts.{sid}", sid) for sid in twilio.subaccounts)
    for name, sender in document.senders.items():
        yield f"senders.{name}.messaging_service_sid", sender.messaging_service_sid
        yield f"senders.{name}.verify_service_sid", sender.verify_service_sid
    yield from ((f"studio.flows.{name}", flow.sid) for name, flow in document.studio.flows.items())


def _dead_ends(purpose: PurposeSection) -> list[str]:
    """The proof lists of a purpose that also delivers, when nothing is named for after the proof."""
    proving = [key for key, steps in purpose.lists() if steps and steps[0].proves]
    delivering = [key for key, steps in purpose.lists() if steps and not steps[0].proves]
    return proving if delivering and not purpose.then else []
