from __future__ import annotations

import pytest

from gateway.adapters.lookups import ledger, renewal


@pytest.fixture(autouse=True)
def writes_only_when_told(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test has gathered must not be written while the next one counts."""
    seconds = 0.2 if "by_itself" in request.node.name else 3600.0
    monkeypatch.setattr(ledger, "FLUSH_SECONDS", seconds)


@pytest.fixture(autouse=True)
def nobody_loses_a_flight_by_standing_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a lease is to end, a test ends it."""
    monkeypatch.setattr(renewal, "LEASE_SECONDS", 30.0)
