"""Which status may follow which: words, the order of attempts, and every pair of the intent's table."""

from __future__ import annotations

from functools import reduce
from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.lifecycle import (
    ALLOWED,
    ENDED,
    FINAL,
    attempt_status,
    delivered_from,
    fetched_status,
    forward,
    may_follow,
)
from gateway.model import AttemptStatus, IntentStatus

statuses = st.sampled_from(AttemptStatus)


@pytest.mark.parametrize(
    ("subject", "word", "status"),
    [
        ("message", "accepted", AttemptStatus.ACCEPTED),
        ("message", "scheduled", AttemptStatus.ACCEPTED),
        ("message", "queued", AttemptStatus.ACCEPTED),
        ("message", "sending", AttemptStatus.ACCEPTED),
        ("message", "sent", AttemptStatus.SENT),
        ("message", "delivered", AttemptStatus.DELIVERED),
        ("message", "undelivered", AttemptStatus.FAILED),
        ("message", "failed", AttemptStatus.FAILED),
        ("message", "canceled", AttemptStatus.CANCELED),
        ("message", "read", None),
        ("message", "received", None),
        ("call", "queued", AttemptStatus.ACCEPTED),
        ("call", "initiated", AttemptStatus.ACCEPTED),
        ("call", "ringing", AttemptStatus.ACCEPTED),
        ("call", "in-progress", AttemptStatus.SENT),
        ("call", "answered", AttemptStatus.SENT),
        ("call", "completed", AttemptStatus.DELIVERED),
        ("call", "busy", AttemptStatus.FAILED),
        ("call", "no-answer", AttemptStatus.FAILED),
        ("call", "failed", AttemptStatus.FAILED),
        ("call", "canceled", AttemptStatus.CANCELED),
        ("call", "cancelled", AttemptStatus.CANCELED),
        ("verification", "pending", AttemptStatus.ACCEPTED),
        ("verification", "sent", AttemptStatus.SENT),
        ("verification", "delivered", AttemptStatus.SENT),
        ("verification", "read", AttemptStatus.SENT),
        ("verification", "approved", AttemptStatus.DELIVERED),
        ("verification", "denied", AttemptStatus.FAILED),
        ("verification", "expired", AttemptStatus.FAILED),
        ("verification", "deleted", AttemptStatus.FAILED),
        ("verification", "failed", AttemptStatus.FAILED),
        ("verification", "undelivered", AttemptStatus.FAILED),
        ("verification", "max_attempts_reached", AttemptStatus.FAILED),
        ("verification", "max-attempts-reached", AttemptStatus.FAILED),
        ("verification", "canceled", AttemptStatus.CANCELED),
        ("email", "processed", AttemptStatus.SENT),
        ("email", "delivered", AttemptStatus.DELIVERED),
        ("email", "bounce", AttemptStatus.FAILED),
        ("email", "blocked", AttemptStatus.FAILED),
        ("email", "dropped", AttemptStatus.FAILED),
        ("email", "deferred", None),
        ("email", "open", None),
        ("email", "click", None),
        ("email", "spamreport", None),
        ("flow", "active", AttemptStatus.SENT),
        ("flow", "ended", None),
        ("flow", "delivered", AttemptStatus.DELIVERED),
        ("flow", "failed", AttemptStatus.FAILED),
        ("message", "teleported", None),
        ("pigeon", "delivered", None),
    ],
    ids=lambda value: str(value),
)
def test_a_providers_word_has_its_status(subject: str, word: str, status: AttemptStatus | None) -> None:
    assert attempt_status(subject, word) is status


def test_a_fetched_message_that_was_read_was_delivered() -> None:
    assert fetched_status("message", "read") is AttemptStatus.DELIVERED


def test_any_other_fetched_word_means_what_a_reported_one_means() -> None:
    assert fetched_status("message", "undelivered") is AttemptStatus.FAILED
    assert fetched_status("call", "read") is None


@given(statuses, statuses)
def test_forward_is_commutative(left: AttemptStatus, right: AttemptStatus) -> None:
    assert forward(left, right) is forward(right, left)


@given(statuses, statuses, statuses)
def test_forward_is_associative(first: AttemptStatus, second: AttemptStatus, third: AttemptStatus) -> None:
    assert forward(forward(first, second), third) is forward(first, forward(second, third))


@given(statuses)
def test_forward_is_idempotent(status: AttemptStatus) -> None:
    assert forward(status, status) is status


@given(st.lists(statuses, min_size=1, max_size=8).flatmap(lambda told: st.tuples(st.just(told), st.permutations(told))))
def test_order_and_repetition_change_nothing(told: tuple[list[AttemptStatus], list[AttemptStatus]]) -> None:
    straight, shuffled = told
    assert reduce(forward, straight) is reduce(forward, [*shuffled, *straight, *shuffled])


@pytest.mark.parametrize("status", [status for status in AttemptStatus if status is not AttemptStatus.STARTED])
def test_every_report_moves_a_started_attempt(status: AttemptStatus) -> None:
    assert forward(AttemptStatus.STARTED, status) is status


@pytest.mark.parametrize("status", [AttemptStatus.ACCEPTED, AttemptStatus.SENT, *sorted(ENDED)])
def test_any_report_resolves_an_unknown_attempt(status: AttemptStatus) -> None:
    assert forward(AttemptStatus.UNKNOWN, status) is status


@pytest.mark.parametrize("status", AttemptStatus)
def test_delivered_outranks_whatever_else_is_said(status: AttemptStatus) -> None:
    assert forward(status, AttemptStatus.DELIVERED) is AttemptStatus.DELIVERED


@pytest.mark.parametrize("ended", sorted(ENDED))
@pytest.mark.parametrize("late", [status for status in AttemptStatus if status not in ENDED])
def test_an_ended_attempt_is_not_moved_back(ended: AttemptStatus, late: AttemptStatus) -> None:
    assert forward(ended, late) is ended


@pytest.mark.parametrize(
    ("subject", "words", "end"),
    [
        ("message", ("queued", "sending", "sent", "delivered", "read"), AttemptStatus.DELIVERED),
        ("message", ("queued", "sent", "undelivered"), AttemptStatus.FAILED),
        ("message", ("queued", "sent", "undelivered", "delivered"), AttemptStatus.DELIVERED),
        ("message", ("scheduled", "canceled"), AttemptStatus.CANCELED),
        ("call", ("initiated", "ringing", "in-progress", "completed"), AttemptStatus.DELIVERED),
        ("call", ("initiated", "ringing", "no-answer"), AttemptStatus.FAILED),
        ("verification", ("pending", "sent", "delivered", "expired"), AttemptStatus.FAILED),
        ("email", ("processed", "deferred", "delivered", "open"), AttemptStatus.DELIVERED),
    ],
)
def test_callbacks_in_any_order_end_the_same(subject: str, words: tuple[str, ...], end: AttemptStatus) -> None:
    for order in permutations(words):
        told = [status for word in order if (status := attempt_status(subject, word))]
        assert reduce(forward, told, AttemptStatus.STARTED) is end


TABLE = {
    "pending_lookup": "queued failed suppressed canceled expired",
    "queued": "sending awaiting_verification failed suppressed canceled expired",
    "sending": "sent delivered awaiting_verification queued failed suppressed expired",
    "sent": "delivered queued failed",
    "awaiting_verification": "verified queued failed canceled expired",
}
PAIRS = [
    pytest.param(old, new, new.value in TABLE.get(old.value, "").split(), id=f"{old}-{new}")
    for old, new in product(IntentStatus, IntentStatus)
]


@pytest.mark.parametrize(("old", "new", "allowed"), PAIRS)
def test_an_intent_follows_its_table(old: IntentStatus, new: IntentStatus, allowed: bool) -> None:
    assert may_follow(old, new) is allowed


def test_the_final_statuses_are_those_that_nothing_follows() -> None:
    assert {status.value for status in FINAL} == {
        "delivered",
        "verified",
        "failed",
        "suppressed",
        "canceled",
        "expired",
    }
    assert set(ALLOWED) == set(IntentStatus)


@pytest.mark.parametrize("new", IntentStatus)
def test_an_intent_silent_for_long_can_only_turn_out_delivered(new: IntentStatus) -> None:
    assert may_follow(IntentStatus.SENT, new, final=True) is (new is IntentStatus.DELIVERED)


@pytest.mark.parametrize("status", IntentStatus)
def test_a_late_delivery_counts_wherever_something_was_sent_and_no_success_is_known(status: IntentStatus) -> None:
    without = {
        IntentStatus.PENDING_LOOKUP,
        IntentStatus.AWAITING_VERIFICATION,
        IntentStatus.DELIVERED,
        IntentStatus.VERIFIED,
    }
    assert delivered_from(status) is (status not in without)
    assert may_follow(status, IntentStatus.DELIVERED, final=True) is (status not in without)
