"""Voice status callback: one call moved on; also the report of who answered, where that comes apart from it.

Source: Twilio's Call resource, StatusCallback. `completed` says that the call ended, not that a person heard it.
"""

from __future__ import annotations

from gateway.inbox import StatusReported, Subject
from webhooks.delivery import Delivery, Malformed
from webhooks.privacy import kept, scrubbed
from webhooks.sources.shape import Parsed, Source, no_content, whole_number

MACHINE_DETECTED = "amd-detected"  # no CallStatus of Twilio's: the asynchronous answering machine report has none

_SPELLINGS = {"cancelled": "canceled"}  # Twilio's own prose has both
_TAKEN = frozenset({"CallSid", "CallStatus"})


def parse(delivery: Delivery) -> Parsed:
    form = delivery.form or {}
    sid = delivery.required("CallSid")
    status = call_status(form.get("CallStatus"), form.get("AnsweredBy"))
    detail = form.get("ErrorMessage")
    event = StatusReported(
        Subject.CALL,
        sid,
        status,
        intent=delivery.intent(),
        attempt=delivery.attempt(),
        error_code=whole_number(form.get("ErrorCode")),
        error_detail=scrubbed(detail) if detail else None,
        fields=kept(delivery.pairs, _TAKEN),
    )
    return Parsed((event,))


def call_status(told: str | None, answered_by: str | None) -> str:
    """In the spelling of the REST API: lower case, hyphens, one l."""
    if told:
        status = told.lower().replace("_", "-")
        return _SPELLINGS.get(status, status)
    if answered_by:
        return MACHINE_DETECTED
    raise Malformed("CallStatus: missing")


SOURCE = Source("voice_status", "/voice/status", parse, no_content)
