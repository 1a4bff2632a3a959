"""What SMS and WhatsApp have in common: both are created as Twilio messages. No channel of its own.

Source: Twilio's Messages resource (`ValidityPeriod` 1 to 36000 seconds).
"""

from __future__ import annotations

from typing import Any

from gateway.channels.shape import Situation

MAX_VALIDITY_SECONDS = 36_000


def validity_seconds(situation: Situation) -> int:
    """What is left before expiry, so that Twilio does not deliver after we gave up."""
    left = int((situation.expires_at - situation.as_of).total_seconds())
    return min(max(left, 1), MAX_VALIDITY_SECONDS)


def reporting(situation: Situation) -> dict[str, Any]:
    """The parameters of every message that are not about its text or its addresses."""
    return {
        "status_callback": situation.urls.message(situation.intent.id, situation.attempt),
        "validity_period": validity_seconds(situation),
    }
