"""Verify's other side: codes are checked, not judged by errors; factors show their secret once."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import ProviderRefused
from tests.adapters.loopback import Reply
from tests.adapters.twilio_answers import TO, VERIFY, a_code, by_path, calls_to, listed, refused, sid

IDENTITY = "6f1c2f0e-3b6a-4e6e-9a51-2b7f00000000"
ENTITY = f"/v2/Services/{VERIFY}/Entities/{IDENTITY}"


@pytest.mark.parametrize(
    ("subject", "form"),
    [({"to": TO}, {"To": [TO]}), ({"sid": sid("VE")}, {"VerificationSid": [sid("VE")]})],
)
def test_a_code_is_checked_by_address_or_by_sid(subject: dict[str, Any], form: dict[str, list[str]]) -> None:
    with calls_to(lambda asked: Reply(201, {"sid": sid("VE"), "status": "approved", "valid": True})) as (calls, server):
        assert calls.check_verification(VERIFY, code="123456", **subject)["status"] == "approved"
    assert server.asked[0].path == f"/v2/Services/{VERIFY}/VerificationCheck"
    assert server.asked[0].form == {"Code": ["123456"], **form}


def test_a_wrong_code_is_an_answer() -> None:
    with calls_to(lambda asked: Reply(201, {"sid": sid("VE"), "status": "pending"})) as (calls, _):
        assert calls.check_verification(VERIFY, code="000000", sid=sid("VE"))["status"] == "pending"


@pytest.mark.parametrize(("status", "code"), [(404, 20404), (429, 60202)])
def test_a_verification_that_takes_no_more_codes_is_a_refusal(status: int, code: int) -> None:
    with calls_to(lambda asked: refused(status, code)) as (calls, _), pytest.raises(ProviderRefused) as caught:
        calls.check_verification(VERIFY, code="000000", sid=sid("VE"))
    assert (caught.value.status, caught.value.code) == (status, code)


def test_a_lost_check_is_settled_by_what_became_of_the_codes() -> None:
    converted = [a_code(conversion_status="converted")]
    with calls_to(by_path({"/v2/Attempts": lambda asked: listed(asked, "attempts", converted)})) as (calls, _):
        said = calls.read_verification(VERIFY, sid("VE"))
    assert said is not None
    assert said["status"] == "approved"


def test_a_refusal_that_is_not_a_404_says_nothing_of_a_verification() -> None:
    with calls_to(lambda asked: refused(401, 20003)) as (calls, server):
        with pytest.raises(ProviderRefused):
            calls.read_verification(VERIFY, sid("VE"))
        assert len(server.asked) == 1


def test_a_verification_is_cancelled() -> None:
    with calls_to(lambda asked: Reply(body={"sid": sid("VE"), "status": "canceled"})) as (calls, server):
        assert calls.cancel_verification(VERIFY, sid("VE"))["status"] == "canceled"
    assert server.asked[0].form == {"Status": ["canceled"]}


def test_a_factor_comes_with_its_uri_and_keeps_its_secret_out_of_sight() -> None:
    binding = {"uri": "otpauth://totp/Shop:ann?secret=ABC", "secret": "ABC"}
    with calls_to(lambda asked: Reply(201, {"sid": sid("YF"), "binding": binding})) as (calls, server):
        factor = calls.create_factor(VERIFY, IDENTITY, "ann")
    assert server.asked[0].path == f"{ENTITY}/Factors"
    assert server.asked[0].form == {"FriendlyName": ["ann"], "FactorType": ["totp"]}
    assert (factor.sid, factor.uri, factor.secret) == (sid("YF"), binding["uri"], "ABC")
    assert "ABC" not in repr(factor)


def test_a_factor_is_verified_with_a_code() -> None:
    with calls_to(lambda asked: Reply(body={"sid": sid("YF"), "status": "verified"})) as (calls, server):
        assert calls.verify_factor(VERIFY, IDENTITY, sid("YF"), "123456")["status"] == "verified"
    assert server.asked[0].path == f"{ENTITY}/Factors/{sid('YF')}"
    assert server.asked[0].form == {"AuthPayload": ["123456"]}


def test_each_code_is_one_challenge() -> None:
    with calls_to(lambda asked: Reply(201, {"sid": sid("YC"), "status": "approved"})) as (calls, server):
        assert calls.challenge(VERIFY, IDENTITY, sid("YF"), "123456")["status"] == "approved"
    assert server.asked[0].path == f"{ENTITY}/Challenges"
    assert server.asked[0].form == {"FactorSid": [sid("YF")], "AuthPayload": ["123456"]}


@pytest.mark.parametrize("identity", ["", "short", "a" * 65, "with/slash00", "with space0", "ann@example.com"])
def test_an_identity_that_is_none_does_not_leave(identity: str) -> None:
    tries: list[Any] = []
    with calls_to(lambda asked: Reply()) as (calls, server):
        tries += [lambda: calls.create_factor(VERIFY, identity, "x")]
        tries += [lambda: calls.verify_factor(VERIFY, identity, sid("YF"), "1")]
        tries += [lambda: calls.challenge(VERIFY, identity, sid("YF"), "1")]
        for one in tries:
            with pytest.raises(ValueError, match="identity"):
                one()
        assert server.asked == []
