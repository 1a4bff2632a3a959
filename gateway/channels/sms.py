"""SMS and MMS: a Twilio message to a number.

Source: Twilio's Messages resource.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.channels.answers import MESSAGE_STATUS, created
from gateway.channels.lacks import Lack
from gateway.channels.messages import reporting
from gateway.channels.shape import Operation, ProviderRequest, Sender, Situation
from gateway.model import Channel, Facts, Intent, LineType, Outcome, Policy, Step

MAX_BODY_CHARACTERS = 1600

_REACHED = frozenset({LineType.MOBILE, LineType.NON_FIXED_VOIP, LineType.PERSONAL, LineType.UNKNOWN})


class Sms:
    channel: Channel = Channel.SMS

    def reaches(self, line_type: LineType) -> bool:
        return line_type in _REACHED

    def lacks(self, step: Step, intent: Intent, facts: Facts, policy: Policy) -> Lack | None:
        if intent.to.is_sip:
            return Lack.NOT_FOR_SIP
        if not intent.content.body and not intent.content.media_urls:
            return Lack.NO_BODY
        return Lack.TEXT_TOO_LONG if len(intent.content.body or "") > MAX_BODY_CHARACTERS else None

    def request(self, situation: Situation) -> ProviderRequest:
        content = situation.intent.content
        params: dict[str, Any] = {"to": situation.intent.to.number, **_from(situation.sender), **reporting(situation)}
        if content.body:
            params["body"] = content.body
        if content.media_urls:
            params["media_url"] = list(content.media_urls)
        return ProviderRequest(Operation.MESSAGE, params)

    def read(self, answer: Mapping[str, Any], situation: Situation) -> Outcome:
        return created(answer, MESSAGE_STATUS)


def _from(sender: Sender) -> dict[str, str]:
    """A Messaging Service chooses better than we can (sticky sender, local presence), so it goes before a number."""
    if sender.messaging_service_sid:
        return {"messaging_service_sid": sender.messaging_service_sid}
    return {"from_": sender.from_number}
