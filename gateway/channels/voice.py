"""Voice: a call that speaks the text, takes one key where that is wanted, and may be connected onwards.

Source: Twilio's Calls resource and its answering machine detection.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.channels.answers import CALL_STATUS, created
from gateway.channels.lacks import Lack
from gateway.channels.shape import Operation, ProviderRequest, Situation
from gateway.channels.twiml import call_twiml, spoken, too_long
from gateway.model import Channel, Facts, Intent, LineType, Outcome, Policy, Step

RING_SECONDS = 30
EVENTS = ("initiated", "answered", "completed")

_NOT_REACHED = frozenset({LineType.PREMIUM, LineType.SHARED_COST, LineType.VOICEMAIL, LineType.PAGER})


class Voice:
    channel: Channel = Channel.VOICE

    def reaches(self, line_type: LineType) -> bool:
        return line_type not in _NOT_REACHED

    def lacks(self, step: Step, intent: Intent, facts: Facts, policy: Policy) -> Lack | None:
        content, purpose = intent.content, policy.purposes[intent.purpose]
        if content.dial and not purpose.allow_dial:
            return Lack.DIAL_NOT_ALLOWED
        if not spoken(content) and not content.dial:
            return Lack.NO_BODY
        return Lack.TEXT_TOO_LONG if too_long(content, purpose.voice) else None

    def request(self, situation: Situation) -> ProviderRequest:
        intent, rules, sender = situation.intent, situation.purpose.voice, situation.sender
        gather_url = situation.urls.gather(intent.id, situation.attempt)
        params: dict[str, Any] = {
            "to": intent.to.number,
            "from_": sender.from_number,
            "twiml": call_twiml(intent.content, rules, gather_url=gather_url, caller_id=sender.from_number),
            "status_callback": situation.urls.voice(intent.id, situation.attempt),
            "status_callback_event": list(EVENTS),
            "timeout": RING_SECONDS,
        }
        if rules.machine_detection:
            # To leave a message on a machine we must wait for its beep; merely to tell it from a person, we need not.
            params["machine_detection"] = "DetectMessageEnd" if rules.voicemail_counts else "Enable"
        return ProviderRequest(Operation.CALL, params)

    def read(self, answer: Mapping[str, Any], situation: Situation) -> Outcome:
        return created(answer, CALL_STATUS)
