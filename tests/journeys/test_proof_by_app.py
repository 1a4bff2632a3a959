"""A person proves who they are by an authenticator app, enrolled through the gateway."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from gateway import sandbox
from tests.journeys.codes import (
    ADDRESS,
    CONFIG,
    PERSON,
    an_application,
    await_status,
    code_sent,
    enrolled,
    enter,
    post,
    problem,
    start,
    starts,
    wrong_for,
)
from tests.stack import KEY, Stack, running

VOIP = "+14155550120"


@pytest.fixture(scope="module")
def stack(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    home: Path = tmp_path_factory.mktemp("stack")
    with running(redis_url, home, CONFIG) as found:
        yield found


def test_enrolment_shows_what_an_app_scans_and_the_first_code_ends_it(stack: Stack) -> None:
    made = post(stack, "/totp/factors", {"identity": "person-00000002", "label": "ann@example.com"})
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    factor = made.json()
    assert set(factor) == {"factor_sid", "uri", "qr_svg"}
    assert factor["uri"].startswith("otpauth://totp/")
    assert factor["qr_svg"].startswith("<svg ")
    path, who = f"/totp/factors/{factor['factor_sid']}/verify", {"identity": "person-00000002"}
    app = enrolled(stack, "person-00000003")
    assert problem(post(stack, path, who | {"code": wrong_for(app)})) == (422, "wrong_code")


def test_a_verified_factor_says_so(stack: Stack) -> None:
    app = enrolled(stack, "person-00000004")
    assert len(app.now()) == 6
    assert stack.gateway.proofs.verified_factor("default", "person-00000004") is not None


def test_a_factor_belongs_to_one_application_and_one_person(stack: Stack) -> None:
    made = post(stack, "/totp/factors", {"identity": "person-00000005", "label": "Ann"}).json()
    path = f"/totp/factors/{made['factor_sid']}/verify"
    other = an_application(stack, "other", "verify", "send")
    asked = len(stack.received(product="verify"))
    for body, key in (
        ({"identity": "person-00000005", "code": "123456"}, other),
        ({"identity": "person-00000006", "code": "123456"}, KEY),
    ):
        assert problem(post(stack, path, body, key)) == (404, "not_found")
    strange = post(stack, "/totp/factors/YF..%2F..%2Fx/verify", {"identity": "person-00000005", "code": "123456"})
    assert problem(strange) == (404, "not_found")
    assert len(stack.received(product="verify")) == asked


def test_what_verify_sees_is_not_the_applications_own_id(stack: Stack) -> None:
    enrolled(stack, "person-00000007")
    assert all("person-00000007" not in str(request) for request in stack.received(product="verify"))


@pytest.mark.parametrize(
    "body",
    [{"identity": "short", "label": "Ann"}, {"identity": "no spaces here", "label": "Ann"},
     {"identity": PERSON}, {"identity": PERSON, "label": ""}, {"identity": PERSON, "label": "x" * 65},
     {"identity": PERSON, "label": "a\nb"}],
    ids=["short", "alphabet", "no_label", "empty_label", "long_label", "line_break"],
)  # fmt: skip
def test_an_enrolment_that_verify_would_refuse_is_not_asked_for(stack: Stack, body: dict[str, str]) -> None:
    assert problem(post(stack, "/totp/factors", body)) == (400, "invalid_request")


def test_enrolling_needs_its_scope(stack: Stack) -> None:
    sender = an_application(stack, "default", "send")
    assert problem(post(stack, "/totp/factors", {"identity": PERSON, "label": "Ann"}, sender)) == (403, "forbidden")


def test_an_online_number_is_proved_by_the_app_and_asks_twilio_nothing_before(stack: Stack) -> None:
    app = enrolled(stack)
    before = len(stack.received(product="verify"))
    intent_id = start(stack, VOIP, identity=PERSON)
    assert stack.intent(intent_id)["verification"]["step"] == "totp"
    assert len(stack.received(product="verify")) == before
    assert problem(enter(stack, intent_id, wrong_for(app))) == (422, "wrong_code")
    assert enter(stack, intent_id, app.now()).json()["status"] == "verified"
    challenges = [r for r in stack.received(product="verify") if r["operation"] == "create_challenge"]
    assert len(challenges) == 2
    assert starts(stack, VOIP) == 0


def test_the_app_proves_the_person_for_this_one_text(stack: Stack) -> None:
    app = enrolled(stack, "person-00000008")
    accepted = stack.send("+14155550121", identity="person-00000008")
    assert (accepted["proof"], accepted["route"]) == (["totp", "verify"], ["sms", "voice"])
    await_status(stack, accepted["id"], "awaiting_verification")
    assert enter(stack, accepted["id"], app.now()).status_code == 200
    stack.until(accepted["id"], "delivered")
    again = stack.send("+14155550121", "Your second order has shipped.", identity="person-00000008")
    assert again["proof"] == ["totp", "verify"]


def test_after_too_many_wrong_codes_the_next_proof_is_asked_for(stack: Stack) -> None:
    app = enrolled(stack, "person-00000009")
    intent_id = start(stack, "+12125550120", identity="person-00000009", email=ADDRESS)
    for nth in range(5):
        assert problem(enter(stack, intent_id, wrong_for(app, nth))) == (422, "wrong_code")
    assert problem(enter(stack, intent_id, app.now())) == (429, "too_many_attempts")
    code = code_sent(stack, ADDRESS)
    await_status(stack, intent_id, "awaiting_verification")
    assert stack.intent(intent_id)["verification"]["step"] == "verify:email"
    assert enter(stack, intent_id, code).json()["status"] == "verified"


def test_of_many_right_codes_at_once_one_is_approved(stack: Stack) -> None:
    app = enrolled(stack, "person-00000010")
    intent_id = start(stack, VOIP, identity="person-00000010")
    code = app.now()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: enter(stack, intent_id, code).status_code, range(4)))
    assert sorted(answers) == [200, 409, 409, 409]
    approvals = [entry for entry in stack.intent(intent_id)["timeline"] if entry["event"] == "approved"]
    assert len(approvals) == 1


def test_a_factor_that_twilio_forgot_gives_way_to_the_next_proof(stack: Stack) -> None:
    app = enrolled(stack, "person-00000011")
    intent_id = start(stack, "+12125550121", identity="person-00000011", email="bob@example.com")
    writes = stack.gateway.house.acting.writes
    factor = stack.gateway.proofs.verified_factor("default", "person-00000011")
    _delete_factor(stack, writes.identity_at_provider("default", "person-00000011"), factor or "none")
    assert problem(enter(stack, intent_id, app.now())) == (410, "verification_expired")
    assert enter(stack, _waits_again(stack, intent_id), code_sent(stack, "bob@example.com")).status_code == 200
    assert stack.gateway.proofs.verified_factor("default", "person-00000011") is None


def test_a_lost_answer_is_said_to_be_one(stack: Stack) -> None:
    app = enrolled(stack, "person-00000012")
    intent_id = start(stack, VOIP, identity="person-00000012")
    stack.faults({"kind": "5xx_before", "product": "verify", "operation": "create_challenge", "count": 1})
    lost = enter(stack, intent_id, app.now())
    assert problem(lost) == (503, "verify_unavailable")
    assert lost.headers["Retry-After"] == "2"
    assert enter(stack, intent_id, app.now()).status_code == 200


def test_an_enrolment_without_an_answer_speaks_of_no_code(stack: Stack) -> None:
    stack.faults({"kind": "5xx_before", "product": "verify", "operation": "create_factor", "count": 1})
    lost = post(stack, "/totp/factors", {"identity": "person-00000010", "label": "ann@example.com"})
    assert problem(lost) == (503, "verify_unavailable")
    assert "code" not in lost.json()["detail"]


def test_a_test_keys_factor_does_not_count_for_real(stack: Stack) -> None:
    stack.gateway.proofs.enrol("default~test", "person-00000013", "YF" + "1" * 32, "verified")
    assert problem(post(stack, "/send", {"to": VOIP, "purpose": "mfa", "identity": "person-00000013"})) == (
        422,
        "no_route",
    )


def _waits_again(stack: Stack, intent_id: str) -> str:
    await_status(stack, intent_id, "awaiting_verification")
    return intent_id


def _delete_factor(stack: Stack, identity: str, factor_sid: str) -> None:
    """As its owner does in Twilio's console."""
    path = f"/v2/Services/{sandbox.SANDBOX_VERIFY_SERVICE_SID}/Entities/{identity}/Factors/{factor_sid}"
    owner = (sandbox.SANDBOX_ACCOUNT_SID, sandbox.SANDBOX_AUTH_TOKEN)
    gone = requests.delete(stack.sandbox_url + path, headers={"Host": "verify.twilio.com"}, auth=owner, timeout=10)
    assert gone.status_code == 204, gone.text
