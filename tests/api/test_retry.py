"""`POST /intents/{id}/retry`: an operator's another try, once, as a new intent."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gateway.adapters.store.connection import Client
from gateway.adapters.store.intents import IntentStore
from gateway.adapters.store.operators import OperatorTrail
from gateway.errors import AcceptUnknown
from gateway.model import Progress, SuppressionEntry
from gateway.wiring import retrying
from tests.api.conftest import Api, problem_of


@pytest.fixture
def canceled(api: Api, client: Client) -> Iterator[str]:
    intent_id = api.post("/send", {"to": "+14155550100", "body": "Hello.", "metadata": {"a": "b"}}).get_json()["id"]
    api.post(f"/intents/{intent_id}/cancel")
    yield intent_id


def test_a_retry_is_a_new_intent_that_wants_the_same(api: Api, canceled: str) -> None:
    answer = api.post(f"/intents/{canceled}/retry")
    assert answer.status_code == 202
    document = answer.get_json()
    assert answer.headers["Location"] == f"/intents/{document['id']}"
    assert document["retry_of"] == canceled != document["id"]
    old, new = (api.gateway.intents.load(i) for i in (canceled, document["id"]))
    assert old is not None and new is not None
    assert (new.intent.to, new.intent.content, new.intent.metadata) == (old.intent.to, old.intent.content, {"a": "b"})
    deed = OperatorTrail(api.gateway.client, api.gateway.clock).page(None, 1)[0][0]
    assert (deed.who, deed.what, deed.about) == ("bootstrap", "intent_retried", canceled)


def test_only_what_ended_without_success_is_retried(api: Api, client: Client) -> None:
    queued = api.post("/send", {"to": "+14155550100", "body": "Hello."}).get_json()["id"]
    assert problem_of(api.post(f"/intents/{queued}/retry"))["code"] == "not_retryable"
    assert problem_of(api.post("/intents/01ARZ3NDEKTSV4RRFFQ69G5FAV/retry"))["code"] == "not_found"


def test_two_operators_at_once_make_one_retry(api: Api, canceled: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda _: api.post(f"/intents/{canceled}/retry").status_code, range(8)))
    assert sorted(codes) == [202] + [409] * 7


def test_also_where_the_first_stood_still_until_its_hold_was_over(
    api: Api, canceled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrying, "_take", lambda *_: None)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: api.post(f"/intents/{canceled}/retry"), range(8)))
    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 7
    made = next(answer.get_json()["id"] for answer in answers if answer.status_code == 202)
    refused = [problem_of(answer) for answer in answers if answer.status_code == 409]
    assert {problem["code"] for problem in refused} == {"not_retryable"}
    assert all(made in problem["detail"] for problem in refused)


def test_an_accept_that_was_not_told_is_the_one_retry(api: Api, canceled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = IntentStore.accept

    def untold(store: IntentStore, progress: Progress, *rest: Any, **more: Any) -> None:
        whole(store, progress, *rest, **more)
        raise AcceptUnknown(progress.intent.id)

    with monkeypatch.context() as patched:
        patched.setattr(IntentStore, "accept", untold)
        assert api.post(f"/intents/{canceled}/retry").status_code == 503
    again = api.post(f"/intents/{canceled}/retry")
    assert (again.status_code, problem_of(again)["code"]) == (409, "not_retryable")
    made = retrying.retried_as(api.gateway, canceled)
    assert made is not None and api.gateway.intents.load(made) is not None


def test_a_retry_that_was_killed_before_the_accept_holds_nobody_back_for_long(
    api: Api, canceled: str, client: Client
) -> None:
    client.set(f"gw:retrying:{canceled}", "", ex=retrying.HELD_SECONDS)
    assert problem_of(api.post(f"/intents/{canceled}/retry"))["code"] == "not_retryable"
    client.delete(f"gw:retrying:{canceled}")  # as when its time is over
    assert api.post(f"/intents/{canceled}/retry").status_code == 202
    assert client.exists(f"gw:retrying:{canceled}") == 0


def test_an_opt_out_since_then_stops_the_retry_and_leaves_it_open(api: Api, canceled: str) -> None:
    store = api.gateway.suppressions
    store.add("+14155550100", SuppressionEntry("all", "api", api.gateway.clock.now()))
    assert problem_of(api.post(f"/intents/{canceled}/retry"))["code"] == "recipient_opted_out"
    store.remove("+14155550100", scopes=None, sources=None, who="test", why="")
    assert api.post(f"/intents/{canceled}/retry").status_code == 202


def test_an_admin_retries_any_applications_intent_and_nobody_else_may(api: Api, canceled: str) -> None:
    _, sender = api.gateway.keys.create("default", ["send"])
    assert problem_of(api.post(f"/intents/{canceled}/retry", key=sender))["code"] == "forbidden"
    _, admin = api.gateway.keys.create("operators", ["admin"])
    again = api.post(f"/intents/{canceled}/retry", key=admin).get_json()
    made = api.gateway.intents.load(again["id"])
    assert made is not None and made.intent.app == "default"
