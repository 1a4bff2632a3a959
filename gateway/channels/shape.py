"""The one shape of a channel: what it needs from an intent, the request it makes, how it reads the answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from gateway.callbacks import CallbackUrls
from gateway.model import Channel, Facts, Intent, LineType, Lookup, Outcome, Policy, Purpose, Step
from gateway.ports import Operation as Operation
from gateway.ports import ProviderRequest as ProviderRequest


@dataclass(frozen=True, slots=True)
class Flow:
    """A Studio flow: its SID and the sender it starts from (empty: the sender's own)."""

    sid: str
    from_number: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: one [senders.<name>] of the configuration, with the account-wide services beside it."""

    name: str = "default"
    messaging_service_sid: str = ""
    from_number: str = ""
    whatsapp_from: str = ""
    countries: frozenset[str] = frozenset()
    verify_service_sid: str = ""
    email_from: str = ""
    flows: Mapping[str, Flow] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Situation:
    """All a channel may look at when it builds its request. `expires_at`: nothing may be delivered after it."""

    intent: Intent
    step: Step
    attempt: int
    as_of: datetime
    expires_at: datetime
    sender: Sender
    purpose: Purpose
    lookup: Lookup | None
    urls: CallbackUrls
    whatsapp_window_open: bool = False


class ChannelShape(Protocol):
    """What every file of this folder offers."""

    channel: Channel

    def reaches(self, line_type: LineType) -> bool:
        """Whether a number of this type can normally be reached. For advice: the policy's lists decide."""

    def lacks(self, step: Step, intent: Intent, facts: Facts, policy: Policy) -> str | None:
        """Why this step cannot be taken for this intent (a sentence without personal data), or None."""

    def request(self, situation: Situation) -> ProviderRequest:
        """The provider call of this step."""

    def read(self, answer: Mapping[str, Any], situation: Situation) -> Outcome:
        """What a successful answer of the provider says."""
