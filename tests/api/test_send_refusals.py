"""A test per row of the table of errors: status, code, and the field where one is to blame."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.model import SuppressionEntry
from tests.api.conftest import Api, problem_of

MOBILE = "+14155550100"
HELLO = {"to": MOBILE, "body": "Hello."}
FAR = (datetime.now(UTC) + timedelta(days=36)).isoformat()

WRONG_SHAPES: dict[str, tuple[Any, str]] = {
    "no recipient": ({"body": "Hello."}, "to"),
    "recipient of a wrong type": ({"to": 14155550100, "body": "Hello."}, "to"),
    "recipient too long": ({"to": "+1" + "4" * 63, "body": "Hello."}, "to"),
    "unknown field": (HELLO | {"mesage": "x"}, "mesage"),
    "unknown field in content": (HELLO | {"content": {"sms": {"media": []}}}, "content.sms.media"),
    "no body": ({"to": MOBILE}, "body"),
    "empty body": ({"to": MOBILE, "body": ""}, "body"),
    "body too long": ({"to": MOBILE, "body": "x" * 1601}, "body"),
    "body of a wrong type": ({"to": MOBILE, "body": ["Hello."]}, "body"),
    "country not alpha-2": (HELLO | {"country": "USA"}, "country"),
    "country without numbers": ({"to": "4155550100", "body": "Hello.", "country": "XX"}, "country"),
    "unknown purpose": (HELLO | {"purpose": "spam"}, "purpose"),
    "unknown channel": (HELLO | {"channels": ["pigeon"]}, "channels"),
    "no channels": (HELLO | {"channels": []}, "channels"),
    "unconfigured flow": ({"to": MOBILE, "flow": "nowhere"}, "flow"),
    "parameters without flow": (HELLO | {"parameters": {"a": 1}}, "parameters"),
    "parameters too large": ({"to": MOBILE, "flow": "welcome", "parameters": {"a": "x" * 8200}}, "parameters"),
    "identity too short": (HELLO | {"identity": "ann"}, "identity"),
    "identity that is an address": (HELLO | {"identity": "ann@example.com"}, "identity"),
    "not an e-mail address": (HELLO | {"email": "ann at example"}, "email"),
    "send_at without zone": (HELLO | {"send_at": "2030-01-01T08:00:00"}, "send_at"),
    "send_at as seconds": (HELLO | {"send_at": "1795557471"}, "send_at"),
    "send_at without seconds": (HELLO | {"send_at": "2026-11-24T21:57Z"}, "send_at"),
    "send_at with an underscore": (HELLO | {"send_at": "2026-11-24_21:57:51Z"}, "send_at"),
    "send_at with an offset of four digits": (HELLO | {"send_at": "2026-11-24T21:57:51+0000"}, "send_at"),
    "send_at too far": (HELLO | {"send_at": FAR}, "send_at"),
    "ttl of a wrong type": (HELLO | {"ttl_seconds": "60"}, "ttl_seconds"),
    "ttl of nothing": (HELLO | {"ttl_seconds": 0}, "ttl_seconds"),
    "negative lookup age": (HELLO | {"max_lookup_age_seconds": -1}, "max_lookup_age_seconds"),
    "callback by http": (HELLO | {"callback_url": "http://app.example.com/"}, "callback_url"),
    "callback that is no URL": (HELLO | {"callback_url": "nonsense"}, "callback_url"),
    "metadata of numbers": (HELLO | {"metadata": {"order": 5}}, "metadata.order"),
    "too much metadata": (HELLO | {"metadata": {str(n): "x" for n in range(17)}}, "metadata"),
    "dialing where the purpose does not": (HELLO | {"content": {"voice": {"dial": MOBILE}}}, "content.voice.dial"),
}


@pytest.mark.parametrize(("body", "field"), WRONG_SHAPES.values(), ids=WRONG_SHAPES)
def test_a_wrong_body_is_refused_with_the_field_named(api: Api, body: Any, field: str) -> None:
    answer = api.post("/send", body)
    assert answer.status_code == 400
    document = problem_of(answer)
    assert document["code"] == "invalid_request"
    assert field in [error["field"] for error in document["errors"]]


NUMBERS: dict[str, tuple[dict[str, Any], str]] = {
    "letters": ({"to": "1-800-FLOWERS", "country": "US"}, "invalid_number"),
    "too short for the country": ({"to": "+1415555"}, "invalid_number"),
    "lookup says invalid": ({"to": "+14155550130"}, "invalid_number"),
    "national without country": ({"to": "(415) 555-0100"}, "ambiguous_number"),
    "short code": ({"to": "72345", "country": "US"}, "short_code"),
    "emergency number": ({"to": "911", "country": "US"}, "short_code"),
    "sip host not configured": ({"to": "sip:ann@pbx.example.com"}, "invalid_number"),
}


@pytest.mark.parametrize(("body", "code"), NUMBERS.values(), ids=NUMBERS)
def test_a_number_that_cannot_be_one_is_refused(api: Api, body: dict[str, Any], code: str) -> None:
    answer = api.post("/send", body | {"body": "Hello."})
    assert answer.status_code == 400
    document = problem_of(answer)
    assert document["code"] == code


POLICY_SAYS_NO: dict[str, tuple[dict[str, Any], str]] = {
    "country": ({"to": "+447700900100"}, "country_not_allowed"),
    "no route for the line type": ({"to": "+14155550127"}, "no_route"),
    "no proof can be taken": ({"to": "+14155550120", "purpose": "mfa"}, "no_route"),
    "narrowed to nothing": ({"to": "+14155550110", "channels": ["sms"]}, "no_route"),
}


@pytest.mark.parametrize(("body", "code"), POLICY_SAYS_NO.values(), ids=POLICY_SAYS_NO)
def test_the_policy_refuses(api: Api, body: dict[str, Any], code: str) -> None:
    answer = api.post("/send", {"body": "Hello."} | body)
    assert answer.status_code == 422
    assert problem_of(answer)["code"] == code


def test_a_recipient_who_opted_out_of_everything_is_refused_before_anything_is_paid(api: Api) -> None:
    number = "+14155550101"
    api.gateway.suppressions.add(number, SuppressionEntry("all", "api", datetime.now(UTC), "test", "asked"))
    before = len(api.asked())
    answer = api.post("/send", {"to": number, "body": "Hello."})
    assert (answer.status_code, problem_of(answer)["code"]) == (422, "recipient_opted_out")
    assert len(api.asked()) == before


def test_lookup_away_refuses_where_the_purpose_says_reject(api: Api) -> None:
    answer = api.post("/send", {"to": "+14155550133", "body": "Hello.", "purpose": "strict"})
    assert (answer.status_code, problem_of(answer)["code"]) == (503, "lookup_unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def test_lookup_away_defers_where_the_purpose_says_so(api: Api) -> None:
    answer = api.post("/send", {"to": "+12125550133", "body": "Hello."})
    document = answer.get_json()
    assert (answer.status_code, document["status"], document["channel"]) == (202, "pending_lookup", None)
    assert document["lookup"] == {"source": "deferred", "age_seconds": None}


@pytest.mark.parametrize("key", [None, "", "wrong", "gw_live_" + "x" * 43])
def test_without_a_key_nothing_is_let_in(api: Api, key: str | None) -> None:
    answer = api.post("/send", HELLO, key=key)
    assert (answer.status_code, problem_of(answer)["code"]) == (401, "unauthenticated")
    assert "Bearer" in answer.headers["WWW-Authenticate"]


def test_a_key_without_the_scope_is_forbidden(api: Api) -> None:
    _, secret = api.gateway.keys.create("support", {"lookup"})
    answer = api.post("/send", HELLO, key=secret)
    assert (answer.status_code, problem_of(answer)["code"]) == (403, "forbidden")


def test_a_key_without_the_purpose_is_forbidden(api: Api) -> None:
    _, secret = api.gateway.keys.create("shop", {"send"}, purposes=("low_risk",))
    assert api.post("/send", HELLO | {"purpose": "low_risk"}, key=secret).status_code == 202
    answer = api.post("/send", HELLO, key=secret)
    assert (answer.status_code, problem_of(answer)["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("data", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "invalid_request"),
        (b"", "application/json", 400, "invalid_request"),
        (b"[]", "application/json", 400, "invalid_request"),
        (b'"text"', "application/json", 400, "invalid_request"),
        (b"\xff\xfe", "application/json", 400, "invalid_request"),
        (b"to=%2B14155550100", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b"{}", "text/plain", 415, "unsupported_media_type"),
        (b'{"to": "' + b"x" * 300_000 + b'"}', "application/json", 413, "too_large"),
    ],
    ids=["cut off", "empty", "array", "text", "not utf-8", "form", "text/plain", "too large"],
)
def test_what_is_not_json_is_refused(api: Api, data: bytes, content_type: str, status: int, code: str) -> None:
    answer = api.raw("/send", data, content_type)
    assert (answer.status_code, problem_of(answer)["code"]) == (status, code)


def test_unknown_paths_and_methods_are_problems_too(api: Api) -> None:
    assert problem_of(api.get("/nothing"))["code"] == "not_found"
    wrong_method = api.get("/send")
    assert (wrong_method.status_code, problem_of(wrong_method)["code"]) == (405, "method_not_allowed")
    assert wrong_method.headers["Allow"] == "POST"


def test_too_many_requests_of_one_key_are_limited(api: Api) -> None:
    _, secret = api.gateway.keys.create("eager", {"send"}, requests_per_second=1)
    answers = (api.post("/route?lookup=offline", HELLO, key=secret) for _ in range(100))
    limited = next(a for a in answers if a.status_code == 429)
    assert problem_of(limited)["code"] == "rate_limited"
    assert int(limited.headers["Retry-After"]) >= 1
