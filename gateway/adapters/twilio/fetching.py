"""What Twilio says of a known SID now. A verification and an execution live under a service and a flow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from gateway.adapters.twilio.errors import refusal
from gateway.adapters.twilio.listing import properties
from gateway.adapters.twilio.searching import of_attempt
from gateway.errors import ProviderRefused
from gateway.model import Attempt


@dataclass(frozen=True, slots=True)
class Homes:
    """Where nested resources live: the Verify service, and the flow SID of each `studio:<flow>`."""

    verify_service_sid: str = ""
    flow_sids: Mapping[str, str] = field(default_factory=dict)


def fetched(client: Client, attempt: Attempt, homes: Homes) -> dict[str, Any] | None:
    """None for what has no SID yet or cannot be asked: e-mail, TOTP, a flow no longer configured."""
    read = _FETCH.get((attempt.provider_sid or "")[:2])
    return read(client, attempt, homes) if read is not None else None


def _message(client: Client, attempt: Attempt, _: Homes) -> dict[str, Any] | None:
    return properties(client.messages(attempt.provider_sid).fetch())


def _call(client: Client, attempt: Attempt, _: Homes) -> dict[str, Any] | None:
    return properties(client.calls(attempt.provider_sid).fetch())


def _execution(client: Client, attempt: Attempt, homes: Homes) -> dict[str, Any] | None:
    flow = homes.flow_sids.get(attempt.step.variant)
    if not flow:
        return None
    return properties(client.studio.v2.flows(flow).executions(attempt.provider_sid).fetch())


def _verification(client: Client, attempt: Attempt, homes: Homes) -> dict[str, Any] | None:
    if not homes.verify_service_sid:
        return None
    return verification(client, homes.verify_service_sid, attempt.provider_sid or "")


def verification(client: Client, service_sid: str, sid: str) -> dict[str, Any] | None:
    """A verification, or what its codes say of it once Twilio has put it away. None when nothing is known of it.

    A 404 alone says neither approved nor expired. Source: error 20404.
    """
    try:
        return properties(client.verify.v2.services(service_sid).verifications(sid).fetch())
    except TwilioException as err:
        answer = refusal(err)
        if not isinstance(answer, ProviderRefused) or answer.status != 404:
            raise
    page = client.verify.v2.verification_attempts.page(
        verify_service_sid=service_sid, verification_sid=sid, page_size=20
    )
    said = [of_attempt(row) for row in page]
    approved = [one for one in said if one["status"] == "approved"]
    return next(iter(approved or said), None)


_FETCH: Mapping[str, Callable[[Client, Attempt, Homes], dict[str, Any] | None]] = {
    "SM": _message,
    "MM": _message,
    "CA": _call,
    "FN": _execution,
    "VE": _verification,
}
