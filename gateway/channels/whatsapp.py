"""WhatsApp: free text while the person's last message is less than a day old, an approved template after that.

Source: Twilio's WhatsApp pages and error 63016; template variables are a JSON string.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gateway.channels.answers import MESSAGE_STATUS, created
from gateway.channels.lacks import Lack
from gateway.channels.messages import reporting
from gateway.channels.shape import Operation, ProviderRequest, Situation
from gateway.model import Channel, Content, Facts, Intent, LineType, Outcome, Policy, Step

_PREFIX = "whatsapp:"
_REACHED = frozenset({LineType.MOBILE, LineType.UNKNOWN})


class WhatsApp:
    channel: Channel = Channel.WHATSAPP

    def reaches(self, line_type: LineType) -> bool:
        return line_type in _REACHED

    def lacks(self, step: Step, intent: Intent, facts: Facts, policy: Policy) -> Lack | None:
        if intent.to.is_sip:
            return Lack.NOT_FOR_SIP
        if not policy.whatsapp_senders:
            return Lack.NO_SENDER
        if intent.content.content_sid:
            return None
        if not intent.content.body:
            return Lack.NO_BODY
        window = facts.whatsapp_window_until
        return None if window is not None and window > facts.as_of else Lack.NO_TEMPLATE

    def request(self, situation: Situation) -> ProviderRequest:
        content = situation.intent.content
        free_form = content.body and (situation.whatsapp_window_open or not content.content_sid)
        params: dict[str, Any] = {
            "to": _address(situation.intent.to.number),
            "from_": _address(situation.sender.whatsapp_from),
            **(_free_form(content) if free_form else _template(content)),
            **reporting(situation),
        }
        return ProviderRequest(Operation.MESSAGE, params)

    def read(self, answer: Mapping[str, Any], situation: Situation) -> Outcome:
        return created(answer, MESSAGE_STATUS)


def _free_form(content: Content) -> dict[str, Any]:
    media = {"media_url": list(content.media_urls)} if content.media_urls else {}
    return {"body": content.body, **media}


def _template(content: Content) -> dict[str, Any]:
    variables = content.content_variables
    return {
        "content_sid": content.content_sid,
        **({"content_variables": json.dumps(dict(variables), ensure_ascii=False)} if variables else {}),
    }


def _address(number: str) -> str:
    return number if number.startswith(_PREFIX) else _PREFIX + number
