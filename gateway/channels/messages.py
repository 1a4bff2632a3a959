"""What SMS and WhatsApp have in common: both are created as Twilio messages. No channel of its own.

`ValidityPeriod` ends a message's wait at Twilio; what a carrier has taken over by then is out of anybody's hands.
Source: Twilio's Messages resource (`ValidityPeriod` 1 to 36000 seconds; error 30036 afterwards).
"""

from __future__ import annotations

from typing import Any

from gateway.channels.shape import Situation

MAX_VALIDITY_SECONDS = 36_000


def validity_seconds(situation: Situation) -> int:
    """What is left until it may not be delivered any more: we give up, or quiet hours begin."""
    left = int((situation.expires_at - situation.as_of).total_seconds())
    return min(max(left, 1), MAX_VALIDITY_SECONDS)


def reporting(situation: Situation) -> dict[str, Any]:
    """The parameters of every message that are not about its text or its addresses."""
    return {
        "status_callback": situation.urls.message(situation.intent.id, situation.attempt),
        "validity_period": validity_seconds(situation),
    }
