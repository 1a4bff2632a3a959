"""Every callback there is: what is not in this tuple has no route, and what is in it cannot be reached unsigned."""

from __future__ import annotations

from webhooks.sources import (
    events,
    messages_inbound,
    messages_status,
    sendgrid,
    studio,
    verify,
    voice_gather,
    voice_status,
)
from webhooks.sources.shape import Parsed, Signer, Source

SOURCES: tuple[Source, ...] = (
    messages_status.SOURCE,
    messages_inbound.SOURCE,
    voice_status.SOURCE,
    voice_gather.SOURCE,
    verify.SOURCE,
    studio.SOURCE,
    events.SOURCE,
    sendgrid.SOURCE,
)

__all__ = ["SOURCES", "Parsed", "Signer", "Source"]
