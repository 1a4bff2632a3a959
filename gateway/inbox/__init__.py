"""The door: the events that webhooks/ may hand in, and the one place they enter by."""

from gateway.inbox.events import (
    Event,
    FactorReported,
    KeyPressed,
    Media,
    MessageReceived,
    Reply,
    StatusReported,
    Subject,
    Unavailable,
)

__all__ = [
    "Event",
    "FactorReported",
    "KeyPressed",
    "Media",
    "MessageReceived",
    "Reply",
    "StatusReported",
    "Subject",
    "Unavailable",
]
