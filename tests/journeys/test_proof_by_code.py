"""A person proves to have a number by the code that Verify sends there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.codes import (
    ADDRESS,
    CONFIG,
    an_application,
    await_status,
    checks,
    code_sent,
    enter,
    other_than,
    outbox,
    post,
    problem,
    start,
    starts,
)
from tests.stack import KEY, Stack, running, until

CALLED_NEXT = """
[purposes.persistent]
mobile = ["verify", "verify:call"]
nonFixedVoip = ["verify", "verify:whatsapp"]
then = ["sms"]
"""


@pytest.fixture(scope="module")
def stack(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    home: Path = tmp_path_factory.mktemp("stack")
    with running(redis_url, home, CONFIG + CALLED_NEXT) as found:
        yield found


def test_a_mobile_proves_itself_by_text(stack: Stack) -> None:
    intent_id = start(stack, "+12125550100")
    waiting = stack.intent(intent_id)
    assert (waiting["proof"], waiting["route"], waiting["verification"]["step"]) == (["verify"], [], "verify")
    answer = enter(stack, intent_id, code_sent(stack, "+12125550100"))
    assert answer.status_code == 200, answer.text
    done = answer.json()
    assert (done["id"], done["status"], done["final"]) == (intent_id, "verified", True)
    assert [attempt["status"] for attempt in done["attempts"]] == ["delivered"]
    assert "verification" not in done
    assert done == stack.intent(intent_id)


def test_a_landline_proves_itself_by_call(stack: Stack) -> None:
    intent_id = start(stack, "+12125550110")
    code = code_sent(stack, "+12125550110")
    assert [item["channel"] for item in outbox(stack, "+12125550110")] == ["call"]
    assert enter(stack, intent_id, code).json()["status"] == "verified"


def test_an_online_number_proves_the_person_by_mail(stack: Stack) -> None:
    intent_id = start(stack, "+12125550120", email=ADDRESS)
    assert enter(stack, intent_id, code_sent(stack, ADDRESS)).json()["status"] == "verified"
    progress = stack.gateway.intents.load(intent_id)
    assert progress is not None
    assert stack.gateway.proofs.proved_at(progress.intent.app, "+12125550120") is None


def test_an_online_number_without_factor_or_address_is_refused(stack: Stack) -> None:
    assert problem(post(stack, "/send", {"to": "+13125550120", "purpose": "mfa"})) == (422, "no_route")


def test_the_text_goes_out_once_the_number_is_proved_and_the_next_one_at_once(stack: Stack) -> None:
    accepted = stack.send("+13035550120")
    assert (accepted["proof"], accepted["route"]) == (["verify"], ["sms", "voice"])
    await_status(stack, accepted["id"], "awaiting_verification")
    assert stack.received(product="messages", operation="create", to="+13035550120") == []
    assert enter(stack, accepted["id"], code_sent(stack, "+13035550120")).status_code == 200
    stack.until(accepted["id"], "delivered")
    again = stack.send("+13035550120", "Your second order has shipped.")
    assert (again["proof"], again["route"]) == ([], ["sms", "voice"])


def test_a_stored_proof_is_nothing_to_mfa_nor_to_another_application(stack: Stack) -> None:
    first = start(stack, "+13055550120", purpose="notification", body="Your order has shipped.")
    enter(stack, first, code_sent(stack, "+13055550120"))
    assert problem(post(stack, "/send", {"to": "+13055550120", "purpose": "mfa"})) == (422, "no_route")
    other = an_application(stack, "other")
    accepted = post(stack, "/send", {"to": "+13055550120", "body": "Your order has shipped."}, other)
    assert accepted.json()["proof"] == ["verify"]


def test_wrong_codes_are_refused_until_there_were_too_many(stack: Stack) -> None:
    intent_id = start(stack, "+16175550100")
    right = code_sent(stack, "+16175550100")
    for nth in range(1, 6):
        assert problem(enter(stack, intent_id, other_than(right, nth))) == (422, "wrong_code")
    asked = checks(stack)
    assert problem(enter(stack, intent_id, right)) == (429, "too_many_attempts")
    assert problem(enter(stack, intent_id, right)) == (429, "too_many_attempts")
    assert checks(stack) == asked
    failed = stack.intent(intent_id)
    assert (failed["status"], failed["failure"]["code"]) == ("failed", "too_many_attempts")


def test_a_right_code_after_a_wrong_one_is_right(stack: Stack) -> None:
    intent_id = start(stack, "+12065550100")
    right = code_sent(stack, "+12065550100")
    assert problem(enter(stack, intent_id, other_than(right))) == (422, "wrong_code")
    waiting = stack.intent(intent_id)
    assert waiting["status"] == "awaiting_verification"
    assert "wrong_code" in [entry["event"] for entry in waiting["timeline"]]
    assert enter(stack, intent_id, right).json()["status"] == "verified"


def test_a_code_is_good_once(stack: Stack) -> None:
    intent_id = start(stack, "+12025550100")
    right = code_sent(stack, "+12025550100")
    assert enter(stack, intent_id, right).status_code == 200
    assert problem(enter(stack, intent_id, right)) == (409, "not_awaiting_verification")


def test_no_code_is_taken_for_what_waits_for_none_or_is_not_ones_own(stack: Stack) -> None:
    delivered = stack.send("+14045550100")
    assert problem(enter(stack, delivered["id"], "123456")) == (409, "not_awaiting_verification")
    stranger = an_application(stack, "stranger")
    assert problem(enter(stack, delivered["id"], "123456", stranger)) == (404, "not_found")
    lookups_only = an_application(stack, "default", "lookup")
    assert problem(enter(stack, delivered["id"], "123456", lookups_only)) == (403, "forbidden")


def test_a_key_that_may_only_verify_may_enter_codes(stack: Stack) -> None:
    intent_id = start(stack, "+14065550100")
    verifier = an_application(stack, "default", "verify")
    assert enter(stack, intent_id, code_sent(stack, "+14065550100"), verifier).status_code == 200


@pytest.mark.parametrize(
    "body",
    [{}, {"code": 123456}, {"code": "123"}, {"code": "12345678901"}, {"code": "12a456"}, {"code": "١٢٣٤٥٦"},
     {"code": "123456\n"}, {"code": "123456", "to": "+14155550100"}],
    ids=["missing", "a_number", "short", "long", "a_letter", "other_digits", "a_line_break", "unknown_field"],
)  # fmt: skip
def test_what_is_no_code_is_refused_and_not_repeated(stack: Stack, body: dict[str, object]) -> None:
    intent = stack.send("+14045550101")
    answer = post(stack, f"/intents/{intent['id']}/verification", body)
    assert problem(answer) == (400, "invalid_request")
    told = {name: value for name, value in answer.json().items() if name not in ("request_id", "instance")}
    assert str(body.get("code", "nothing given")).strip() not in json.dumps(told, ensure_ascii=False)


def test_a_canceled_intent_takes_no_code(stack: Stack) -> None:
    intent_id = start(stack, "+15035550100")
    assert post(stack, f"/intents/{intent_id}/cancel", None).json()["status"] == "canceled"
    assert problem(enter(stack, intent_id, code_sent(stack, "+15035550100"))) == (409, "not_awaiting_verification")
    assert stack.intent(intent_id)["status"] == "canceled"


def test_a_second_start_within_moments_shares_the_code_and_costs_nothing(stack: Stack) -> None:
    first = start(stack, "+15055550100")
    second = start(stack, "+15055550100")
    assert starts(stack, "+15055550100") == 1
    sids = [stack.intent(each)["attempts"][0]["provider_sid"] for each in (first, second)]
    assert sids[0] == sids[1]


@pytest.mark.parametrize("attacker", ["another_application", "the_same"])
@pytest.mark.parametrize("first", ["victim", "attacker"])
def test_who_starts_a_proof_of_somebodys_number_is_not_proved_by_their_code(
    stack: Stack, attacker: str, first: str
) -> None:
    number = f"+160255501{('victim', 'attacker').index(first)}{len(attacker) % 2}"
    keys = {"victim": KEY, "attacker": an_application(stack, "attacker") if attacker == "another_application" else KEY}
    second = "attacker" if first == "victim" else "victim"
    ids = {who: start(stack, number, key=keys[who]) for who in (first, second)}
    right = code_sent(stack, number)
    assert enter(stack, ids["victim"], right, keys["victim"]).json()["status"] == "verified"
    ended = await_status(stack, ids["attacker"], "expired", "verified")
    assert (ended.status.value, ended.failure.code, ended.proved) == ("expired", "code_used_elsewhere", False)
    assert problem(enter(stack, ids["attacker"], right, keys["attacker"])) == (410, "verification_expired")


def test_after_an_approval_the_next_start_sends_a_new_code(stack: Stack) -> None:
    first = start(stack, "+18015550100")
    old = code_sent(stack, "+18015550100")
    enter(stack, first, old)
    second = start(stack, "+18015550100")
    new = code_sent(stack, "+18015550100", times=2)
    assert starts(stack, "+18015550100") == 2
    if new != old:
        assert problem(enter(stack, second, old)) == (422, "wrong_code")
    assert enter(stack, second, new).json()["status"] == "verified"


@pytest.mark.parametrize(
    ("number", "purpose", "attempts", "ends"),
    [
        ("+19155550171", "persistent", [("verify", "wrong_channel"), ("verify:call", None)], "awaiting_verification"),
        ("+19155550170", "persistent", [("verify", "fraud")], "failed"),
        ("+19155550172", "persistent", [("verify", "defer")], "queued"),
        ("+19155550173", "persistent", [("verify", "bug")], "failed"),
        ("+19155550171", "mfa", [("verify", "wrong_channel")], "failed"),
    ],
    ids=["60205_the_next_step", "60410_ends", "60203_waits", "60200_is_ours", "60205_and_no_next"],
)
def test_verifys_refusals_lead_where_their_class_says(
    stack: Stack, number: str, purpose: str, attempts: list[tuple[str, str | None]], ends: str
) -> None:
    more = {"body": "Your order has shipped."} if purpose != "mfa" else {}
    stack.gateway.client.delete(*stack.gateway.client.keys("gw:learned:*") or ["none"])
    accepted = post(stack, "/send", {"to": number, "purpose": purpose, **more}).json()
    done = stack.until(accepted["id"], ends) if ends != "queued" else _once_tried(stack, accepted["id"])
    assert done["status"] == ends
    assert [(a["step"], a["error_class"]) for a in done["attempts"]] == attempts


def _once_tried(stack: Stack, intent_id: str) -> dict[str, object]:
    tried: dict[str, object] = until(
        lambda: stack.intent(intent_id), lambda i: bool(i["attempts"]) and i["status"] == "queued"
    )
    return tried
