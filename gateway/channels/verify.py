"""Verify: a code by SMS, call, WhatsApp or e-mail. The code is Twilio's; neither it nor a text passes through here.

Source: Verify v2's Verifications resource: a WhatsApp number is given without prefix.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.channels.answers import awaiting_code
from gateway.channels.lacks import Lack
from gateway.channels.shape import Operation, ProviderRequest, Situation
from gateway.model import Channel, Facts, Intent, LineType, Outcome, Policy, Step


class Verify:
    channel: Channel = Channel.VERIFY

    def reaches(self, line_type: LineType) -> bool:
        """By one of its variants it reaches a person on any line."""
        return True

    def lacks(self, step: Step, intent: Intent, facts: Facts, policy: Policy) -> Lack | None:
        if step.variant == "email":
            return None if intent.to.email else Lack.NO_EMAIL_ADDRESS
        return Lack.NOT_FOR_SIP if intent.to.is_sip else None

    def request(self, situation: Situation) -> ProviderRequest:
        recipient, variant = situation.intent.to, situation.step.variant
        params = {"to": recipient.email if variant == "email" else recipient.number, "channel": variant}
        return ProviderRequest(Operation.VERIFICATION, params, resource=situation.sender.verify_service_sid)

    def read(self, answer: Mapping[str, Any], situation: Situation) -> Outcome:
        return awaiting_code(answer)
