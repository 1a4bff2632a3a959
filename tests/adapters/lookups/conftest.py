from __future__ import annotations

import pytest

from gateway.adapters.lookups import ledger


@pytest.fixture(autouse=True)
def writes_only_when_told(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test has gathered must not be written while the next one counts."""
    seconds = 0.2 if "by_itself" in request.node.name else 3600.0
    monkeypatch.setattr(ledger, "FLUSH_SECONDS", seconds)
