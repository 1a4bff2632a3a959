"""`GET /intents`: every intent on one page, none on two, and nothing but what a page gave as cursor."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest

from gateway.adapters.clock import SystemClock
from gateway.api import intents
from tests.api.conftest import Api, problem_of

TO = "+14155550100"


def an_application(api: Api, name: str) -> str:
    return api.gateway.keys.create(name, ("send",))[1]


def sent(api: Api, key: str, times: int) -> list[str]:
    return [api.post("/send", {"to": TO, "body": f"text {n}"}, key).get_json()["id"] for n in range(times)]


def paged(api: Api, key: str, limit: int, filters: str = "") -> list[str]:
    found: list[str] = []
    cursor = ""
    while True:
        page = api.get(f"/intents?limit={limit}{filters}{cursor}", key).get_json()
        assert len(page["intents"]) <= limit
        found += [intent["id"] for intent in page["intents"]]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


@pytest.mark.parametrize(("limit", "filters"), [(1, ""), (2, ""), (7, ""), (200, ""), (2, "&status=queued")])
def test_intents_of_one_millisecond_are_all_listed_once(
    api: Api, monkeypatch: pytest.MonkeyPatch, limit: int, filters: str
) -> None:
    key = an_application(api, f"burst-{limit}-{len(filters)}")
    now = datetime.now(UTC)
    made: list[str] = []
    for moment in (now, now + timedelta(milliseconds=1)):
        monkeypatch.setattr(SystemClock, "now", lambda self, moment=moment: moment)
        made += sent(api, key, 7)
    listed = paged(api, key, limit, filters)
    assert sorted(listed) == sorted(made)
    assert set(listed[:7]) == set(made[7:])


@pytest.mark.parametrize(("limit", "at_once"), [(1, 4), (3, 4), (4, 4), (2, 2), (1, 1)])
def test_more_of_one_millisecond_than_are_read_at_once_are_all_listed_once(
    api: Api, monkeypatch: pytest.MonkeyPatch, limit: int, at_once: int
) -> None:
    key = an_application(api, f"crowd-{limit}-{at_once}")
    older = sent(api, key, 2)
    moment = datetime.now(UTC) + timedelta(seconds=1)
    monkeypatch.setattr(SystemClock, "now", lambda self: moment)
    crowd = sent(api, key, 11)
    monkeypatch.setattr(intents, "LARGEST_LIMIT", at_once)
    listed = paged(api, key, limit)
    assert listed[-2:] == older[::-1]
    assert sorted(listed[:-2]) == sorted(crowd)


def test_a_search_finds_ones_own_behind_many_of_another_application(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet, busy = an_application(api, "quiet"), an_application(api, "busy")
    own = sent(api, quiet, 2)
    sent(api, busy, 9)
    monkeypatch.setattr(intents, "LARGEST_LIMIT", 4)
    found = api.post("/intents/search", {"to": TO}, quiet).get_json()["intents"]
    assert [intent["id"] for intent in found] == own[::-1]
    assert len(api.post("/intents/search", {"to": TO, "limit": 1}, quiet).get_json()["intents"]) == 1


def test_what_arrives_meanwhile_moves_no_page(api: Api) -> None:
    key = an_application(api, "arriving")
    first = sent(api, key, 4)
    page = api.get("/intents?limit=2", key).get_json()
    sent(api, key, 3)
    after = api.get(f"/intents?limit=2&cursor={page['next_cursor']}", key).get_json()
    assert [intent["id"] for intent in after["intents"]] == first[1::-1]


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "nan", "MTIz", "====", "%00", "%C3%A9", *(
        base64.urlsafe_b64encode(text).decode()
        for text in (b"-5.", b"1_0.", b" 5.", b"5", b"5.x", b"9" * 16 + b".", "\u0663.".encode(), b"5.\n")
    )],
)  # fmt: skip
def test_a_cursor_that_no_page_gave_is_refused(api: Api, cursor: str) -> None:
    problem = problem_of(api.get(f"/intents?cursor={cursor}"))
    assert (problem["code"], problem["errors"][0]["field"]) == ("invalid_request", "cursor")


@pytest.mark.parametrize("limit", ["0", "-1", "201", "abc", "", "1.5", "%2B5", "5%20", "1e2", "%C2%B2", "9" * 4400])
def test_a_limit_outside_its_bounds_is_refused(api: Api, limit: str) -> None:
    problem = problem_of(api.get(f"/intents?limit={limit}"))
    assert (problem["code"], problem["errors"][0]["field"]) == ("invalid_request", "limit")
