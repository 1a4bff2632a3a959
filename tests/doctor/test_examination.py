"""The examination as a whole, and the command: what is broken is named, and the command ends with 1."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from gateway import sandbox
from gateway.cli.check import check
from gateway.doctor import Status, configuration
from tests.doctor.house import House, only, wrong
from tests.stack import FLOW_CONFIG


def test_a_sound_house_has_nothing_wrong(house: House) -> None:
    findings = house.look()
    assert wrong(findings) == []
    assert {"redis_eviction", "twilio_credentials", "sender", "verify_service", "studio_flow", "public_url"} <= set(
        only(findings, Status.OK)
    )


def test_every_fault_of_the_configuration_is_a_finding_of_its_own(house: House) -> None:
    findings = house.look("[policy]\nallow_countries = ['UK']\n[purposes.x]\nsender = 'nobody'\nmobile = ['pigeon']\n")
    assert set(only(findings, Status.FAILED)) == {"configuration"} and len(findings) >= 2
    assert any("GB" in finding.what for finding in findings)


def test_missing_keys_are_a_finding(house: House) -> None:
    [finding] = house.look(GATEWAY_HASH_KEY="")
    assert finding.status is Status.FAILED and "GATEWAY_HASH_KEY" in finding.what


def test_what_is_probably_not_meant_is_told(house: House) -> None:
    found = wrong(configuration.configuration(house.patient(TWILIO_ACOUNT_SID="x")))
    assert [finding.id for finding in found] == ["configuration"] and "TWILIO_ACOUNT_SID" in found[0].what


def test_an_api_key_without_a_token_cannot_check_signatures(house: House) -> None:
    key = {"TWILIO_API_KEY_SID": sandbox.SANDBOX_API_KEY_SID, "TWILIO_API_KEY_SECRET": sandbox.SANDBOX_API_KEY_SECRET}
    [finding] = configuration.signing_tokens(house.patient(TWILIO_AUTH_TOKEN="", **key))
    assert finding.status is Status.FAILED and "API key" in finding.what


@pytest.mark.parametrize("variable", ["TWILIO_REGION", "TWILIO_EDGE"])
def test_a_region_in_the_environment_is_told(house: House, variable: str) -> None:
    [finding] = configuration.rerouting(house.patient(**{variable: "ie1"}))
    assert finding.status is Status.WARNING and variable in finding.what


def test_the_command_ends_with_1_only_when_something_failed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in house.environ.items():
        monkeypatch.setenv(name, value)
    file = house.home / "examined.toml"
    file.write_text(FLOW_CONFIG)
    good = CliRunner().invoke(check, ["--json", "--config", str(file)])
    document = json.loads(good.output[good.output.index("{\n") :])  # the web process of this test logs there too
    assert good.exit_code == 0 and document["ok"] is True
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "e" * 32)
    bad = CliRunner().invoke(check, ["--config", str(file)])
    assert bad.exit_code == 1 and "twilio_credentials" in bad.output and "→" in bad.output


def test_the_doctor_changes_nothing(house: House) -> None:
    client = house.stack.gateway.client
    before = set(client.keys("gw:*"))
    house.look()
    came = set(client.keys("gw:*")) - before
    assert {key for key in came if not key.startswith((b"gw:tally", b"gw:lease:", b"gw:counts:"))} == set()
