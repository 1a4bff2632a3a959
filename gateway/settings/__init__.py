"""Every setting, read once at the start and frozen: shipped defaults, then a file, then the environment."""

from gateway.settings.account import Email, Secrets, Twilio
from gateway.settings.root import Settings
from gateway.settings.senders import Pace
from gateway.settings.values import LOOKUP_FIELDS

__all__ = ["LOOKUP_FIELDS", "Email", "Pace", "Secrets", "Settings", "Twilio"]
