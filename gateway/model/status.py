"""Where an intent and an attempt can stand, and what a failure means to us."""

from __future__ import annotations

from enum import StrEnum


class IntentStatus(StrEnum):
    PENDING_LOOKUP = "pending_lookup"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    AWAITING_VERIFICATION = "awaiting_verification"
    DELIVERED = "delivered"
    VERIFIED = "verified"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    CANCELED = "canceled"
    EXPIRED = "expired"


class AttemptStatus(StrEnum):
    STARTED = "started"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELED = "canceled"


class FailureClass(StrEnum):
    """What a failure means to us: the classes of codes.py."""

    RETRY = "retry"
    UNKNOWN_OUTCOME = "unknown_outcome"
    DEFER = "defer"
    WRONG_CHANNEL = "wrong_channel"
    UNREACHABLE = "unreachable"
    OPTED_OUT = "opted_out"
    INVALID = "invalid"
    CONTENT = "content"
    FRAUD = "fraud"
    CONFIG = "config"
    ACCOUNT = "account"
    BUG = "bug"
    UNLISTED = "unlisted"
