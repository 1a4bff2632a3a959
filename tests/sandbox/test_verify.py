"""Verify: one code for as long as it lives, five sends, five checks, and what the attempts show."""

from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from gateway.sandbox import (
    SANDBOX_ACCOUNT_SID,
    SANDBOX_AUTH_TOKEN,
    SANDBOX_VERIFY_SERVICE_SID,
    RunningSandbox,
    SandboxOptions,
    start_in_thread,
)

TO = "+14155550100"


def start(client: Client, to: str = TO, channel: str = "sms", **more: Any) -> Any:
    return client.verify.v2.services(SANDBOX_VERIFY_SERVICE_SID).verifications.create(to=to, channel=channel, **more)


def check(client: Client, code: str, **by: str) -> Any:
    by = by or {"to": TO}
    return client.verify.v2.services(SANDBOX_VERIFY_SERVICE_SID).verification_checks.create(code=code, **by)


def code_for(control: Any, eventually: Any, to: str = TO) -> str:
    """The code that a person would have read."""
    found = eventually(lambda: control.get("outbox", to=to)["outbox"])
    return str(found[-1]["code"])


def wrong(code: str) -> str:
    return "000000" if code != "000000" else "111111"


def test_the_right_code_is_approved_once(client: Client, control: Any, eventually: Any) -> None:
    started = start(client)
    assert (started.status, started.valid, started.channel) == ("pending", False, "sms")
    code = code_for(control, eventually)
    assert len(code) == 6
    approved = check(client, code)
    assert (approved.status, approved.valid, approved.sid) == ("approved", True, started.sid)
    for gone in (lambda: check(client, code), started.fetch):
        with pytest.raises(TwilioRestException) as refused:
            gone()
        assert (refused.value.status, refused.value.code) == (404, 20404)


def test_a_wrong_code_is_no_error(client: Client, control: Any, eventually: Any) -> None:
    start(client)
    code = code_for(control, eventually)
    answer = check(client, wrong(code))
    assert (answer.status, answer.valid) == ("pending", False)
    assert check(client, code).status == "approved"


def test_the_sixth_check_is_60202_even_with_the_right_code(client: Client, control: Any, eventually: Any) -> None:
    started = start(client)
    code = code_for(control, eventually)
    assert [check(client, wrong(code)).status for _ in range(5)] == ["pending"] * 5
    with pytest.raises(TwilioRestException) as refused:
        check(client, code)
    assert (refused.value.status, refused.value.code) == (429, 60202)
    assert started.fetch().status == "max_attempts_reached"


def test_a_repeated_start_keeps_sid_and_code_across_channels(client: Client, control: Any, eventually: Any) -> None:
    first = start(client)
    code = code_for(control, eventually)
    second = start(client, channel="call")
    assert second.sid == first.sid
    assert [one["channel"] for one in second.send_code_attempts] == ["SMS", "CALL"]
    eventually(lambda: len(control.get("outbox", to=TO)["outbox"]) == 2)
    assert code_for(control, eventually) == code


def test_the_sixth_send_is_60203_with_retry_after(client: Client, sandbox: RunningSandbox) -> None:
    for _ in range(5):
        start(client)
    with pytest.raises(TwilioRestException) as refused:
        start(client)
    assert (refused.value.status, refused.value.code) == (429, 60203)
    answer = requests.post(
        f"{sandbox.url}/v2/Services/{SANDBOX_VERIFY_SERVICE_SID}/Verifications",
        data={"To": TO, "Channel": "sms"},
        auth=(SANDBOX_ACCOUNT_SID, SANDBOX_AUTH_TOKEN),
        timeout=5,
    )
    assert 0 < int(answer.headers["Retry-After"]) <= 600


def test_a_code_dies_with_its_time(aim: Any, control_of: Any, eventually: Any) -> None:
    with start_in_thread(SandboxOptions(port=0, step_ms=5, code_life_seconds=0.2)) as running:
        client, control = aim(running.url), control_of(running.url)
        first = start(client)
        code = code_for(control, eventually)
        eventually(lambda: client.verify.v2.verification_attempts.list()[0].channel_data["status"] == "expired")
        with pytest.raises(TwilioRestException) as refused:
            check(client, code)
        assert refused.value.code == 20404
        assert start(client).sid != first.sid


def test_a_check_may_name_the_verification(client: Client, control: Any, eventually: Any) -> None:
    started = start(client)
    assert check(client, code_for(control, eventually), verification_sid=started.sid).status == "approved"


def test_an_address_that_was_never_started_is_404(client: Client) -> None:
    with pytest.raises(TwilioRestException) as refused:
        check(client, "123456")
    assert refused.value.code == 20404


def test_a_verification_can_be_canceled_or_approved_by_hand(client: Client) -> None:
    started = start(client)
    assert started.update(status="canceled").status == "canceled"
    assert started.fetch().status == "canceled"
    again = start(client)
    assert again.sid != started.sid
    assert again.update(status="approved").status == "approved"


@pytest.mark.parametrize("channel", ["sms", "call", "whatsapp"])
def test_every_channel_reaches_the_person(client: Client, control: Any, eventually: Any, channel: str) -> None:
    start(client, channel=channel)
    [item] = eventually(lambda: control.get("outbox", to=TO)["outbox"])
    assert item["channel"] == channel
    assert item["code"] in item["text"]


def test_email_goes_to_an_address(client: Client, control: Any, eventually: Any) -> None:
    start(client, "ann@example.com", "email")
    code = code_for(control, eventually, "ann@example.com")
    assert check(client, code, to="ann@example.com").status == "approved"


WRONG = {
    "whatsapp prefix": ({"to": f"whatsapp:{TO}", "channel": "whatsapp"}, 60200),
    "national": ({"to": "4155550100"}, 60200),
    "no address": ({"to": "ann", "channel": "email"}, 60200),
    "unknown channel": ({"channel": "pigeon"}, 60200),
    "tags no object": ({"tags": "x"}, 60200),
    "fraud guard": ({"to": "+14155550170"}, 60410),
    "landline": ({"to": "+14155550171"}, 60205),
    "sends": ({"to": "+14155550172"}, 60203),
    "parameter": ({"to": "+14155550173"}, 60200),
    "landline by sms": ({"to": "+14155550174"}, 60205),
}


@pytest.mark.parametrize(("more", "code"), WRONG.values(), ids=WRONG)
def test_starting_is_as_strict_as_twilio(client: Client, more: dict[str, str], code: int) -> None:
    with pytest.raises(TwilioRestException) as refused:
        start(client, **more)
    assert refused.value.code == code


def test_an_unknown_parameter_is_60200(sandbox: RunningSandbox) -> None:
    answer = requests.post(
        f"{sandbox.url}/v2/Services/{SANDBOX_VERIFY_SERVICE_SID}/VerificationCheck",
        data={"To": TO, "Code": "123456", "Colour": "red"},
        auth=(SANDBOX_ACCOUNT_SID, SANDBOX_AUTH_TOKEN),
        timeout=5,
    )
    assert (answer.status_code, answer.json()["code"]) == (400, 60200)


@pytest.mark.parametrize("code", ["1", "12345678901", "12 456"])
def test_a_misshapen_code_is_60200(client: Client, code: str) -> None:
    start(client)
    with pytest.raises(TwilioRestException) as refused:
        check(client, code)
    assert refused.value.code == 60200


def test_an_unknown_service_is_404(client: Client) -> None:
    with pytest.raises(TwilioRestException) as refused:
        client.verify.v2.services("VA" + "9" * 32).verifications.create(to=TO, channel="sms")
    assert refused.value.code == 20404


def test_a_landline_gets_its_code_by_call(client: Client, control: Any, eventually: Any) -> None:
    start(client, "+14155550174", "call")
    code = code_for(control, eventually, "+14155550174")
    assert check(client, code, to="+14155550174").status == "approved"


def test_a_lost_code_shows_in_the_attempts(client: Client, eventually: Any) -> None:
    started = start(client, "+14155550175")

    def lost() -> Any:
        found = client.verify.v2.verification_attempts.list(verification_sid=started.sid)
        return found[0] if found[0].channel_data["message_status"] == "undelivered" else None

    attempt = eventually(lost)
    assert attempt.channel_data["error_code"] == "30008"
    assert client.verify.v2.verification_attempts(attempt.sid).fetch().conversion_status == "unconverted"


def test_attempts_filter_and_show_conversion(client: Client, control: Any, eventually: Any) -> None:
    start(client)
    check(client, code_for(control, eventually))
    start(client, "+14155550101", "call")
    attempts = client.verify.v2.verification_attempts
    assert [one.channel for one in attempts.list()] == ["call", "sms"]
    [mine] = attempts.list(channel_data_to=TO)
    assert (mine.conversion_status, mine.channel_data["status"]) == ("converted", "confirmed")
    assert [one.channel for one in attempts.list(status="unconverted")] == ["call"]
    assert attempts.list(verify_service_sid="VA" + "9" * 32) == []
