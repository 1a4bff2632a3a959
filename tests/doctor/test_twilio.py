"""Each thing that can be wrong at Twilio, and in the policy that it serves, is broken once, and named."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import requests

from gateway import sandbox
from gateway.doctor import Status, account, policy, studio
from tests.doctor.house import House, only, wrong

OTHER_SID = "9" * 32


def test_wrong_credentials_are_named(house: House) -> None:
    [finding] = account.credentials(house.patient(TWILIO_AUTH_TOKEN="e" * 32))
    assert finding.status is Status.FAILED and "refuses" in finding.what and "e" * 32 not in finding.what


def test_missing_credentials_are_named_and_nothing_is_asked(house: House) -> None:
    findings = house.look(TWILIO_AUTH_TOKEN="")
    assert {"twilio_credentials", "signing_tokens"} <= set(only(findings, Status.FAILED))
    assert {"sender", "verify_service", "studio_flow", "clock_twilio"} <= set(only(findings, Status.SKIPPED))


def test_a_twilio_that_is_away_is_named(house: House) -> None:
    [finding] = account.credentials(house.patient(TWILIO_API_BASE_URL="http://127.0.0.1:9"))
    assert finding.status is Status.FAILED and "does not answer" in finding.what


def test_a_standard_key_is_proved_by_a_free_lookup(house: House) -> None:
    key = {"TWILIO_API_KEY_SID": sandbox.SANDBOX_API_KEY_SID, "TWILIO_API_KEY_SECRET": sandbox.SANDBOX_API_KEY_SECRET}
    with sandbox.start_in_thread(sandbox.SandboxOptions(port=0, api_key_is_standard=True)) as twilio:
        [finding] = account.credentials(house.patient(TWILIO_API_BASE_URL=twilio.url, **key))
        counted = requests.get(f"{twilio.url}/_sandbox/counts", timeout=5).json()
    assert finding.status is Status.OK and "Standard" in finding.what
    assert not counted.get("paid_lookups")


@pytest.mark.parametrize(
    ("said", "status"), [({"status": "suspended"}, "failed"), ({"status": "active", "type": "Trial"}, "warning")]
)
def test_an_account_that_cannot_send_is_named(said: dict[str, str], status: str) -> None:
    assert account._account(said).status == status


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("sender", {"TWILIO_FROM_NUMBER": "+14155550199"}),
        ("messaging_service", {"TWILIO_MESSAGING_SERVICE_SID": "MG" + OTHER_SID}),
        ("sender", {"TWILIO_FROM_NUMBER": "", "TWILIO_MESSAGING_SERVICE_SID": ""}),
    ],
)
def test_a_sender_that_is_not_ours_is_named(house: House, name: str, changed: dict[str, str]) -> None:
    found = wrong(account.senders(house.patient(**changed)))
    assert [(finding.id, finding.status) for finding in found] == [(name, Status.FAILED)]


def test_a_number_that_cannot_call_is_named(house: House) -> None:
    patient = house.patient(TWILIO_MESSAGING_SERVICE_SID="")
    [sender] = patient.settings.senders
    row = {"capabilities": {"sms": True, "voice": False}}
    assert only(account._number(patient, sender, row), Status.FAILED) == ["sender"]
    row = {"capabilities": {"sms": False, "voice": True}}
    assert only(account._number(patient, sender, row), Status.FAILED) == ["sender"]
    assert wrong(account._number(patient, replace(sender, messaging_service_sid="MG1"), row)) == []


def test_a_verify_service_that_is_not_ours_is_named(house: House) -> None:
    found = wrong(account.verify(house.patient(TWILIO_VERIFY_SERVICE_SID="VA" + OTHER_SID)))
    assert [(finding.id, finding.status) for finding in found] == [("verify_service", Status.FAILED)]


def test_a_flow_that_is_not_ours_is_named(house: House) -> None:
    found = wrong(studio.flows(house.patient(f'[studio.flows]\nother = "FW{OTHER_SID}"\n')))
    assert [(finding.id, finding.status) for finding in found] == [("studio_flow", Status.FAILED)]


@pytest.mark.parametrize(
    ("name", "status", "body"),
    [
        ("studio_flow", "draft", "{{flow.data.callback_url}}"),
        ("studio_flow", "published", "{{flow.data.carrier}}"),
        ("studio_parameters", "published", "{{flow.data.callback_url}} {{flow.data.tier}}"),
        ("studio_parameters", "published", '{{flow.data.callback_url}} {{flow.data["a b"]}}'),
    ],
)
def test_a_flow_that_does_not_fit_is_named(name: str, status: str, body: str) -> None:
    flow = {"status": status, "definition": {"states": [{"properties": {"body": body}}]}}
    assert [finding.id for finding in wrong(studio._judged("welcome", flow))] == [name]


def test_what_the_doctor_takes_for_given_is_what_the_channel_passes(house: House) -> None:
    accepted = house.stack.send("+14155550106", None, flow="welcome", parameters={"tier": "gold"})
    house.stack.until(accepted["id"], "delivered", "sent")
    [asked] = [row for row in house.stack.received(product="studio") if row["method"] == "POST"]
    passed = json.loads(asked["form"]["Parameters"])
    assert set(passed) == studio.GIVEN | {"tier"}


def test_a_step_that_cannot_reach_its_line_type_is_named(house: House) -> None:
    found = wrong(policy.reach(house.patient("[purposes.notification]\nlandline = ['sms']\n")))
    assert [finding.id for finding in found] == ["policy_reach"] and "landline names sms" in found[0].what


@pytest.mark.parametrize(
    ("status", "words", "changed"),
    [
        (Status.WARNING, "email", {"SENDGRID_API_KEY": ""}),
        (Status.FAILED, "verify", {"TWILIO_VERIFY_SERVICE_SID": ""}),
        (Status.FAILED, "sms", {"TWILIO_MESSAGING_SERVICE_SID": "", "TWILIO_FROM_NUMBER": ""}),
    ],
)
def test_a_step_that_nobody_can_take_is_named(
    house: House, status: Status, words: str, changed: dict[str, str]
) -> None:
    found = wrong(policy.takers(house.patient("", **changed)))
    assert status in {finding.status for finding in found}
    assert any(words in finding.what for finding in found) and {finding.id for finding in found} == {"policy_senders"}
