from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.adapters.store.known import read_known
from gateway.adapters.store.learned import Learned
from gateway.adapters.store.proofs import Proofs
from gateway.adapters.store.suppressions import Suppressions
from gateway.errors import StoreUnavailable
from gateway.model import LINE_TYPE, LineType, Origin, SuppressionEntry
from gateway.ports import Known

NUMBER, ADDRESS, PERSON, SENDER = "+14155550100", "ann@example.com", "user-00000001", "+14155550199"
FACTOR = "YF" + "1" * 32
DAY = timedelta(days=1)


def known(client: Any, hasher: Any, clock: Any, **change: Any) -> Known:
    asked = {"app": "billing", "number": NUMBER, "email": ADDRESS, "identity": PERSON, **change}
    return read_known(client, hasher, clock.now(), **asked)


@pytest.fixture
def written(client: Any, hasher: Any, sealer: Any, clock: Any) -> tuple[SuppressionEntry, SuppressionEntry]:
    number_entry = SuppressionEntry("sms", "21610", clock.now())
    email_entry = SuppressionEntry("email", "unsubscribe", clock.now(), "recipient", "link")
    suppressions = Suppressions(client, sealer, hasher, clock)
    suppressions.add(NUMBER, number_entry)
    suppressions.add(ADDRESS, email_entry)
    learned, proofs = Learned(client, hasher, clock), Proofs(client, hasher, clock)
    learned.learn(NUMBER, LineType.LANDLINE, "30006", clock.now())
    learned.hold(NUMBER, "voice", clock.now() + DAY, "30003")
    learned.open_window(NUMBER, SENDER, clock.now())
    learned.open_window(NUMBER, "+14155550198", clock.now() - timedelta(hours=3))
    proofs.prove("billing", NUMBER, clock.now())
    proofs.enrol("billing", PERSON, FACTOR, "verified")
    return number_entry, email_entry


def test_all_that_is_known_comes_together(client: Any, hasher: Any, clock: Any, written: Any) -> None:
    now = clock.now()
    assert known(client, hasher, clock) == Known(
        suppressions=written[:1],
        email_suppressions=written[1:],
        learned_line_type=("landline", now),
        proved_at=now,
        factor_sid=FACTOR,
        whatsapp_windows={
            hasher(SENDER): now + DAY,
            hasher("+14155550198"): now + timedelta(hours=21),
        },
        held_channels={"voice": now + DAY},
        origins={LINE_TYPE: Origin("30006", now), "voice": Origin("30003", now)},
    )


def test_of_a_stranger_nothing_is_known(client: Any, hasher: Any, clock: Any, written: Any) -> None:
    stranger = known(client, hasher, clock, number="+14155550101", email=None, identity=None)
    assert stranger == Known(held_channels={})


def test_another_application_sees_opt_outs_but_neither_proof_nor_factor(
    client: Any, hasher: Any, clock: Any, written: Any
) -> None:
    other = known(client, hasher, clock, app="alerts")
    assert (other.proved_at, other.factor_sid) == (None, None)
    assert other.suppressions == written[:1]


def test_holds_and_windows_that_are_over_are_left_out(client: Any, hasher: Any, clock: Any, written: Any) -> None:
    clock.move(DAY)
    later = known(client, hasher, clock)
    assert (later.whatsapp_windows, later.held_channels) == ({}, {})
    assert set(later.origins) == {LINE_TYPE}


def test_it_takes_one_round_trip(client: Any, hasher: Any, clock: Any, written: Any) -> None:
    def reads() -> int:
        return int(client.info("stats")["total_reads_processed"])

    idle = -(reads() - reads())
    before = reads()
    known(client, hasher, clock)
    assert reads() - before == idle + 1


def test_without_the_store_it_is_an_error_and_not_ignorance(away: Any, hasher: Any, clock: Any) -> None:
    with pytest.raises(StoreUnavailable):
        known(away, hasher, clock)
