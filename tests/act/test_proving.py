"""Whose an approval is, whatever breaks on the way; and what ends a proof that nobody gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway import pipeline
from gateway.act import moves, proving
from gateway.act.checks import Verdict
from gateway.act.starting import shared_start
from gateway.adapters.store import names
from gateway.adapters.store.connection import Client
from gateway.channels.shape import ProviderRequest
from gateway.errors import ProviderRefused, ProviderSilent
from gateway.ids import ulid
from gateway.inbox import StatusReported, Subject
from gateway.inbox.door import Inbox
from gateway.model import Content, Decision, Intent, LineType, Lookup, LookupSource, Progress, Recipient, Step
from tests.act.world import MOBILE, Provider, Resource, World, world_on

RIGHT, WRONG = "135790", "246802"


class Killed(BaseException):
    """The process dies here."""


@dataclass
class Verifier(Provider):
    """One verification at a time, as Verify has for one address. `fails` is what befalls the answers to checks."""

    approved: bool = False
    unreadable: bool = False
    checked: int = 0
    fails: list[BaseException] = field(default_factory=list)
    canceled: list[str] = field(default_factory=list)
    sid: str = "VE" + "0" * 32

    def make(self, request: ProviderRequest) -> Resource:
        resource = Resource(self.sid, request, "pending")
        self.made.append(resource)
        return resource

    def check_verification(
        self, service_sid: str, *, code: str, to: str = "", sid: str = "", test: bool = False
    ) -> Mapping[str, Any]:
        self.checked += 1
        if self.approved:
            raise ProviderRefused(404, 20404, "gone")
        self.approved = code == RIGHT
        if self.fails:
            raise self.fails.pop(0)
        return {"sid": sid, "status": "approved" if self.approved else "pending"}

    def cancel_verification(self, service_sid: str, sid: str, *, test: bool = False) -> Mapping[str, Any]:
        self.canceled.append(sid)
        return {"sid": sid, "status": "canceled"}

    def read_verification(self, service_sid: str, sid: str, *, test: bool = False) -> Mapping[str, Any] | None:
        if self.unreadable:
            raise ProviderSilent("no answer", sent=True)
        if self.approved:
            return {"sid": sid, "status": "approved", "channel_data": {}}
        return {"sid": sid, "status": "pending"}


@pytest.fixture
def verifier() -> Verifier:
    return Verifier()


@pytest.fixture
def world(client: Client, redis_url: str, tmp_path: Path, verifier: Verifier) -> World:
    made = world_on(client, redis_url, tmp_path)
    writes = replace(made.house.acting.writes, calls=verifier)  # type: ignore[type-var]
    acting = replace(made.house.acting, writes=writes)
    inbox = Inbox(replace(made.gateway.desk, acting=acting))
    return replace(made, provider=verifier, house=replace(made.house, acting=acting), inbox=inbox)


def awaiting(world: World, *proof: str, route: tuple[str, ...] = (), app: str = "shop", **more: Any) -> str:
    intent = Intent(ulid(), app, "mfa", Recipient(MOBILE, "US"), Content(), world.clock.now(), **more)
    lookup = Lookup(MOBILE, LookupSource.CACHE, None, valid=True, country="US", line_type=LineType.MOBILE)
    steps = tuple(Step.parse(step) for step in proof or ("verify",))
    decision = Decision(proof=steps, route=tuple(Step.parse(step) for step in route))
    world.gateway.intents.accept(moves.accepted(intent, decision, lookup, pending=False), None, ring=False)
    assert world.run(intent.id).status == "awaiting_verification"
    return intent.id


def enter(world: World, intent_id: str, code: str) -> Verdict:
    return proving.enter(world.house.acting, world.load(intent_id), code)[0]


def ended(world: World, intent_id: str) -> tuple[str, str | None]:
    progress = world.load(intent_id)
    return progress.status.value, progress.failure.code if progress.failure else None


def told(world: World, verifier: Verifier, status: str, code: int | None = None) -> str:
    return world.inbox.receive(StatusReported(Subject.VERIFICATION, verifier.sid, status, error_code=code)).effect


def test_a_process_that_dies_after_the_check_loses_no_approval(world: World, verifier: Verifier) -> None:
    intent_id = awaiting(world)
    verifier.fails = [Killed()]
    with pytest.raises(Killed):
        enter(world, intent_id, RIGHT)
    assert world.load(intent_id).status == "awaiting_verification"
    world.step(intent_id)
    assert ended(world, intent_id) == ("verified", None)


def test_a_process_that_dies_before_the_check_proves_nobody(world: World, verifier: Verifier) -> None:
    intent_id = awaiting(world)
    verifier.fails = [Killed()]
    with pytest.raises(Killed):
        enter(world, intent_id, WRONG)
    world.step(intent_id)
    waiting = world.load(intent_id).verification
    assert waiting is not None
    assert (waiting.checks, waiting.checking_since) == (1, None)
    assert enter(world, intent_id, RIGHT) is Verdict.APPROVED


def test_an_approval_counts_for_nobody_once_others_could_have_checked(
    world: World, verifier: Verifier, client: Client
) -> None:
    intent_id = awaiting(world)
    verifier.fails = [Killed()]
    with pytest.raises(Killed):
        enter(world, intent_id, RIGHT)
    client.delete(names.checking(verifier.sid))
    world.step(intent_id)
    assert ended(world, intent_id) == ("expired", "code_used_elsewhere")


def test_a_report_of_an_approval_waits_for_the_answer_of_a_check_under_way(world: World, verifier: Verifier) -> None:
    checking, other = awaiting(world), awaiting(world, app="attacker")
    verifier.fails = [Killed()]
    with pytest.raises(Killed):
        enter(world, checking, RIGHT)
    assert told(world, verifier, "approved") == "applied"
    assert ended(world, checking) == ("awaiting_verification", None)
    assert ended(world, other) == ("expired", "code_used_elsewhere")
    world.step(checking)
    assert ended(world, checking) == ("verified", None)


def test_what_cannot_be_read_is_asked_for_again_and_given_up_in_the_end(world: World, verifier: Verifier) -> None:
    intent_id = awaiting(world)
    verifier.fails, verifier.unreadable = [ProviderSilent("no answer", sent=True)], True
    assert enter(world, intent_id, RIGHT) is Verdict.UNANSWERED
    assert world.step(intent_id).status == "awaiting_verification"
    assert world.step(intent_id).status == "awaiting_verification"
    done = world.until_final(intent_id, steps=100)
    assert (done.status.value, done.failure and done.failure.code) == ("expired", "expired")


def test_a_cancel_while_the_check_is_under_way_wins_and_the_code_is_used_up(world: World, verifier: Verifier) -> None:
    intent_id, other = awaiting(world), awaiting(world, app="attacker")

    intents, seen = world.gateway.intents, world.load(intent_id)
    original = verifier.check_verification

    def canceled_meanwhile(*args: Any, **more: Any) -> Mapping[str, Any]:
        intents.update(intent_id, lambda p: moves.canceled(p, world.clock.now()))
        return original(*args, **more)

    verifier.check_verification = canceled_meanwhile  # type: ignore[method-assign]
    verdict, after = proving.enter(world.house.acting, seen, RIGHT)
    assert (verdict, after.status.value) == (Verdict.NOT_AWAITING, "canceled")
    assert ended(world, other) == ("expired", "code_used_elsewhere")


def test_a_report_that_comes_after_the_proof_moved_on_moves_it_no_further(world: World, verifier: Verifier) -> None:
    """Law L6 for proofs: time ran out, and then the provider says that the code expired, and that it never arrived."""
    intent_id = awaiting(world, "verify", "verify:call", "verify:whatsapp")
    world.clock.pass_by(600)
    moved = world.run(intent_id)
    assert (moved.status.value, moved.position) == ("queued", 1)
    for word in ("expired", "message_undelivered", "max_attempts_reached", "approved"):
        told(world, verifier, word)
    assert world.load(intent_id).position == 1
    assert world.load(intent_id).attempts[0].status == "failed"


@pytest.mark.parametrize(
    ("word", "end"),
    [
        ("expired", ("expired", "expired")),
        ("canceled", ("failed", "verification_canceled")),
        ("max_attempts_reached", ("failed", "too_many_attempts")),
        ("denied", ("failed", "verification_canceled")),
    ],
)
def test_the_providers_word_ends_the_proof_of_all_that_wait(
    world: World, verifier: Verifier, word: str, end: tuple[str, str]
) -> None:
    ids = [awaiting(world), awaiting(world, app="other")]
    assert told(world, verifier, word) == "applied"
    assert [ended(world, each) for each in ids] == [end, end]
    assert told(world, verifier, word) == "duplicate"


@pytest.mark.parametrize("word", ["message_sent", "message_delivered", "pending", "message_queued"])
def test_a_code_that_arrived_proves_nobody(world: World, verifier: Verifier, word: str) -> None:
    intent_id = awaiting(world)
    told(world, verifier, word)
    assert world.load(intent_id).status == "awaiting_verification"


def test_a_word_on_a_verification_that_nobody_knows_is_an_orphan(world: World) -> None:
    event = StatusReported(Subject.VERIFICATION, "VE" + "9" * 32, "approved")
    assert world.inbox.receive(event).effect == "orphan"


def test_a_code_that_is_late_by_a_second_is_not_even_asked_about(world: World, verifier: Verifier) -> None:
    intent_id = awaiting(world)
    world.clock.pass_by(601)
    assert enter(world, intent_id, RIGHT) is Verdict.EXPIRED
    assert verifier.checked == 0
    assert ended(world, intent_id) == ("expired", "expired")


def test_a_start_is_shared_for_a_while_and_then_the_code_is_sent_again(world: World, verifier: Verifier) -> None:
    awaiting(world)
    awaiting(world, app="other")
    assert verifier.calls == 1
    # Redis counts these seconds by its own clock.
    world.gateway.client.delete(*world.gateway.client.keys("gw:started:*"))
    awaiting(world, app="third")
    assert verifier.calls == 2


def test_a_shared_code_lives_no_longer_than_it_does(world: World) -> None:
    first = awaiting(world)
    world.clock.pass_by(20)
    second = awaiting(world, app="other")
    lives = [waits.expires_at for waits in (world.load(each).verification for each in (first, second)) if waits]
    assert lives[0] == lives[1]


def test_a_step_that_is_tried_again_really_sends(world: World, verifier: Verifier) -> None:
    intent_id = awaiting(world)
    told(world, verifier, "message_undelivered", 30008)
    assert world.load(intent_id).status == "queued"
    assert world.step(intent_id).status == "awaiting_verification"
    assert verifier.calls == 2


def test_an_intent_does_not_share_its_own_start(world: World, verifier: Verifier) -> None:
    intent_id = awaiting(world)
    progress, request = world.load(intent_id), verifier.made[0].request
    assert shared_start(world.house.acting, progress, request) is None
    other = shared_start(world.house.acting, replace(progress, attempts=()), request)
    assert other is not None
    assert other.provider_sid == verifier.sid


class Elsewhere:
    """Reads of a Lookup that now knows another line type."""

    def __init__(self, world: World) -> None:
        self.world, self.asked = world, 0

    def lookup(self, number: str, fields: object, **_: object) -> Lookup:
        self.asked += 1
        return Lookup(
            number, LookupSource.LIVE, self.world.clock.now(), valid=True, country="US", line_type=LineType.LANDLINE
        )


@pytest.mark.parametrize(("hours", "proof", "asked"), [(23, "verify", 0), (25, "verify:call", 1)])
def test_mfa_looks_again_when_the_lookup_is_older_than_a_day(world: World, hours: int, proof: str, asked: int) -> None:
    now = world.clock.now()
    later = now + timedelta(hours=hours)
    intent = Intent(ulid(), "shop", "mfa", Recipient(MOBILE, "US"), Content(), later, send_at=None)
    lookup = Lookup(MOBILE, LookupSource.CACHE, now, valid=True, country="US", line_type=LineType.MOBILE)
    world.clock.at = later
    progress: Progress = moves.accepted(intent, Decision(proof=(Step.parse("verify"),)), lookup, pending=False)
    world.gateway.intents.accept(progress, None, ring=False)
    reads = Elsewhere(world)
    pipeline.run(replace(world.house, reads=reads), intent.id)  # type: ignore[arg-type]
    after = world.load(intent.id)
    assert reads.asked == asked
    assert after.verification is not None
    assert str(after.verification.step) == proof


def test_a_verification_that_takes_no_more_codes_is_called_off_and_shared_with_nobody(
    world: World, verifier: Verifier
) -> None:
    intent_id = awaiting(world)
    assert [enter(world, intent_id, WRONG) for _ in range(5)] == [Verdict.WRONG] * 5
    assert enter(world, intent_id, RIGHT) is Verdict.TOO_MANY
    assert verifier.canceled == [verifier.sid]
    awaiting(world)
    assert len(verifier.made) == 2, "the next intent gets a verification of its own"
