"""Studio: starts a flow with the application's parameters and ours; what the flow then does is its own.

Source: Studio v2's Executions resource: an execution that ended says nothing of success, so its outcome is called back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gateway.channels.answers import created
from gateway.channels.lacks import Lack
from gateway.channels.shape import Operation, ProviderRequest, Situation
from gateway.model import AttemptStatus, Channel, Facts, Intent, LineType, Outcome, Policy, Step

MAX_PARAMETERS_BYTES = 8 * 1024

_EXECUTION_STATUS = {"active": AttemptStatus.SENT, "ended": AttemptStatus.SENT}
_NOT_REACHED = frozenset({LineType.PREMIUM, LineType.SHARED_COST, LineType.VOICEMAIL, LineType.PAGER})


class Studio:
    channel: Channel = Channel.STUDIO

    def reaches(self, line_type: LineType) -> bool:
        return line_type not in _NOT_REACHED

    def lacks(self, step: Step, intent: Intent, facts: Facts, policy: Policy) -> Lack | None:
        if intent.to.is_sip:
            return Lack.NOT_FOR_SIP
        if step.variant not in policy.flows:
            return Lack.NO_SENDER
        size = len(json.dumps(dict(intent.parameters), ensure_ascii=False, separators=(",", ":")).encode())
        return Lack.PARAMETERS_TOO_LARGE if size > MAX_PARAMETERS_BYTES else None

    def request(self, situation: Situation) -> ProviderRequest:
        sender, flow = situation.sender, situation.sender.flows[situation.step.variant]
        params = {
            "to": situation.intent.to.number,
            # A flow whose sender sits in a service must start from the service, or replies start another execution.
            "from_": flow.from_number or sender.messaging_service_sid or sender.from_number,
            "parameters": {**situation.intent.parameters, **_ours(situation)},
        }
        return ProviderRequest(Operation.EXECUTION, params, resource=flow.sid)

    def read(self, answer: Mapping[str, Any], situation: Situation) -> Outcome:
        return created(answer, _EXECUTION_STATUS)


def _ours(situation: Situation) -> dict[str, Any]:
    intent, lookup = situation.intent, situation.lookup
    return {
        "line_type": (lookup.line_type if lookup else LineType.UNKNOWN).value,
        "carrier": lookup.carrier if lookup else None,
        "country": (lookup.country if lookup else None) or intent.to.country,
        "purpose": intent.purpose,
        "intent_id": intent.id,
        "callback_url": situation.urls.studio(intent.id, situation.attempt),
    }
