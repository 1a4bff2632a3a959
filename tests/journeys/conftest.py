"""In every journey: a status moves as the table says, and what was decided is decided again alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.adapters.store.intents import IntentStore
from gateway.adapters.store.past import PastIntents
from gateway.batch import replaying
from gateway.lifecycle import may_follow
from gateway.model import Progress
from tests.stack import Stack

A_DAY = timedelta(days=1)
QUIET = "quiet_hours"
"""The one reason that no fact tells of: the clock at the recipient's."""


@pytest.fixture(autouse=True)
def _moves_as_the_table_says(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    broken: list[str] = []
    commit = IntentStore.commit

    def watched(store: IntentStore, before: Progress, after: Progress) -> Progress | None:
        done = commit(store, before, after)
        moved = before.status is not after.status
        if done is not None and moved and not may_follow(before.status, after.status, final=before.final):
            broken.append(f"{before.status} → {after.status}, final: {before.final}")
        return done

    monkeypatch.setattr(IntentStore, "commit", watched)
    yield
    assert not broken


@pytest.fixture(autouse=True)
def _decided_again_alike(request: pytest.FixtureRequest) -> Iterator[None]:
    stack = request.getfixturevalue("stack") if "stack" in request.fixturenames else None
    yield
    if isinstance(stack, Stack):
        _compare(stack)


def _compare(stack: Stack) -> None:
    gateway = stack.gateway
    for past in PastIntents(gateway.client, gateway.intents).since(gateway.clock.now() - A_DAY):
        if past.cut or past.progress.facts is None:
            continue
        before = replaying.decided(past.progress)
        before = replace(before, reasons=tuple(reason for reason in before.reasons if reason.code != QUIET))
        assert replaying.again(past.progress.intent, past.progress.facts, gateway.policy) == before
