"""The nouns of the gateway, frozen. Nothing here does I/O, reads a clock or decides."""

from __future__ import annotations

from gateway.model.attempt import Attempt, Outcome, Verification
from gateway.model.decision import Decision, Reason
from gateway.model.facts import LINE_TYPE, Facts, Lookup, LookupSource, Origin, SuppressionEntry
from gateway.model.intent import TEST_REALM, Content, Intent, Recipient, is_test, realm
from gateway.model.line_type import LineType
from gateway.model.masking import masked
from gateway.model.policy import Policy, Purpose, QuietHours, VoiceRules
from gateway.model.progress import Progress, TimelineEntry
from gateway.model.status import AttemptStatus, FailureClass, IntentStatus
from gateway.model.step import PROOF_CHANNELS, Channel, Step

__all__ = [
    "LINE_TYPE",
    "PROOF_CHANNELS",
    "TEST_REALM",
    "Attempt",
    "AttemptStatus",
    "Channel",
    "Content",
    "Decision",
    "Facts",
    "FailureClass",
    "Intent",
    "IntentStatus",
    "LineType",
    "Lookup",
    "LookupSource",
    "Origin",
    "Outcome",
    "Policy",
    "Progress",
    "Purpose",
    "QuietHours",
    "Reason",
    "Recipient",
    "Step",
    "SuppressionEntry",
    "TimelineEntry",
    "Verification",
    "VoiceRules",
    "is_test",
    "masked",
    "realm",
]
