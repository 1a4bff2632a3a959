from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from gateway.adapters.store import scripts
from gateway.adapters.store.idempotency import (
    Claimed,
    Idempotency,
    InProgress,
    Mismatch,
    Replay,
    fingerprint,
    parse_key,
)
from gateway.errors import InvalidRequest, StoreUnavailable
from gateway.ports import Claim

BODY, OTHER_BODY = fingerprint({"to": "+14155550100"}), fingerprint({"to": "+14155550101"})


@pytest.fixture
def keys(client: Any, hasher: Any) -> Idempotency:
    return Idempotency(client, hasher)


NOBODY_TO_TELL = ("", "", 0, 1)


def claimed(keys: Idempotency, token: str = "first", body: str = BODY, key: str = "order-1") -> Claim:
    verdict = keys.claim("key_1", key, body, token)
    assert isinstance(verdict, Claimed)
    return verdict.claim


def answered(client: Any, claim: Claim, answer: str) -> None:
    """Accept an intent under the claim, by the script that the accept step runs."""
    keys = [f"test:{n}" for n in range(1, 12)]
    keys[6] = claim.key
    args: list[str | int] = [
        "intent",
        claim.token,
        answer,
        60_000,
        "sealed",
        "state",
        1,
        1,
        "normal|app",
        60,
        "counter",
        *NOBODY_TO_TELL,
        claim.fingerprint,
    ]
    assert scripts.run(client, "accept", keys, *args) == b"accepted"


def test_a_second_request_waits_for_the_first(keys: Idempotency) -> None:
    claimed(keys)
    verdict = keys.claim("key_1", "order-1", BODY, "second")
    assert isinstance(verdict, InProgress)
    assert verdict.retry_after_seconds > 0


def test_an_accepted_request_is_answered_again(keys: Idempotency, client: Any) -> None:
    answered(client, claimed(keys), '{"id":"1"}')
    assert keys.claim("key_1", "order-1", BODY, "second") == Replay('{"id":"1"}')


@pytest.mark.parametrize("finished", [True, False])
def test_another_body_under_the_same_key_is_a_mismatch(keys: Idempotency, client: Any, finished: bool) -> None:
    claim = claimed(keys)
    if finished:
        answered(client, claim, "{}")
    assert keys.claim("key_1", "order-1", OTHER_BODY, "second") == Mismatch()


def test_keys_of_two_owners_have_nothing_to_do_with_each_other(keys: Idempotency) -> None:
    claimed(keys)
    assert isinstance(keys.claim("key_2", "order-1", OTHER_BODY, "second"), Claimed)


def test_a_refusal_gives_the_key_back(keys: Idempotency) -> None:
    keys.release(claimed(keys))
    claimed(keys, "second", OTHER_BODY)


def test_an_answered_or_foreign_key_is_not_given_back(keys: Idempotency, client: Any) -> None:
    claim = claimed(keys)
    keys.release(Claim(claim.key, "somebody", BODY))
    assert isinstance(keys.claim("key_1", "order-1", BODY, "second"), InProgress)
    answered(client, claim, "{}")
    keys.release(claim)
    assert keys.claim("key_1", "order-1", BODY, "second") == Replay("{}")


def test_a_lease_that_ran_out_frees_the_key(client: Any, hasher: Any) -> None:
    keys = Idempotency(client, hasher, lease=timedelta(milliseconds=20))
    claim = claimed(keys)
    assert client.pttl(claim.key) <= 20
    deadline = time.monotonic() + 5
    while client.exists(claim.key):
        assert time.monotonic() < deadline
    claimed(keys, "second", OTHER_BODY)


def test_an_accept_that_outlived_its_lease_is_still_answered_again(keys: Idempotency, client: Any) -> None:
    claim = claimed(keys)
    client.delete(claim.key)
    answered(client, claim, '{"id":"1"}')
    assert keys.claim("key_1", "order-1", BODY, "second") == Replay('{"id":"1"}')
    assert keys.claim("key_1", "order-1", "another body", "third") == Mismatch()


def test_an_amended_answer_is_the_one_given_again_and_lives_no_longer(keys: Idempotency, client: Any) -> None:
    claim = claimed(keys)
    answered(client, claim, "queued")
    client.pexpire(claim.key, 5000)
    assert keys.amend(claim, "sent")
    assert keys.claim("key_1", "order-1", BODY, "second") == Replay("sent")
    assert 0 < client.pttl(claim.key) <= 5000


def test_only_ones_own_answer_can_be_amended(keys: Idempotency, client: Any) -> None:
    claim = claimed(keys)
    assert not keys.amend(claim, "too early")
    answered(client, claim, "queued")
    assert not keys.amend(Claim(claim.key, "somebody", BODY), "theirs")
    assert keys.claim("key_1", "order-1", BODY, "second") == Replay("queued")
    client.delete(claim.key)
    assert not keys.amend(claim, "too late")
    assert not client.exists(claim.key)


def test_of_fifty_at_once_one_has_the_key(keys: Idempotency, at_once: Any) -> None:
    verdicts = at_once(50, lambda n: keys.claim("key_1", "order-1", BODY, f"token-{n}"))
    assert sum(isinstance(v, Claimed) for v in verdicts) == 1
    assert sum(isinstance(v, InProgress) for v in verdicts) == 49


def test_the_callers_key_is_not_readable_in_the_store(keys: Idempotency, everything: Callable[[], bytes]) -> None:
    claimed(keys, key="+14155550100 today")
    assert b"4155550100" not in everything()


def test_without_the_store_there_is_no_claim(away: Any, hasher: Any) -> None:
    with pytest.raises(StoreUnavailable):
        Idempotency(away, hasher).claim("key_1", "order-1", BODY, "token")


def test_the_order_of_members_does_not_change_a_body() -> None:
    assert fingerprint({"a": 1, "b": {"c": "é", "d": [1]}}) == fingerprint({"b": {"d": [1], "c": "é"}, "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": "1"})


def test_the_spelling_of_a_number_does_not_count() -> None:
    assert fingerprint({"p": {"n": [1, 0, 15]}}) == fingerprint({"p": {"n": [1.0, -0.0, 1.5e1]}})
    assert fingerprint({"n": 1}) != fingerprint({"n": 1.5})
    assert fingerprint({"n": 1}) != fingerprint({"n": True})
    assert fingerprint({"a": [1, 2]}) != fingerprint({"a": [2, 1]})


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("order-1", "order-1"),
        ('"order-1"', "order-1"),
        (' "order 1" ', "order 1"),
        (r'"a\"b\\c"', r"""a"b\c"""),
        ('say "hi"', 'say "hi"'),
        ("x" * 255, "x" * 255),
        ('"' + "x" * 255 + '"', "x" * 255),
    ],
)
def test_a_key_may_be_quoted_or_not(header: str, key: str) -> None:
    assert parse_key(header) == key


@pytest.mark.parametrize(
    "header", ["", "   ", '""', '"open', '"a"b"', r'"a\b"', '"a\\"', "x" * 256, "tab\tinside", "é", "new\nline", '"é"']
)
def test_a_key_that_is_none_is_refused_by_the_headers_name(header: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parse_key(header)
    assert refusal.value.errors[0].field == "Idempotency-Key"
