"""Looking for an attempt whose outcome is unknown: Twilio has no idempotency key, but it has lists.

Which of the candidates already belong to another attempt is for the caller to know.
Source: Messages, Calls, Verification Attempts and Executions list resources. An unsent message has no `date_sent`,
so that filter would miss just the messages looked for; a queued call has no `start_time`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from twilio.rest import Client

from gateway.adapters.twilio.listing import PAGE_SIZE, older_than, properties, rows
from gateway.channels.shape import Operation, ProviderRequest
from gateway.errors import ProviderSilent
from gateway.model import Attempt
from gateway.ports import Found

SLACK = timedelta(minutes=5)  # the two clocks may differ
MAX_CONTEXTS = 50
TRIAL_PREFIX = "Sent from your Twilio trial account - "

# With one of these Twilio keeps a text that is not the one we sent: the sender alone must do.
_REWRITING = ("content_sid", "smart_encoded", "shorten_urls")


def found_messages(client: Client, attempt: Attempt, request: ProviderRequest) -> list[Found]:
    """Listed by recipient alone: with a Messaging Service the sender is not chosen yet."""
    if request.params.get("content_retention") == "discard" or request.params.get("address_retention") == "obfuscate":
        raise ProviderSilent("messages are not kept by Twilio, so none can be found", sent=True)
    early = older_than(_begin(attempt))
    listed = rows(client.messages.page(to=request.params["to"], page_size=PAGE_SIZE), reached=early)
    return [
        Found(row.sid, properties(row))
        for row in listed
        if not early(row) and row.direction != "inbound" and _same_sender(row, request) and _same_text(row, request)
    ]


def found_calls(client: Client, attempt: Attempt, request: ProviderRequest) -> list[Found]:
    early = older_than(_begin(attempt))
    first = client.calls.page(to=request.params["to"], from_=request.params["from_"], page_size=PAGE_SIZE)
    listed = rows(first, reached=early)
    return [
        Found(row.sid, properties(row)) for row in listed if not early(row) and row.direction in (None, "outbound-api")
    ]


def found_verifications(client: Client, attempt: Attempt, request: ProviderRequest) -> list[Found]:
    """By the codes sent to that address; several codes of one verification are one candidate."""
    begin = _begin(attempt)
    first = client.verify.v2.verification_attempts.page(
        channel_data_to=request.params["to"],
        verify_service_sid=request.resource,
        date_created_after=begin,
        page_size=PAGE_SIZE,
    )
    early = older_than(begin)
    channel = str(request.params["channel"]).lower()
    found: dict[str, Found] = {}
    for row in rows(first, reached=early):
        if not early(row) and str(row.channel).lower() == channel and row.verification_sid:
            found.setdefault(row.verification_sid, Found(row.verification_sid, of_attempt(row)))
    return list(found.values())


def of_attempt(row: Any) -> dict[str, Any]:
    """What a Verification Attempt says of its verification, in the words of a verification."""
    return {
        "sid": row.verification_sid,
        "status": "approved" if row.conversion_status == "converted" else "pending",
        "channel": row.channel,
        "date_created": row.date_created,
        "send_code_attempts": [{"attempt_sid": row.sid, "channel": row.channel, "time": row.date_created}],
        "channel_data": row.channel_data,
    }


def found_executions(client: Client, attempt: Attempt, request: ProviderRequest) -> list[Found]:
    """By the intent's id in the context: an execution itself names only the person."""
    begin = _begin(attempt)
    flow = client.studio.v2.flows(request.resource)
    early = older_than(begin)
    listed = rows(flow.executions.page(date_created_from=begin, page_size=PAGE_SIZE), reached=early)
    near = [row for row in listed if not early(row) and row.contact_channel_address in (None, request.params["to"])]
    if len(near) > MAX_CONTEXTS:
        raise ProviderSilent(f"more than {MAX_CONTEXTS} executions of this contact to look into", sent=True)
    intent_id = request.params["parameters"]["intent_id"]
    return [Found(row.sid, properties(row)) for row in near if _intent_of(row.execution_context().fetch()) == intent_id]


def _begin(attempt: Attempt) -> datetime:
    """In UTC and whole seconds: the SDK writes a `Z` behind whatever it is given, and Twilio keeps no fractions."""
    return (attempt.started_at - SLACK).astimezone(UTC).replace(microsecond=0)


def _intent_of(context: Any) -> object:
    """`context.flow.data.intent_id`, wherever that path ends early None."""
    node: object = context.context
    for name in ("flow", "data", "intent_id"):
        node = node.get(name) if isinstance(node, Mapping) else None
    return node


def _same_sender(row: Any, request: ProviderRequest) -> bool:
    service = request.params.get("messaging_service_sid")
    if service:
        return bool(row.messaging_service_sid == service)
    return bool(row.from_ == request.params.get("from_"))


def _same_text(row: Any, request: ProviderRequest) -> bool:
    if any(request.params.get(name) for name in _REWRITING):
        return True
    return _plain(row.body) == _plain(request.params.get("body"))


def _plain(text: str | None) -> str:
    """Without what Twilio adds (a trial account's prefix) or takes away (white space at the end)."""
    return (text or "").replace("\r\n", "\n").removeprefix(TRIAL_PREFIX).strip()


SEARCH: Mapping[Operation, Callable[[Client, Attempt, ProviderRequest], list[Found]]] = {
    Operation.MESSAGE: found_messages,
    Operation.CALL: found_calls,
    Operation.VERIFICATION: found_verifications,
    Operation.EXECUTION: found_executions,
}
