"""Lookup cannot answer, or has no answer: each purpose has its own rule, and the caller is told what was used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway import pipeline, sandbox, wiring
from gateway.adapters.store import names
from gateway.adapters.store.connection import connect
from gateway.app import create_app
from gateway.model import SuppressionEntry
from gateway.settings import Settings
from tests.stack import KEY, environment

RULES = ("reject", "offline", "stale", "defer")
TIMES = "[lookup]\ntimeout_ms = {}\nrequest_budget_ms = 20000\nmax_retries = 1\nretry_backoff_ms = 20\n"
CONFIG = TIMES.format(10_000) + "".join(
    f'[purposes.{rule}]\nmobile = ["sms"]\nunknown = ["sms"]\non_lookup_failure = "{rule}"\n' for rule in RULES
)
CAREFUL = '[purposes.careful]\nmobile = ["sms"]\nmax_lookup_age_seconds = 86400\n'
KNOWN, NEW, TOLL_FREE, CANADIAN = "+14155550100", "+14155550101", "+18005550100", "+14165550137"
TYPE = "line_type_intelligence"


class Watch:
    """The wall clock, which a test may move on."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class House:
    gateway: wiring.Gateway
    app: Any
    clock: Watch
    twilio: sandbox.RunningSandbox

    def send(self, to: str, purpose: str, **more: Any) -> Any:
        body = {"to": to, "purpose": purpose, "body": "Your order has shipped."} | more
        return self.app.test_client().post("/send", json=body, headers={"Authorization": f"Bearer {KEY}"})

    def source(self, to: str, purpose: str, **more: Any) -> str:
        answer = self.send(to, purpose, **more)
        assert answer.status_code == 202, answer.text
        return str(answer.get_json()["lookup"]["source"])

    def fault(self, kind: str, **more: Any) -> None:
        rule = {"kind": kind, "product": "lookup"} | more
        answer = requests.post(f"{self.twilio.url}/_sandbox/faults", json={"faults": [rule]}, timeout=10)
        answer.raise_for_status()

    def asked(self) -> int:
        query = {"product": "lookup"}
        return int(requests.get(f"{self.twilio.url}/_sandbox/requests", params=query, timeout=10).json()["total"])


def opened(house: House) -> None:
    house.gateway.client.hset(names.breaker("lookup"), "open_until", 2**52)


FAILURES: Mapping[str, tuple[Callable[[House], None], str]] = {
    "5xx": (lambda house: house.fault("5xx_before"), "http_500"),
    "silence": (lambda house: house.fault("timeout_before"), "no_answer"),
    "429": (lambda house: house.fault("429"), "throttled"),
    "breaker": (opened, "breaker_open"),
}


@pytest.fixture
def start(redis_url: str, tmp_path: Path) -> Iterator[Callable[[str], House]]:
    connect(redis_url).flushall()
    clock, begun = Watch(), []

    def run(config: str) -> House:
        file = tmp_path / "gateway.toml"
        file.write_text(config)
        settings = Settings.load(file, environment(redis_url, twilio.url, "http://127.0.0.1:9"))
        gateway = wiring.build(settings, clock=clock)
        begun.append(gateway)
        return House(gateway, create_app(gateway), clock, twilio)

    with sandbox.start_in_thread(sandbox.SandboxOptions(port=0, hold_ms=1000)) as twilio:
        yield run
    for gateway in begun:
        gateway.ledger.flush()  # or it would be written while the next test counts


@pytest.fixture(params=FAILURES)
def away(request: pytest.FixtureRequest, start: Callable[[str], House]) -> tuple[House, str]:
    """KNOWN was looked up eight days ago, which is too old; now Lookup is away."""
    house = start(CONFIG)
    assert house.source(KNOWN, "defer") == "live"
    if request.param == "silence":
        house = start(CONFIG.replace(TIMES.format(10_000), TIMES.format(150)))
    house.clock.ahead = timedelta(days=8)
    begin, cause = FAILURES[request.param]
    begin(house)
    return house, cause


def test_when_lookup_is_away_the_purpose_decides(away: tuple[House, str]) -> None:
    house, cause = away
    refused = house.send(NEW, "reject")
    document = refused.get_json()
    assert (refused.status_code, document["code"]) == (503, "lookup_unavailable")
    assert document["detail"].endswith(cause)
    assert int(refused.headers["Retry-After"]) > 0
    assert house.source(NEW, "offline") == "offline"
    assert house.source(KNOWN, "stale") == "stale"
    assert house.source(NEW, "stale") == "deferred"


def test_a_deferred_intent_waits_for_its_lookup(away: tuple[House, str]) -> None:
    house, _ = away
    found = house.send(NEW, "defer").get_json()
    assert (found["status"], found["channel"], found["lookup"]["source"]) == ("pending_lookup", None, "deferred")
    assert (found["route"], found["final"]) == ([], False)


def test_nothing_is_paid_for_somebody_who_opted_out_while_the_intent_waited(start: Callable[[str], House]) -> None:
    house = start(CONFIG)
    opened(house)
    intent_id = house.send(NEW, "defer").get_json()["id"]
    house.gateway.client.delete(names.breaker("lookup"))
    entry = SuppressionEntry("all", "keyword", house.clock.now())
    house.gateway.suppressions.add(NEW, entry)
    asked = house.asked()
    ended = pipeline.run(house.gateway.house, intent_id)
    assert ended is not None and ended.failure is not None
    assert (ended.status, ended.failure.code, house.asked()) == ("suppressed", "recipient_opted_out", asked)


def test_a_stale_answer_says_so_and_how_old_it_is(away: tuple[House, str]) -> None:
    house, _ = away
    found = house.send(KNOWN, "stale").get_json()
    assert (found["line_type"], found["flags"], found["route"]) == ("mobile", ["stale_lookup"], ["sms"])
    assert 8 * 86_400 <= found["lookup"]["age_seconds"] < 8 * 86_400 + 60
    (told,) = [reason["detail"] for reason in found["reasons"] if reason["code"] == "stale_lookup"]
    assert told == "mobile: looked up 8 days ago, since Lookup is away"


def test_an_invalid_number_is_asked_about_once_an_hour(start: Callable[[str], House]) -> None:
    house, invalid = start(CONFIG), "+14155550130"

    def refusal() -> str:
        return str(house.send(invalid, "defer").get_json()["code"])

    assert [refusal(), refusal()] == ["invalid_number"] * 2
    once = house.asked()
    house.clock.ahead = timedelta(minutes=59)
    assert (refusal(), house.asked()) == ("invalid_number", once)
    house.clock.ahead = timedelta(minutes=61)
    assert refusal() == "invalid_number"
    assert house.asked() > once
    assert house.gateway.ledger.totals().get("paid", (0,))[0] == 0


def test_the_purpose_and_the_request_say_how_old_an_answer_may_be(start: Callable[[str], House]) -> None:
    house = start(CONFIG + CAREFUL)
    assert house.source(KNOWN, "careful") == "live"
    house.clock.ahead = timedelta(hours=23)
    assert house.source(KNOWN, "careful") == "cache"
    house.clock.ahead = timedelta(hours=25)
    assert house.source(KNOWN, "defer") == "cache"
    assert house.source(KNOWN, "defer", max_lookup_age_seconds=100_000) == "cache"
    assert house.source(KNOWN, "careful", max_lookup_age_seconds=100_000) == "live", "the stricter of the two"
    house.clock.ahead = timedelta(hours=26)
    assert house.source(KNOWN, "defer", max_lookup_age_seconds=1800) == "live"


def test_a_line_type_may_be_believed_for_less_than_others(start: Callable[[str], House]) -> None:
    house = start(CONFIG + "[cache.line_type_ttl_seconds]\nmobile = 7200\n")
    assert [house.source(KNOWN, "defer"), house.source(CANADIAN, "notification")] == ["live", "live"]
    house.clock.ahead = timedelta(minutes=119)
    assert house.source(KNOWN, "defer") == "cache"
    house.clock.ahead = timedelta(minutes=121)
    assert house.source(KNOWN, "defer") == "live"


def test_a_number_without_an_answer_is_unknown_and_goes_by_its_own_rule(start: Callable[[str], House]) -> None:
    house = start(CONFIG)
    found = house.send(CANADIAN, "notification").get_json()
    assert (found["country"], found["line_type"], found["route"]) == ("CA", "unknown", ["sms"])
    assert found["reasons"][0]["detail"] == "notification: unknown goes by sms"
    asked = house.asked()
    assert house.source(CANADIAN, "notification") == "cache"
    assert house.asked() == asked


def test_the_offline_provider_tells_only_what_the_digits_tell_for_certain(start: Callable[[str], House]) -> None:
    house = start('[lookup]\nprovider = "offline"\n[policy]\nallow_countries = []\n')
    types = {
        number: house.send(number, "notification").get_json()["line_type"]
        for number in (KNOWN, "+447700900123", "+442079460123", TOLL_FREE)
    }
    assert types == {KNOWN: "unknown", "+447700900123": "unknown", "+442079460123": "unknown", TOLL_FREE: "tollFree"}
    assert house.asked() == 0
    assert {kind: count for kind, (count, _) in house.gateway.ledger.totals().items()} == {"offline": 4}
