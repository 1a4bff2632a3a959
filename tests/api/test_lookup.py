"""`POST /lookup`: what is answered, what it costs, and who asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway import sandbox, wiring
from gateway.adapters.store.connection import connect
from gateway.app import create_app
from gateway.model import LineType
from gateway.settings import Settings
from tests.stack import KEY, environment

MOBILE, VOIP, TOO_SHORT = "+14155550100", "+14155550120", "+14155550130"
Ask = Callable[..., Any]


@pytest.fixture
def twilio() -> Iterator[sandbox.RunningSandbox]:
    with sandbox.start_in_thread(sandbox.SandboxOptions(port=0)) as running:
        yield running


@pytest.fixture
def ask(redis_url: str, twilio: sandbox.RunningSandbox, tmp_path: Path) -> Iterator[Ask]:
    connect(redis_url).flushall()
    file = tmp_path / "gateway.toml"
    file.write_text(f'[budget]\nlookups_per_day = 3\n[sandbox]\nbase_url = "{twilio.url}"\n')
    gateway = wiring.build(Settings.load(file, environment(redis_url, twilio.url, "http://127.0.0.1:8000")))
    client = create_app(gateway).test_client()

    def post(to: str = MOBILE, key: str = KEY, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {key}"}
        return client.post("/lookup", json={"to": to} | more, headers=headers)

    post.gateway = gateway  # type: ignore[attr-defined]
    yield post


def paid(twilio: sandbox.RunningSandbox) -> dict[str, Any]:
    found: dict[str, Any] = requests.get(f"{twilio.url}/_sandbox/counts", timeout=10).json()["paid_lookups"]
    return found


def test_the_whole_answer(ask: Ask) -> None:
    answer = ask("(415) 555-0100", country="US")
    assert answer.status_code == 200
    found = answer.get_json()
    assert found.pop("looked_up_at").endswith("Z")
    assert found == {
        "phone_number": MOBILE,
        "valid": True,
        "validation_errors": [],
        "country": "US",
        "national_format": "(415) 555-0100",
        "line_type": "mobile",
        "carrier": "T-Mobile USA, Inc.",
        "mobile_country_code": "310",
        "mobile_network_code": "260",
        "caller_name": None,
        "sim_swap": None,
        "flags": [],
        "source": "live",
        "lookup_version": "v2",
        "errors": {},
    }


def test_the_second_answer_is_the_caches_and_as_full(ask: Ask, twilio: sandbox.RunningSandbox) -> None:
    first, second = ask().get_json(), ask().get_json()
    moments = [datetime.fromisoformat(one.pop("looked_up_at")) for one in (first, second)]
    assert abs(moments[0] - moments[1]) <= timedelta(milliseconds=1)
    assert second == first | {"source": "cache"}
    assert paid(twilio) == {MOBILE: {"line_type_intelligence": 1}}
    assert ask(max_age_seconds=0).get_json()["source"] == "live"


def test_a_field_costs_only_when_it_is_asked_for(ask: Ask, twilio: sandbox.RunningSandbox) -> None:
    free = ask(fields=[]).get_json()
    assert (free["valid"], free["line_type"], free["caller_name"]) == (True, None, None)
    assert paid(twilio) == {}
    named = ask(fields=["caller_name"]).get_json()
    assert (named["line_type"], named["caller_name"]) == (None, "SANDBOX PERSON")
    assert paid(twilio) == {MOBILE: {"caller_name": 1}}


def test_a_flagged_line_type_is_flagged(ask: Ask) -> None:
    assert ask(VOIP).get_json()["flags"] == ["nonFixedVoip"]


def test_an_invalid_number_is_an_answer_and_not_paid(ask: Ask, twilio: sandbox.RunningSandbox) -> None:
    found = ask(TOO_SHORT).get_json()
    assert (found["valid"], found["validation_errors"]) == (False, ["TOO_SHORT"])
    assert paid(twilio) == {}


def test_a_package_without_an_answer_says_why(ask: Ask) -> None:
    found = ask("+14155550135").get_json()
    assert (found["line_type"], found["errors"]) == ("unknown", {"line_type_intelligence": 60600})


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"fields": ["sms_pumping_risk"]}, "invalid_request", "fields"),
        ({"fields": "caller_name"}, "invalid_request", "fields"),
        ({"to": "415 555 0100"}, "ambiguous_number", "to"),
        ({"to": "+1415"}, "invalid_number", "to"),
        ({"to": "911", "country": "US"}, "short_code", "to"),
        ({"country": "USA"}, "invalid_request", "country"),
        ({"max_age_seconds": -1}, "invalid_request", "max_age_seconds"),
        ({"purpose": "mfa"}, "invalid_request", "purpose"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_asked(
    ask: Ask, twilio: sandbox.RunningSandbox, body: dict[str, Any], code: str, field: str
) -> None:
    answer = ask(**({"to": MOBILE} | body))
    assert (answer.status_code, answer.get_json()["code"]) == (400, code)
    assert [each["field"] for each in answer.get_json()["errors"]] == [field]
    assert requests.get(f"{twilio.url}/_sandbox/requests", timeout=10).json()["total"] == 0


def test_without_the_scope_nothing_is_asked(ask: Ask, twilio: sandbox.RunningSandbox) -> None:
    assert ask(key="gw_nobody").status_code == 401
    assert requests.get(f"{twilio.url}/_sandbox/requests", timeout=10).json()["total"] == 0


def test_beyond_the_budget_it_is_refused_until_midnight(ask: Ask, twilio: sandbox.RunningSandbox) -> None:
    answers = [ask(f"+1415555010{n}") for n in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].get_json()["code"] == "budget_exhausted"
    assert 0 < int(answers[3].headers["Retry-After"]) <= 86_400
    assert len(paid(twilio)) == 3


def test_a_lookup_that_is_away_is_told(ask: Ask) -> None:
    answer = ask("+14155550132")
    assert (answer.status_code, answer.get_json()["code"]) == (503, "lookup_unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def test_what_a_send_error_taught_later_is_told_too(ask: Ask) -> None:
    gateway: Any = ask.gateway  # type: ignore[attr-defined]
    ask()
    gateway.learned.learn(MOBILE, LineType.LANDLINE, "30006", gateway.clock.now())
    found = ask().get_json()
    assert (found["line_type"], found["source"]) == ("landline", "learned")


def test_what_real_traffic_taught_is_not_told_of_a_test(ask: Ask, twilio: sandbox.RunningSandbox) -> None:
    gateway: Any = ask.gateway  # type: ignore[attr-defined]
    _, secret = gateway.keys.create("shop", ["lookup"], test=True)
    gateway.learned.learn(MOBILE, LineType.LANDLINE, "30006", gateway.clock.now())
    found = ask(key=secret).get_json()
    assert (found["line_type"], found["source"]) == ("mobile", "live")
    assert gateway.ledger.totals().get("paid", (0,))[0] == 0


def test_who_asked_and_why_is_kept_without_the_number(ask: Ask, redis_url: str) -> None:
    gateway: Any = ask.gateway  # type: ignore[attr-defined]
    ask(fields=["caller_name"], reason="chargeback 4711")
    ask("+14155550101")
    (asked,) = gateway.lookup_audit.of(MOBILE)
    assert (asked.fields, asked.why) == (("caller_name",), "chargeback 4711")
    assert asked.who
    assert len(gateway.lookup_audit.newest()) == 2
    stored = repr(connect(redis_url).xrange("gw:lookup:audit")).encode()
    assert b"4155550100" not in stored
