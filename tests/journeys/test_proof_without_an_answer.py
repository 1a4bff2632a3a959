"""A code was checked and the answer was lost, or nobody entered one, or Verify itself tells how it went."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.act import proving, settling
from gateway.model import Progress
from tests.journeys.codes import (
    CONFIG,
    an_application,
    await_status,
    checks,
    code_sent,
    enter,
    listen_to_events,
    other_than,
    post,
    problem,
    start,
    starts,
)
from tests.stack import Stack, running, until

QUICK = """
[twilio]
timeout_ms = 3000
[purposes.persistent]
mobile = ["verify", "verify:call"]
then = ["sms"]
"""
LOST_AFTER = {"kind": "5xx_after", "product": "verify", "operation": "check", "count": 1}
LOST_BEFORE = {"kind": "5xx_before", "product": "verify", "operation": "check", "count": 1}
CANNOT_BE_READ = {"kind": "5xx_before", "product": "verify", "operation": "fetch", "count": 1}
TEXT = "Your order has shipped."


@pytest.fixture(scope="module")
def stack(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    home: Path = tmp_path_factory.mktemp("stack")
    with running(redis_url, home, CONFIG + QUICK) as found:
        yield found


@pytest.fixture(autouse=True)
def no_faults(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(proving, "PATIENCE", timedelta(seconds=20))  # longer than a check is left alone with it
    yield
    stack.no_faults()


def test_an_approval_whose_answer_was_lost_is_read_from_the_attempts(stack: Stack) -> None:
    intent_id = start(stack, "+12125550100")
    code = code_sent(stack, "+12125550100")
    stack.faults(LOST_AFTER)
    assert enter(stack, intent_id, code).json()["status"] == "verified"


def test_a_lost_approval_that_cannot_be_read_at_once_is_settled_by_the_worker(stack: Stack) -> None:
    intent_id = start(stack, "+12125550101")
    code = code_sent(stack, "+12125550101")
    stack.faults(LOST_AFTER, CANNOT_BE_READ)
    lost = enter(stack, intent_id, code)
    assert problem(lost) == (503, "verify_unavailable")
    assert lost.headers["Retry-After"] == "2"
    assert stack.until(intent_id, "verified")["final"]


def test_whoever_lost_an_answer_may_enter_the_code_again(stack: Stack) -> None:
    intent_id = start(stack, "+12125550102")
    code = code_sent(stack, "+12125550102")
    stack.faults(LOST_AFTER, CANNOT_BE_READ)
    assert enter(stack, intent_id, code).status_code == 503
    assert enter(stack, intent_id, code).json()["status"] == "verified"


def test_a_check_that_never_came_through_settles_as_not_approved(stack: Stack) -> None:
    intent_id = start(stack, "+12125550103")
    code = code_sent(stack, "+12125550103")
    stack.faults(LOST_BEFORE)
    assert problem(enter(stack, intent_id, code)) == (503, "verify_unavailable")
    settled = until(
        lambda: stack.intent(intent_id), lambda i: "check_settled" in [entry["event"] for entry in i["timeline"]]
    )
    assert settled["status"] == "awaiting_verification"
    assert enter(stack, intent_id, code).json()["status"] == "verified"


def test_a_lost_check_of_one_intent_does_not_take_the_approval_of_another(stack: Stack) -> None:
    """The attacker's wrong code has no answer; the victim's right one must count for the victim alone."""
    stranger = an_application(stack, "attacker")
    theirs = start(stack, "+12125550104", key=stranger)
    ours = start(stack, "+12125550104")
    code = code_sent(stack, "+12125550104")
    stack.faults(LOST_BEFORE, CANNOT_BE_READ)
    assert problem(enter(stack, theirs, other_than(code), stranger)) == (503, "verify_unavailable")
    assert enter(stack, ours, code).json()["status"] == "verified"
    ended = await_status(stack, theirs, "expired", "verified")
    assert (ended.status.value, ended.failure.code) == ("expired", "code_used_elsewhere")


def test_while_a_check_has_no_outcome_nobody_else_may_check(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving, "PATIENCE", timedelta(milliseconds=100))
    first, second = start(stack, "+12125550105"), start(stack, "+12125550105")
    code = code_sent(stack, "+12125550105")
    stack.faults(LOST_AFTER, CANNOT_BE_READ)
    assert enter(stack, first, code).status_code == 503
    asked = checks(stack)
    assert problem(enter(stack, second, code)) == (503, "verify_unavailable")
    assert checks(stack) == asked
    assert stack.until(first, "verified")
    assert await_status(stack, second, "expired").failure.code == "code_used_elsewhere"


def test_an_approval_nobody_here_asked_for_is_nobodys(stack: Stack) -> None:
    """The verification was approved without us: its 404 is no success."""
    intent_id = start(stack, "+12125550106")
    code = code_sent(stack, "+12125550106")
    attempt = stack.intent(intent_id)["attempts"][0]
    service = stack.gateway.settings.sender().verify_service_sid
    stack.gateway.calls.check_verification(service, code=code, sid=attempt["provider_sid"])
    assert problem(enter(stack, intent_id, code)) == (410, "verification_expired")
    ended = stack.intent(intent_id)
    assert (ended["status"], ended["failure"]["code"]) == ("expired", "code_used_elsewhere")


def test_a_verification_that_is_gone_has_expired(stack: Stack) -> None:
    intent_id = start(stack, "+12125550107")
    attempt = stack.intent(intent_id)["attempts"][0]
    service = stack.gateway.settings.sender().verify_service_sid
    stack.gateway.calls.cancel_verification(service, attempt["provider_sid"])
    assert problem(enter(stack, intent_id, code_sent(stack, "+12125550107"))) == (410, "verification_expired")
    assert stack.intent(intent_id)["status"] == "expired"


def test_a_throttled_check_is_none_and_does_not_count(stack: Stack) -> None:
    intent_id = start(stack, "+12125550108")
    code = code_sent(stack, "+12125550108")
    stack.faults({"kind": "429", "product": "verify", "operation": "check", "count": 1})
    assert problem(enter(stack, intent_id, code)) == (503, "verify_unavailable")
    progress = stack.gateway.intents.load(intent_id)
    assert progress is not None
    assert progress.verification is not None
    assert (progress.verification.checks, progress.verification.checking_since) == (0, None)
    assert enter(stack, intent_id, code).json()["status"] == "verified"


def test_of_many_right_codes_at_once_one_is_approved(stack: Stack) -> None:
    ids = [start(stack, "+12125550109") for _ in range(3)]
    code = code_sent(stack, "+12125550109")
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda each: enter(stack, each, code).status_code, ids * 2))
    assert answers.count(200) == 1
    assert set(answers) <= {200, 409, 410}
    states = sorted(stack.intent(each)["status"] for each in ids)
    assert states == ["expired", "expired", "verified"]
    assert starts(stack, "+12125550109") == 1


def test_a_code_that_nobody_enters_expires_with_the_intent(stack: Stack) -> None:
    intent_id = start(stack, "+12145550100", ttl_seconds=6)
    ended = stack.until(intent_id, "expired")
    assert (ended["final"], ended["failure"]["code"]) == (True, "expired")
    assert [attempt["status"] for attempt in ended["attempts"]] == ["failed"]
    assert problem(enter(stack, intent_id, "123456")) == (410, "verification_expired")


@dataclass(frozen=True)
class Later:
    """A clock that is ahead."""

    by: timedelta
    clock: object

    def now(self) -> datetime:
        moment: datetime = self.clock.now() + self.by  # type: ignore[attr-defined]
        return moment


@pytest.mark.parametrize(
    ("purpose", "more", "status"),
    [("mfa", {}, "expired"), ("persistent", {"body": TEXT}, "queued")],
    ids=["the_only_proof", "another_is_left"],
)
def test_when_the_codes_life_is_over_the_next_proof_is_asked_for(
    stack: Stack, purpose: str, more: dict[str, str], status: str
) -> None:
    intent_id = start(stack, "+12145550101", purpose, **more)
    acting, progress = stack.gateway.house.acting, stack.gateway.intents.load(intent_id)
    assert progress is not None
    assert _status(settling.look_at_proof(acting, progress)) == "awaiting_verification"
    ahead = replace(acting, clock=Later(timedelta(minutes=10), acting.clock))
    assert _status(settling.look_at_proof(ahead, progress)) == status
    if status == "queued":
        until(lambda: stack.intent(intent_id), lambda i: i.get("verification", {}).get("step") == "verify:call")


def _status(progress: Progress | None) -> str:
    assert progress is not None
    return progress.status.value


class TestEvents:
    """Event Streams are on."""

    @pytest.fixture(autouse=True)
    def streams(self, stack: Stack) -> None:
        listen_to_events(stack)

    def test_a_canceled_verification_moves_all_that_wait(self, stack: Stack) -> None:
        alone = start(stack, "+13035550100")
        with_next = start(stack, "+13035550100", "persistent", body=TEXT)
        sids = {stack.intent(each)["attempts"][0]["provider_sid"] for each in (alone, with_next)}
        assert len(sids) == 1
        stack.gateway.calls.cancel_verification(stack.gateway.settings.sender().verify_service_sid, sids.pop())
        assert stack.until(alone, "failed")["failure"]["code"] == "verification_canceled"
        until(lambda: stack.intent(with_next), lambda i: i.get("verification", {}).get("step") == "verify:call")
        assert stack.intent(with_next)["attempts"][0]["status"] == "failed"

    def test_too_many_wrong_codes_end_all_that_wait(self, stack: Stack) -> None:
        first, second = start(stack, "+13035550101"), start(stack, "+13035550101")
        code = code_sent(stack, "+13035550101")
        for nth in range(1, 6):
            assert problem(enter(stack, first, other_than(code, nth))) == (422, "wrong_code")
        for each in (first, second):
            assert stack.until(each, "failed")["failure"]["code"] == "too_many_attempts"
            assert problem(enter(stack, each, code)) == (429, "too_many_attempts")

    def test_an_approval_that_is_reported_settles_only_whose_check_has_no_answer(self, stack: Stack) -> None:
        first, second = start(stack, "+13035550102"), start(stack, "+13035550102")
        code = code_sent(stack, "+13035550102")
        stack.faults(LOST_AFTER, CANNOT_BE_READ)
        enter(stack, first, code)
        assert stack.until(first, "verified")
        assert await_status(stack, second, "expired").failure.code == "code_used_elsewhere"

    def test_an_approval_that_is_reported_proves_nobody_by_itself(self, stack: Stack) -> None:
        intent_id = start(stack, "+13035550103")
        attempt = stack.intent(intent_id)["attempts"][0]
        code, service = code_sent(stack, "+13035550103"), stack.gateway.settings.sender().verify_service_sid
        stack.gateway.calls.check_verification(service, code=code, sid=attempt["provider_sid"])
        ended = stack.until(intent_id, "expired", "verified")
        assert (ended["status"], ended["failure"]["code"]) == ("expired", "code_used_elsewhere")

    def test_a_code_that_did_not_arrive_is_sent_again(self, stack: Stack) -> None:
        intent_id = post(stack, "/send", {"to": "+13035550175", "purpose": "mfa"}).json()["id"]
        lost = until(lambda: stack.intent(intent_id), lambda i: any(a["error_code"] == 30008 for a in i["attempts"]))
        assert lost["status"] == "queued"
        assert lost["attempts"][0]["status"] == "failed"
