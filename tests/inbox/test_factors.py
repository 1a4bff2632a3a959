"""What Verify tells of a factor, and how it is counted: an orphan is only what nobody here has enrolled."""

from __future__ import annotations

from gateway.inbox import FactorReported
from tests.inbox.house import House

PERSON, FACTOR = "user-00000001", "YF" + "1" * 32


def effects(house: House, *kinds: str, factor: str = FACTOR) -> list[str]:
    return [house.tell(FactorReported(kind, PERSON, factor)).effect for kind in kinds]


def test_a_factor_of_nobody_is_an_orphan(house: House) -> None:
    kinds = ("factor.created", "factor.verified", "challenge.approved", "factor.deleted")
    assert effects(house, *kinds) == ["orphan"] * 4


def test_a_known_factor_is_verified_and_its_challenges_are_no_orphans(house: House) -> None:
    house.gateway.proofs.enrol("default", PERSON, FACTOR, "unverified")
    kinds = ("factor.created", "factor.verified", "challenge.approved", "challenge.denied")
    assert effects(house, *kinds) == ["ignored", "applied", "ignored", "ignored"]
    assert house.gateway.proofs.verified_factor("default", PERSON) == FACTOR


def test_an_event_that_comes_twice_counts_once(house: House) -> None:
    house.gateway.proofs.enrol("default", PERSON, FACTOR, "unverified")
    event = FactorReported("factor.verified", PERSON, FACTOR, event_id="e-1")
    assert [house.tell(event).effect for _ in range(2)] == ["applied", "duplicate"]


def test_a_deleted_factor_proves_nobody(house: House) -> None:
    house.gateway.proofs.enrol("default", PERSON, FACTOR, "verified")
    assert effects(house, "factor.deleted") == ["applied"]
    assert house.gateway.proofs.verified_factor("default", PERSON) is None
