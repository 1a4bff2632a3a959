"""With a default country a national number is whole wherever one may stand: in `to`, in `voice.dial`, in a search."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import sandbox, wiring
from gateway.adapters.store.connection import connect
from gateway.app import create_app
from gateway.settings import Settings
from tests.api.conftest import Api, problem_of
from tests.stack import environment

CONFIG = """
[lookup]
default_country_code = "US"

[voice]
sip_hosts = ["sip.example.com"]

[purposes.dialing]
mobile = ["voice"]
landline = ["voice"]
allow_dial = true
"""


@pytest.fixture(scope="module")
def american(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    file: Path = tmp_path_factory.mktemp("american") / "gateway.toml"
    file.write_text(CONFIG)
    connect(redis_url).flushall()
    with sandbox.start_in_thread(sandbox.SandboxOptions(port=0)) as twilio:
        gateway = wiring.build(Settings.load(file, environment(redis_url, twilio.url, "http://127.0.0.1:9")))
        yield Api(gateway, create_app(gateway), twilio)


def test_a_number_to_connect_to_is_read_as_the_recipient_is(american: Api) -> None:
    body = {"to": "(415) 555-0100", "body": "x", "purpose": "dialing"}
    accepted = american.post("/send", {**body, "content": {"voice": {"dial": "(415) 555-0101"}}})
    assert accepted.status_code == 202
    stored = american.gateway.intents.load(accepted.get_json()["id"])
    assert stored is not None
    assert stored.intent.content.dial == "+14155550101"


def test_a_stated_country_wins_over_the_default_one(american: Api) -> None:
    body = {"to": "+14155550100", "body": "x", "purpose": "dialing", "country": "GB"}
    answer = american.post("/send", {**body, "content": {"voice": {"dial": "020 7946 0010"}}})
    assert problem_of(answer)["code"] == "country_not_allowed"


@pytest.mark.parametrize("to", ["(415) 555-0107", "sip:ann@sip.example.com"])
def test_what_was_sent_is_found_by_what_was_typed(american: Api, to: str) -> None:
    accepted = american.post("/send", {"to": to, "body": "x"})
    assert accepted.status_code == 202
    found = american.post("/intents/search", {"to": to})
    assert [intent["id"] for intent in found.get_json()["intents"]] == [accepted.get_json()["id"]]
