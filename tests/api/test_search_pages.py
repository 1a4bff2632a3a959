"""`POST /intents/search`: every intent to a number on one page, none on two."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.act import moves
from gateway.api import intents
from gateway.ids import ulid
from gateway.model import Content, Decision, Intent, Recipient, Step
from tests.api.conftest import Api, problem_of

NOW = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)


def accepted(api: Api, app: str, to: str, at: datetime) -> str:
    intent = Intent(ulid(), app, "notification", Recipient(to, "US"), Content(body="x"), at)
    progress = moves.accepted(intent, Decision(route=(Step.parse("sms"),)), None, pending=False)
    api.gateway.intents.accept(progress, None, ring=False)
    return intent.id


def searched(api: Api, key: str, body: dict[str, Any]) -> list[str]:
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = api.post("/intents/search", {**body, "cursor": cursor}, key).get_json()
        assert len(page["intents"]) <= body["limit"]
        found += [intent["id"] for intent in page["intents"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


@pytest.mark.parametrize(("limit", "at_once"), [(1, 2), (2, 200), (3, 4), (200, 200)])
def test_all_are_found_once_newest_first(api: Api, monkeypatch: pytest.MonkeyPatch, limit: int, at_once: int) -> None:
    monkeypatch.setattr(intents, "LARGEST_LIMIT", at_once)
    app, to = f"searched-{limit}-{at_once}", f"+1415555{limit:04d}"
    key = api.gateway.keys.create(app, ("send",))[1]
    of_three_moments = [
        [accepted(api, app, to, NOW + timedelta(milliseconds=ms)) for _ in range(7)] for ms in (2, 1, 0)
    ]
    accepted(api, app, "+14155550199", NOW)
    accepted(api, "somebody-else", to, NOW)
    found = searched(api, key, {"to": to, "limit": limit})
    assert found == [intent_id for moment in of_three_moments for intent_id in sorted(moment, reverse=True)]


def test_more_than_one_answer_holds_can_be_reached(api: Api) -> None:
    to, many = "+14155550231", intents.LARGEST_LIMIT + 3
    made = {accepted(api, "plenty", to, NOW + timedelta(seconds=n // 2)) for n in range(many)}
    key = api.gateway.keys.create("plenty", ("send",))[1]
    found = searched(api, key, {"to": to, "limit": intents.LARGEST_LIMIT})
    assert len(found) == many
    assert set(found) == made


def test_ones_own_are_reached_behind_more_of_others_than_are_read_at_once(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intents, "LARGEST_LIMIT", 2)
    monkeypatch.setattr(intents, "MOST_READ", 4)
    to = "+14155550232"
    own = accepted(api, "rarely", to, NOW)
    for n in range(11):
        accepted(api, "often", to, NOW + timedelta(seconds=1 + n // 3))
    key = api.gateway.keys.create("rarely", ("send",))[1]
    assert searched(api, key, {"to": to, "limit": 1}) == [own]


@pytest.mark.parametrize("cursor", ["", "x", "MTIz", "é", "9" * 129])
def test_a_cursor_that_no_page_gave_is_refused(api: Api, cursor: str) -> None:
    problem = problem_of(api.post("/intents/search", {"to": "+14155550100", "cursor": cursor}))
    assert (problem["code"], problem["errors"][0]["field"]) == ("invalid_request", "cursor")


def test_the_document_knows_the_cursor(api: Api) -> None:
    spec = api.get("/openapi.json", key=None).get_json()
    assert "next_cursor" in spec["components"]["schemas"]["SearchPayload"]["properties"]["cursor"]["description"]
