"""For a test key there are no intents but those of test keys, and the opt-out list is not its business."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.act import moves
from gateway.adapters.store.apikeys import SCOPES
from gateway.api import suppressions
from gateway.api.endpoint import Endpoint
from gateway.api.openapi import document
from gateway.app import ENDPOINTS
from gateway.ids import ulid
from gateway.model import Content, Decision, Intent, IntentStatus, Progress, Recipient, Step, SuppressionEntry
from tests.api.conftest import Api, problem_of

TO, OPTED_OUT = "+14155550161", "+14155550162"
OF_ONE_INTENT = [endpoint for endpoint in ENDPOINTS if "{id}" in endpoint.path]


def a_key(api: Api, *, test: bool, app: str = "shop") -> str:
    return api.gateway.keys.create(app, SCOPES, test=test)[1]


def accepted(api: Api, *, test: bool, app: str = "shop") -> str:
    now = datetime.now(UTC)
    intent = Intent(ulid(), app, "notification", Recipient(TO, "US"), Content(body="x"), now, test=test)
    progress = moves.accepted(intent, Decision(route=(Step.parse("sms"),)), None, pending=False)
    api.gateway.intents.accept(progress, None, ring=False)
    return intent.id


def canceled(api: Api, *, test: bool, app: str = "shop") -> str:
    intent_id = accepted(api, test=test, app=app)
    api.gateway.intents.update(intent_id, lambda p: moves.canceled(p, datetime.now(UTC)))
    return intent_id


def ask(api: Api, endpoint: Endpoint, key: str, body: Any, intent_id: str = "") -> TestResponse:
    found: TestResponse = api.app.test_client().open(
        endpoint.path.replace("{id}", intent_id),
        method=endpoint.method,
        json=None if endpoint.takes is None else body,
        headers={"Authorization": f"Bearer {key}"},
    )
    return found


def stored(api: Api, intent_id: str) -> Progress:
    found = api.gateway.intents.load(intent_id)
    assert found is not None
    return found


@pytest.mark.parametrize("endpoint", OF_ONE_INTENT, ids=lambda e: e.name)
@pytest.mark.parametrize("made", [accepted, canceled])
def test_a_real_intent_is_not_there_for_a_test_key(api: Api, endpoint: Endpoint, made: Callable[..., str]) -> None:
    real, of_other = made(api, test=False), made(api, test=False, app="another")
    before = [stored(api, real), stored(api, of_other)]
    for intent_id in (real, of_other):
        answer = ask(api, endpoint, a_key(api, test=True), {"code": "123456"}, intent_id)
        assert (answer.status_code, problem_of(answer)["code"]) == (404, "not_found")
    assert [stored(api, real), stored(api, of_other)] == before


def test_a_test_intent_is_read_and_steered_by_a_test_key(api: Api) -> None:
    key, intent_id = a_key(api, test=True), accepted(api, test=True)
    assert api.get(f"/intents/{intent_id}", key).get_json()["test"] is True
    assert api.post(f"/intents/{intent_id}/cancel", key=key).status_code == 200
    assert stored(api, intent_id).status is IntentStatus.CANCELED


def test_a_list_and_a_search_show_a_test_key_tests_alone(api: Api) -> None:
    made = [accepted(api, test=n % 2 == 1, app="listing") for n in range(6)]
    for test, expected in ((True, made[1::2]), (False, made)):
        key = a_key(api, test=test, app="listing")
        for page in (api.get("/intents", key), api.post("/intents/search", {"to": TO}, key)):
            assert {intent["id"] for intent in page.get_json()["intents"]} == set(expected)


def test_the_next_page_of_a_test_key_goes_on_behind_real_ones(api: Api) -> None:
    made = [accepted(api, test=n % 3 == 0, app="paging") for n in range(9)]
    key, found, cursor = a_key(api, test=True, app="paging"), [], ""
    for _ in range(3):
        page = api.get(f"/intents?limit=1{cursor}", key).get_json()
        found += [intent["id"] for intent in page["intents"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert sorted(found) == sorted(made[::3])


@pytest.mark.parametrize("endpoint", suppressions.ENDPOINTS, ids=lambda e: e.name)
def test_the_opt_out_list_is_closed_to_a_test_key(api: Api, endpoint: Endpoint) -> None:
    api.gateway.suppressions.add(OPTED_OUT, SuppressionEntry("all", "STOP", datetime.now(UTC)))
    before = api.gateway.suppressions.entries(OPTED_OUT)
    answer = ask(api, endpoint, a_key(api, test=True), {"to": OPTED_OUT})
    problem = problem_of(answer)
    assert (answer.status_code, problem["code"]) == (403, "forbidden")
    assert "test key" in problem["detail"]
    assert api.gateway.suppressions.entries(OPTED_OUT) == before


@pytest.mark.parametrize("endpoint", suppressions.ENDPOINTS, ids=lambda e: e.name)
def test_the_document_says_that_it_takes_no_test_key(endpoint: Endpoint) -> None:
    operation = document(ENDPOINTS)["paths"][endpoint.path][endpoint.method.lower()]
    assert "test key is refused" in operation["description"]
