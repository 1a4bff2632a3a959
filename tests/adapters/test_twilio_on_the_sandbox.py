"""The adapter against the local Twilio: lost answers are found again, codes are checked, all requests are judged."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest

from gateway.adapters.sendgrid import SendGridMail
from gateway.adapters.twilio import Homes, LookupLimits, TwilioAccess, TwilioCalls, TwilioLookup, twilio_client
from gateway.adapters.twilio.access import wire_for
from gateway.adapters.twilio.http import PooledHttpClient
from gateway.adapters.twilio.wire import call_limit
from gateway.channels.shape import Operation, ProviderRequest
from gateway.errors import LookupUnavailable, ProviderRefused, ProviderSilent
from gateway.model import Attempt, AttemptStatus, LineType, Step
from gateway.ports import Found
from gateway.sandbox import (
    SANDBOX_ACCOUNT_SID,
    SANDBOX_API_KEY_SECRET,
    SANDBOX_API_KEY_SID,
    SANDBOX_FLOW_SID,
    SANDBOX_FROM_NUMBER,
    SANDBOX_MESSAGING_SERVICE_SID,
    SANDBOX_SENDGRID_API_KEY,
    SANDBOX_VERIFY_SERVICE_SID,
    SANDBOX_WHATSAPP_FROM,
    RunningSandbox,
    SandboxOptions,
    start_in_thread,
)
from tests.contract.recording import RecordingHttpClient

IDENTITY = "6f1c2f0e-3b6a-4e6e-9a51-2b7f00000000"
LINE = ("line_type_intelligence",)


@dataclass(frozen=True)
class Scene:
    calls: TwilioCalls
    http: RecordingHttpClient
    sandbox: RunningSandbox

    def lost(self, request: ProviderRequest) -> None:
        """A send whose answer never comes, though Twilio acted."""
        with pytest.raises(ProviderSilent) as caught:
            self.calls.send(request)
        assert caught.value.sent is True


@contextmanager
def scene(password: str = SANDBOX_API_KEY_SECRET, seconds: float = 10.0) -> Iterator[Scene]:
    with start_in_thread(SandboxOptions(port=0, step_ms=1)) as sandbox:
        access = TwilioAccess(
            SANDBOX_ACCOUNT_SID, SANDBOX_API_KEY_SID, password, base_url=sandbox.url, timeout_seconds=seconds
        )
        wire = wire_for(access)
        http = RecordingHttpClient(PooledHttpClient(wire))
        homes = Homes(SANDBOX_VERIFY_SERVICE_SID, {"welcome": SANDBOX_FLOW_SID})
        yield Scene(TwilioCalls(twilio_client(access, http), homes=homes), http, sandbox)
        wire.close()
        assert http.violations == []


def attempt(step: str, at: datetime, sid: str | None = None) -> Attempt:
    return Attempt(1, Step.parse(step), AttemptStatus.UNKNOWN, at, provider_sid=sid)


def number(digits: str) -> str:
    return f"+141555501{digits}"


def until_found(on: Scene, lost: Attempt, request: ProviderRequest) -> Sequence[Found]:
    """Who gave up waiting may look before the other side has written anything down."""
    deadline = time.monotonic() + 10
    while not (found := on.calls.search(lost, request)):
        assert time.monotonic() < deadline, "it was not found"
    return found


def message(digits: str, **other: Any) -> ProviderRequest:
    sender = {} if "from_" in other else {"messaging_service_sid": SANDBOX_MESSAGING_SERVICE_SID}
    return ProviderRequest(Operation.MESSAGE, {"to": number(digits), "body": "Your order shipped", **sender, **other})


def test_a_message_is_sent_and_fetched() -> None:
    with scene() as on:
        sent = on.calls.send(message("00"))
        assert sent["status"] == "accepted"
        there = on.calls.fetch(attempt("sms", datetime.now(UTC), sent["sid"]))
        assert there is not None
        assert (there["sid"], there["body"]) == (sent["sid"], "Your order shipped")


@pytest.mark.parametrize("digits", ["57", "58", "60"], ids=["no answer", "500", "reset"])
@pytest.mark.parametrize("sender", [{}, {"from_": SANDBOX_FROM_NUMBER}], ids=["service", "number"])
def test_a_message_whose_answer_was_lost_is_found(digits: str, sender: dict[str, str]) -> None:
    with scene() as on:
        began = datetime.now(UTC)
        request = message(digits, **sender)
        with pytest.raises((ProviderSilent, ProviderRefused)), call_limit(0.5):
            on.calls.send(request)
        (found,) = until_found(on, attempt("sms", began), request)
        assert found.sid[:2] == "SM"
        other = message(digits, **sender, body="Another text")
        assert on.calls.search(attempt("sms", began), other) == []


def test_a_message_that_was_never_accepted_is_not_found() -> None:
    with scene() as on:
        began = datetime.now(UTC)
        with pytest.raises(ProviderRefused) as caught:
            on.calls.send(message("59"))
        assert caught.value.status == 500
        assert on.calls.search(attempt("sms", began), message("59")) == []


def test_a_message_older_than_the_attempt_is_not_taken_for_it() -> None:
    with scene() as on:
        on.calls.send(message("00"))
        later = datetime.now(UTC) + timedelta(minutes=6)
        assert on.calls.search(attempt("sms", later), message("00")) == []


def test_a_whatsapp_message_is_found_by_its_prefixed_addresses() -> None:
    request = ProviderRequest(
        Operation.MESSAGE, {"to": "whatsapp:" + number("00"), "from_": SANDBOX_WHATSAPP_FROM, "body": "Hi"}
    )
    with scene() as on:
        began = datetime.now(UTC)
        sid = on.calls.send(request)["sid"]
        assert [one.sid for one in on.calls.search(attempt("whatsapp", began), request)] == [sid]


def test_a_call_whose_answer_was_lost_is_found() -> None:
    params = {"to": number("60"), "from_": SANDBOX_FROM_NUMBER, "twiml": "<Response><Say>Hi</Say></Response>"}
    request = ProviderRequest(Operation.CALL, params)
    with scene() as on:
        began = datetime.now(UTC)
        on.lost(request)
        (found,) = on.calls.search(attempt("voice", began), request)
        there = on.calls.fetch(attempt("voice", began, found.sid))
        assert there is not None
        assert there["to"] == number("60")


def test_a_verification_whose_answer_was_lost_is_found() -> None:
    request = ProviderRequest(
        Operation.VERIFICATION, {"to": number("60"), "channel": "sms"}, resource=SANDBOX_VERIFY_SERVICE_SID
    )
    with scene() as on:
        began = datetime.now(UTC)
        on.lost(request)
        (found,) = on.calls.search(attempt("verify", began), request)
        assert (found.sid[:2], found.answer["status"]) == ("VE", "pending")
        there = on.calls.fetch(attempt("verify", began, found.sid))
        assert there is not None
        assert (there["sid"], there["status"]) == (found.sid, "pending")


def test_an_execution_whose_answer_was_lost_is_found_by_its_intent() -> None:
    def request(intent: str) -> ProviderRequest:
        params = {"to": number("60"), "from_": SANDBOX_FROM_NUMBER, "parameters": {"intent_id": intent}}
        return ProviderRequest(Operation.EXECUTION, params, resource=SANDBOX_FLOW_SID)

    with scene() as on:
        began = datetime.now(UTC)
        on.lost(request("mine"))
        (found,) = on.calls.search(attempt("studio:welcome", began), request("mine"))
        assert on.calls.search(attempt("studio:welcome", began), request("another")) == []
        there = on.calls.fetch(attempt("studio:welcome", began, found.sid))
        assert there is not None
        assert there["sid"] == found.sid


def test_a_wrong_code_is_pending_and_a_cancelled_verification_takes_none() -> None:
    service = SANDBOX_VERIFY_SERVICE_SID
    request = ProviderRequest(Operation.VERIFICATION, {"to": number("00"), "channel": "sms"}, resource=service)
    with scene() as on:
        sid = on.calls.send(request)["sid"]
        assert on.calls.check_verification(service, sid=sid, code="0000")["status"] == "pending"
        assert on.calls.cancel_verification(service, sid)["status"] == "canceled"
        with pytest.raises(ProviderRefused) as caught:
            on.calls.check_verification(service, sid=sid, code="0000")
        assert caught.value.status == 404


def test_an_authenticator_app_is_enrolled_and_asked() -> None:
    service = SANDBOX_VERIFY_SERVICE_SID
    with scene() as on:
        factor = on.calls.create_factor(service, IDENTITY, "ann")
        code = pyotp.parse_uri(factor.uri)
        assert isinstance(code, pyotp.TOTP)
        assert on.calls.verify_factor(service, IDENTITY, factor.sid, code.now())["status"] == "verified"
        assert on.calls.challenge(service, IDENTITY, factor.sid, code.now())["status"] == "approved"


@pytest.mark.parametrize(
    ("digits", "line_type"),
    [("00", LineType.MOBILE), ("10", LineType.LANDLINE), ("20", LineType.NON_FIXED_VOIP), ("29", LineType.UNKNOWN)],
)
def test_a_line_type_is_looked_up(digits: str, line_type: LineType) -> None:
    with scene() as on:
        assert TwilioLookup(on.calls.lookup_fetch).fetch(number(digits), LINE).line_type is line_type


def test_lookups_that_go_wrong_end_as_they_should() -> None:
    with scene() as on:
        patient = LookupLimits(timeout_ms=5000, backoff_ms=1, jitter_ms=1, budget_ms=20_000)
        lookup = TwilioLookup(on.calls.lookup_fetch, patient)
        assert lookup.fetch(number("30"), LINE).validation_errors == ("TOO_SHORT",)
        assert lookup.fetch(number("31"), LINE, "US").validation_errors == ("NOT_FOUND",)
        assert lookup.fetch(number("35"), LINE).errors == {LINE[0]: 60600}
        assert lookup.fetch(number("36"), LINE).line_type is LineType.UNKNOWN
        for digits, cause, limits in (
            ("32", "throttled", patient),
            ("33", "http_500", patient),
            ("34", "no_answer", replace(patient, timeout_ms=200)),
        ):
            with pytest.raises(LookupUnavailable) as caught:
                TwilioLookup(on.calls.lookup_fetch, limits).fetch(number(digits), LINE)
            assert caught.value.cause == cause


def test_credentials_that_are_refused_are_told() -> None:
    alerts: list[int] = []
    with scene(password="wrong") as on:
        with pytest.raises(LookupUnavailable, match="account"):
            TwilioLookup(on.calls.lookup_fetch, on_alert=alerts.append).fetch(number("00"), LINE)
        assert alerts == [20003]
        with pytest.raises(ProviderRefused) as caught:
            on.calls.send(message("00"))
        assert (caught.value.status, caught.value.code) == (401, 20003)


def test_the_doctor_can_read_the_account() -> None:
    with scene() as on:
        assert on.calls.account()["sid"] == SANDBOX_ACCOUNT_SID
        assert SANDBOX_FROM_NUMBER in [one["phone_number"] for one in on.calls.incoming_numbers()]
        assert on.calls.messaging_service(SANDBOX_MESSAGING_SERVICE_SID)["sid"] == SANDBOX_MESSAGING_SERVICE_SID
        assert on.calls.verify_service(SANDBOX_VERIFY_SERVICE_SID)["sid"] == SANDBOX_VERIFY_SERVICE_SID
        assert on.calls.flow(SANDBOX_FLOW_SID)["definition"]


def test_mail_is_accepted() -> None:
    document = {
        "personalizations": [{"to": [{"email": "ann@example.com"}]}],
        "from": {"email": "no-reply@gw.example.com"},
        "subject": "Hi",
        "content": [{"type": "text/plain", "value": "Hi"}],
    }
    with scene() as on:
        mail = SendGridMail(SANDBOX_SENDGRID_API_KEY, base_url=on.sandbox.url)
        assert mail.send(document)["sid"]
        with pytest.raises(ProviderRefused) as caught:
            SendGridMail("SG.wrong", base_url=on.sandbox.url).send(document)
        assert caught.value.status in (401, 403)
