"""Turns the senders' tables into what the channels take, and their pace into what the pacing takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gateway.channels.shape import Flow, Sender
from gateway.settings.document import Document
from gateway.settings.sections import SenderSection

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a sender may go. 0: not paced here."""

    messages_per_second: float
    calls_per_second: float


def built_flows(document: Document) -> Mapping[str, Flow]:
    flows = document.studio.flows.items()
    return MappingProxyType({name: Flow(flow.sid, flow.from_number) for name, flow in flows})


def built_senders(document: Document, flows: Mapping[str, Flow]) -> tuple[Sender, ...]:
    """In the file's order. A Verify service is the account's: a sender without its own takes the default's."""
    shared = document.senders[DEFAULT].verify_service_sid
    email_from = document.sendgrid.from_email

    def built(name: str, section: SenderSection) -> Sender:
        return Sender(
            name=name,
            messaging_service_sid=section.messaging_service_sid,
            from_number=section.from_number,
            whatsapp_from=section.whatsapp_from,
            countries=section.countries,
            verify_service_sid=section.verify_service_sid or shared,
            email_from=email_from,
            flows=flows,
        )

    return tuple(built(name, section) for name, section in document.senders.items())


def built_paces(document: Document) -> Mapping[str, Pace]:
    sections = document.senders.items()
    return MappingProxyType({name: Pace(one.messages_per_second, one.calls_per_second) for name, one in sections})
