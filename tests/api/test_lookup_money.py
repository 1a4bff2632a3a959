"""When no more may be paid, each purpose has its own rule; and what is learned for free is used and told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
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

CONFIG = "[budget]\nlookups_per_day = 1\n" + "".join(
    f'[purposes.{rule}]\nmobile = ["sms"]\nunknown = ["sms"]\nlandline = ["voice"]\non_lookup_failure = "{rule}"\n'
    for rule in ("reject", "offline", "stale", "defer")
)
KNOWN, NEW = "+14155550100", "+14155550101"
Send = Callable[..., Any]


@pytest.fixture
def twilio() -> Iterator[sandbox.RunningSandbox]:
    with sandbox.start_in_thread(sandbox.SandboxOptions(port=0)) as running:
        yield running


@pytest.fixture
def gateway(redis_url: str, twilio: sandbox.RunningSandbox, tmp_path: Path) -> Iterator[wiring.Gateway]:
    connect(redis_url).flushall()
    file = tmp_path / "gateway.toml"
    file.write_text(CONFIG)
    found = wiring.build(Settings.load(file, environment(redis_url, twilio.url, "http://127.0.0.1:8000")))
    yield found
    found.ledger.flush()  # now, and not into the next test's store
    found.ledger.flush()  # or it would be written while the next test counts


@pytest.fixture
def send(gateway: wiring.Gateway) -> Send:
    client = create_app(gateway).test_client()

    def post(to: str, purpose: str, path: str = "/send", **more: Any) -> Any:
        body = {"to": to, "purpose": purpose, "body": "Your order has shipped."} | more
        return client.post(path, json=body, headers={"Authorization": f"Bearer {KEY}"})

    return post


def asked(twilio: sandbox.RunningSandbox) -> int:
    total = requests.get(f"{twilio.url}/_sandbox/requests", params={"product": "lookup"}, timeout=10).json()["total"]
    return int(total)


@pytest.mark.parametrize(
    ("purpose", "status", "said"),
    [
        ("reject", 429, "budget_exhausted"),
        ("offline", 202, "offline"),
        ("stale", 202, "deferred"),
        ("defer", 202, "deferred"),
    ],
)
def test_with_the_budget_used_up_the_purpose_decides(
    send: Send, twilio: sandbox.RunningSandbox, purpose: str, status: int, said: str
) -> None:
    assert send(KNOWN, purpose).get_json()["lookup"]["source"] == "live"
    answer = send(NEW, purpose)
    found = answer.get_json()
    assert (answer.status_code, found["code"] if status == 429 else found["lookup"]["source"]) == (status, said)
    if status == 429:
        assert 0 < int(answer.headers["Retry-After"]) <= 86_400
    assert send(KNOWN, purpose).get_json()["lookup"]["source"] == "cache"
    assert asked(twilio) == 1


def test_an_answer_too_old_for_the_purpose_is_better_than_none_and_says_so(send: Send) -> None:
    send(KNOWN, "stale")
    found = send(KNOWN, "stale", max_lookup_age_seconds=0).get_json()
    assert (found["lookup"]["source"], found["line_type"], found["flags"]) == ("stale", "mobile", ["stale_lookup"])
    assert "stale_lookup" in [reason["code"] for reason in found["reasons"]]


def test_what_a_send_error_taught_costs_nothing_and_is_told_with_its_age(
    send: Send, gateway: wiring.Gateway, twilio: sandbox.RunningSandbox
) -> None:
    gateway.learned.learn(NEW, LineType.LANDLINE, "30006", gateway.clock.now() - timedelta(hours=5))
    found = send(NEW, "notification").get_json()
    assert (found["route"], found["lookup"]["source"], found["flags"]) == (["voice"], "learned", ["learned_lookup"])
    (told,) = [reason["detail"] for reason in found["reasons"] if reason["code"] == "learned_lookup"]
    assert told == "landline: learned 5 hours ago from error 30006"
    assert asked(twilio) == 0
    assert gateway.ledger.totals()["learned"][0] == 1


def test_a_dry_run_without_lookup_is_booked_as_offline(send: Send, gateway: wiring.Gateway) -> None:
    assert send(NEW, "notification", "/route?lookup=offline").status_code == 200
    assert {kind: count for kind, (count, _) in gateway.ledger.totals().items()} == {"offline": 1}
