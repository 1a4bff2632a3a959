"""Twilio, through its own SDK over an HTTP client of ours: calls, searches, reads and lookups."""

from __future__ import annotations

from gateway.adapters.twilio.access import TwilioAccess, twilio_client
from gateway.adapters.twilio.calls import TwilioCalls, twilio_calls
from gateway.adapters.twilio.fetching import Homes
from gateway.adapters.twilio.http import PooledHttpClient
from gateway.adapters.twilio.lookup import LookupLimits, TwilioLookup
from gateway.adapters.twilio.verifying import NewFactor

__all__ = [
    "Homes",
    "LookupLimits",
    "NewFactor",
    "PooledHttpClient",
    "TwilioAccess",
    "TwilioCalls",
    "TwilioLookup",
    "twilio_calls",
    "twilio_client",
]
