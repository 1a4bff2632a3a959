"""The rows of the table of errors that need a stricter configuration: denials, caps and the lookup budget."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import sandbox, wiring
from gateway.adapters.store.connection import connect
from gateway.app import create_app
from gateway.settings import Settings
from tests.api.conftest import Api, problem_of
from tests.stack import FLOW_CONFIG, environment

CONFIG = (
    FLOW_CONFIG
    + """
[policy]
deny_line_types = ["landline"]
deny_carriers = ["t-mobile*"]

[purposes.careful]
mobile = ["sms"]
nonFixedVoip = ["sms"]
on_lookup_failure = "reject"

[limits]
recipient_per_hour = 3
recipient_same_body_per_hour = 2
prefix_per_hour = 6
prefix_digits = 8

[budget]
lookups_per_day = 8
"""
)


@pytest.fixture
def api(redis_url: str, tmp_path: Path) -> Iterator[Api]:
    file = tmp_path / "gateway.toml"
    file.write_text(CONFIG)
    connect(redis_url).flushall()
    with sandbox.start_in_thread(sandbox.SandboxOptions(port=0)) as twilio:
        gateway = wiring.build(Settings.load(file, environment(redis_url, twilio.url, "http://127.0.0.1:9")))
        yield Api(gateway, create_app(gateway), twilio)


def _refused(api: Api, to: str, purpose: str = "careful", body: str = "Hello.") -> tuple[int, str]:
    answer = api.post("/send", {"to": to, "body": body, "purpose": purpose})
    return answer.status_code, problem_of(answer)["code"] if answer.status_code != 202 else "accepted"


def test_a_denied_line_type_is_refused(api: Api) -> None:
    assert _refused(api, "+14155550110", "notification") == (422, "line_type_not_supported")


def test_a_denied_carrier_is_refused_whatever_the_case(api: Api) -> None:
    assert _refused(api, "+14155550100") == (422, "carrier_not_allowed")


def test_one_recipient_gets_only_so_many(api: Api) -> None:
    said = [_refused(api, "+14155550120", body=f"Number {n}.") for n in range(4)]
    assert said == [(202, "accepted")] * 3 + [(429, "recipient_rate_limited")]


def test_the_same_text_to_one_recipient_is_capped_sooner(api: Api) -> None:
    said = [_refused(api, "+14155550120") for _ in range(3)]
    assert said == [(202, "accepted")] * 2 + [(429, "recipient_rate_limited")]
    assert _refused(api, "+14155550120", body="Something else.") == (202, "accepted")


def test_the_dry_run_knows_of_the_cap_and_counts_nothing(api: Api) -> None:
    body = {"to": "+14155550120", "body": "Again.", "purpose": "careful"}
    for _ in range(4):
        assert api.post("/route", body).status_code == 200
    assert [_refused(api, "+14155550120", body="Again.")[0] for _ in range(2)] == [202, 202]
    refused = api.post("/route", body)
    assert (refused.status_code, problem_of(refused)["code"]) == (429, "recipient_rate_limited")
    assert int(refused.headers["Retry-After"]) >= 1


def test_a_refused_intent_does_not_count_against_its_recipient(api: Api) -> None:
    for _ in range(4):
        assert _refused(api, "+14155550110", "notification")[0] == 422
    assert _refused(api, "+14155550120") == (202, "accepted")


def test_beyond_the_range_cap_nobody_in_the_range_is_reached(api: Api) -> None:
    codes = []
    for n in range(8):
        api.gateway.client.delete(*(api.gateway.client.keys("gw:cap:any*") or ["none"]))
        codes.append(_refused(api, "+14155550120", body=f"Text {n}."))
    assert codes == [(202, "accepted")] * 6 + [(429, "destination_rate_limited")] * 2


def test_beyond_the_budget_a_purpose_that_rejects_says_so(api: Api) -> None:
    areas = (201, 212, 213, 303, 305, 312, 404, 503, 512, 602)
    said = [_refused(api, f"+1{area}5550120") for area in areas]
    assert (429, "budget_exhausted") in said
    first = said.index((429, "budget_exhausted"))
    assert first == 8
    answer = api.post("/send", {"to": "+16175550120", "body": "Hello.", "purpose": "careful"})
    assert int(answer.headers["Retry-After"]) > 0
    assert len([one for one in api.asked() if one["paid"]]) == 8
