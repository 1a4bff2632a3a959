from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from gateway.adapters.store import names
from gateway.adapters.store.proofs import Proofs, factor_identity
from gateway.errors import StoreUnavailable

NUMBER, PERSON = "+14155550100", "user-00000001"
FIRST, SECOND, THIRD = "YF" + "1" * 32, "YF" + "2" * 32, "YF" + "3" * 32


@pytest.fixture
def proofs(client: Any, hasher: Any, clock: Any) -> Proofs:
    return Proofs(client, hasher, clock)


def test_a_proof_belongs_to_one_application(proofs: Proofs, clock: Any) -> None:
    proofs.prove("billing", NUMBER, clock.now())
    assert proofs.proved_at("billing", NUMBER) == clock.now()
    assert proofs.proved_at("alerts", NUMBER) is None
    assert proofs.proved_at("billing", "+14155550101") is None


def test_a_proof_told_late_does_not_make_an_older_one_of_it(proofs: Proofs, clock: Any) -> None:
    proofs.prove("billing", NUMBER, clock.now())
    proofs.prove("billing", NUMBER, clock.now() - timedelta(hours=1))
    assert proofs.proved_at("billing", NUMBER) == clock.now()
    proofs.prove("billing", NUMBER, clock.now() + timedelta(hours=1))
    assert proofs.proved_at("billing", NUMBER) == clock.now() + timedelta(hours=1)


def test_a_proof_is_forgotten_in_time(client: Any, hasher: Any, clock: Any) -> None:
    Proofs(client, hasher, clock, timedelta(days=2)).prove("billing", NUMBER, clock.now())
    assert 172_700 < client.ttl(names.proof("billing", hasher(NUMBER))) <= 172_800


def test_a_factor_counts_once_it_is_verified(proofs: Proofs) -> None:
    assert proofs.enrol("billing", PERSON, FIRST, "unverified")
    assert proofs.verified_factor("billing", PERSON) is None
    assert proofs.has_factor("billing", PERSON, FIRST)
    assert proofs.mark(FIRST, "verified")
    assert proofs.verified_factor("billing", PERSON) == FIRST
    assert proofs.verified_factor("alerts", PERSON) is None
    assert not proofs.has_factor("alerts", PERSON, FIRST)


def test_a_verified_factor_is_not_set_back_by_a_late_report(proofs: Proofs) -> None:
    proofs.enrol("billing", PERSON, FIRST, "verified")
    assert not proofs.mark(FIRST, "unverified")
    assert not proofs.enrol("billing", PERSON, FIRST, "unverified")
    assert proofs.verified_factor("billing", PERSON) == FIRST


def test_enrolling_anew_leaves_the_verified_factor_in_force_until_the_new_one_is(proofs: Proofs, clock: Any) -> None:
    proofs.enrol("billing", PERSON, FIRST, "verified")
    clock.move(timedelta(seconds=1))
    proofs.enrol("billing", PERSON, SECOND, "unverified")
    assert proofs.verified_factor("billing", PERSON) == FIRST
    clock.move(timedelta(seconds=1))
    proofs.mark(SECOND, "verified")
    assert proofs.verified_factor("billing", PERSON) == SECOND
    assert proofs.drop(SECOND)
    assert proofs.verified_factor("billing", PERSON) == FIRST


def test_of_unverified_factors_only_the_newest_is_kept(proofs: Proofs, client: Any, hasher: Any) -> None:
    proofs.enrol("billing", PERSON, FIRST, "verified")
    proofs.enrol("billing", PERSON, SECOND, "unverified")
    proofs.enrol("billing", PERSON, THIRD, "unverified")
    stored = client.hkeys(names.factor("billing", factor_identity(hasher, "billing", PERSON)))
    assert {sid.decode() for sid in stored} == {FIRST, THIRD}
    assert not proofs.mark(SECOND, "verified")


def test_a_dropped_factor_does_not_come_back(proofs: Proofs) -> None:
    proofs.enrol("billing", PERSON, FIRST, "verified")
    assert proofs.drop(FIRST)
    assert proofs.verified_factor("billing", PERSON) is None
    assert not proofs.drop(FIRST)
    assert not proofs.mark(FIRST, "verified")
    assert proofs.verified_factor("billing", PERSON) is None


def test_an_enrolment_that_nobody_finished_is_forgotten(proofs: Proofs, client: Any, hasher: Any) -> None:
    key = names.factor("billing", factor_identity(hasher, "billing", PERSON))
    proofs.enrol("billing", PERSON, FIRST, "unverified")
    assert client.ttl(key) > 0
    proofs.mark(FIRST, "verified")
    assert client.ttl(key) == -1
    proofs.enrol("billing", PERSON, SECOND, "unverified")
    assert client.ttl(key) == -1


def test_a_verified_factor_never_ends_by_itself(proofs: Proofs, client: Any, hasher: Any) -> None:
    proofs.enrol("billing", PERSON, FIRST, "unverified")
    assert client.ttl(names.factor_owner(FIRST)) > 0
    proofs.mark(FIRST, "verified")
    assert client.ttl(names.factor_owner(FIRST)) == -1
    assert client.ttl(names.factor("billing", factor_identity(hasher, "billing", PERSON))) == -1


def test_neither_number_nor_identity_is_readable_in_the_store(
    proofs: Proofs, clock: Any, everything: Callable[[], bytes]
) -> None:
    proofs.prove("billing", NUMBER, clock.now())
    proofs.enrol("billing", PERSON, FIRST, "verified")
    assert b"4155550100" not in everything()
    assert PERSON.encode() not in everything()


def test_one_identity_in_two_applications_is_two_at_the_provider(hasher: Any) -> None:
    seen = {factor_identity(hasher, app, PERSON) for app in ("billing", "alerts")}
    assert len(seen) == 2
    assert all(8 <= len(identity) <= 64 for identity in seen)


def test_without_the_store_nothing_is_proved(away: Any, hasher: Any, clock: Any) -> None:
    proofs = Proofs(away, hasher, clock)
    for call in (proofs.proved_at, proofs.verified_factor):
        with pytest.raises(StoreUnavailable):
            call("billing", PERSON)
    with pytest.raises(StoreUnavailable):
        proofs.drop(FIRST)
