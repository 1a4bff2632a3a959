"""The opt-out list over HTTP: check, put, remove, list; and what a removal cannot do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.model import SuppressionEntry
from tests.api.conftest import Api, problem_of
from tests.stack import KEY


def ask(api: Api, method: str, path: str, body: Any = None, key: str = KEY) -> TestResponse:
    found: TestResponse = api.app.test_client().open(
        path, method=method, json=body, headers={"Authorization": f"Bearer {key}"}
    )
    return found


def put(api: Api, to: str, **more: Any) -> dict[str, Any]:
    answer = ask(api, "PUT", "/suppressions", {"to": to, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def check(api: Api, to: str) -> dict[str, Any]:
    found: dict[str, Any] = ask(api, "POST", "/suppressions/check", {"to": to}).get_json()
    return found


def stands(api: Api, to: str, scope: str, source: str) -> None:
    api.gateway.suppressions.add(to, SuppressionEntry(scope, source, datetime.now(UTC), "recipient", "test"))


def test_a_number_that_is_put_is_found_and_not_written_to(api: Api) -> None:
    assert check(api, "+14155550141") == {"suppressed": False, "entries": []}
    put(api, "+14155550141", scope="all", reason="asked by phone")
    found = check(api, "+1 (415) 555-0141")
    assert found["suppressed"] is True
    assert [(e["scope"], e["source"]) for e in found["entries"]] == [("all", "api")]
    answer = api.post("/send", {"to": "+14155550141", "body": "Hello."})
    assert (answer.status_code, problem_of(answer)["code"]) == (422, "recipient_opted_out")


def test_a_national_number_is_the_same_number(api: Api) -> None:
    ask(api, "PUT", "/suppressions", {"to": "020 7946 0018", "country": "GB", "scope": "voice", "reason": ""})
    assert check(api, "+442079460018")["suppressed"] is True


def test_an_email_address_is_found_whatever_the_case_of_its_domain(api: Api) -> None:
    put(api, "ann@Example.com", scope="email")
    assert check(api, "ann@example.COM")["suppressed"] is True


def test_putting_twice_leaves_one_entry(api: Api) -> None:
    put(api, "+14155550142", scope="sms")
    assert len(put(api, "+14155550142", scope="sms")["entries"]) == 1


@pytest.mark.parametrize(("method", "path"), [("POST", "/suppressions/remove"), ("DELETE", "/suppressions")])
@pytest.mark.parametrize(
    ("source", "block"),
    [("keyword", "may remain"), ("opt_out_type", "may remain"), ("21610_callback", "may remain"), ("api", None)],
)
def test_a_removal_says_where_twilio_may_keep_a_block(
    api: Api, method: str, path: str, source: str, block: str | None
) -> None:
    stands(api, "+14155550143", "sms", source)
    answer = ask(api, method, path, {"to": "+14155550143", "scope": "sms"}).get_json()
    assert answer["provider_block"] == block
    assert [(e["scope"], e["source"]) for e in answer["removed"]] == [("sms", source)]
    assert (answer["suppressed"], answer["entries"]) == (False, [])


def test_a_channel_is_removed_alone_and_all_means_everything(api: Api) -> None:
    for scope in ("all", "sms", "voice"):
        stands(api, "+14155550144", scope, "api")
    left = ask(api, "POST", "/suppressions/remove", {"to": "+14155550144", "scope": "sms"}).get_json()
    assert sorted(e["scope"] for e in left["entries"]) == ["all", "voice"]
    left = ask(api, "POST", "/suppressions/remove", {"to": "+14155550144", "scope": "all"}).get_json()
    assert left["entries"] == []


def test_every_change_keeps_who_when_and_why(api: Api) -> None:
    _, secret = api.gateway.keys.create("support", ["suppressions"])
    ask(api, "PUT", "/suppressions", {"to": "+14155550145", "scope": "all", "reason": "a letter"}, secret)
    ask(api, "POST", "/suppressions/remove", {"to": "+14155550145", "scope": "all", "reason": "a mistake"}, secret)
    removed, added = api.gateway.suppressions.changes("+14155550145")
    assert [(c.action, c.entry.who, c.entry.why) for c in (added, removed)] == [
        ("add", "support", "a letter"),
        ("remove", "support", "a mistake"),
    ]
    assert [e.why for e in removed.taken] == ["a letter"]


def test_the_list_is_masked_and_comes_page_by_page(api: Api) -> None:
    for last in range(20):
        put(api, f"+1415555015{last % 10}" if last < 10 else f"+1415555016{last % 10}", scope="whatsapp")
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        query = f"?limit=7&cursor={cursor}" if cursor else "?limit=7"
        page = ask(api, "GET", f"/suppressions{query}").get_json()
        assert len(page["suppressions"]) <= 7
        found += page["suppressions"]
        cursor = page["next_cursor"]
    assert len(found) == api.gateway.suppressions.count()
    assert {row["to"][-4:] for row in found if row["to"].startswith("+")} == {"****"}
    assert all(set(e) == {"scope", "source", "at", "who", "why"} for row in found for e in row["entries"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"to": "+14155550141", "scope": "fax"}, "scope"),
        ({"to": "nobody@", "scope": "all"}, "to"),
        ({"to": "+14155550141", "scope": "all", "extra": 1}, "extra"),
        ({"scope": "all"}, "to"),
    ],
)
def test_what_is_wrong_is_named(api: Api, body: dict[str, Any], field: str) -> None:
    answer = ask(api, "PUT", "/suppressions", body)
    assert (answer.status_code, problem_of(answer)["code"]) == (400, "invalid_request")
    assert [e["field"] for e in answer.get_json()["errors"]] == [field]


def test_a_cursor_that_no_page_gave_is_refused(api: Api) -> None:
    assert problem_of(ask(api, "GET", "/suppressions?cursor=zz"))["code"] == "invalid_request"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/suppressions/check"), ("PUT", "/suppressions"), ("POST", "/suppressions/remove"),
        ("DELETE", "/suppressions"), ("GET", "/suppressions"),
    ],
)  # fmt: skip
def test_a_key_without_the_scope_may_not(api: Api, method: str, path: str) -> None:
    _, secret = api.gateway.keys.create("sender", ["send"])
    answer = ask(api, method, path, {"to": "+14155550141"}, secret)
    assert (answer.status_code, problem_of(answer)["code"]) == (403, "forbidden")
