"""What goes wrong on demand: scenarios that break the answer, faults on requests, faults on callbacks, retries."""

import time
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from gateway.sandbox import (
    SANDBOX_ACCOUNT_SID,
    SANDBOX_AUTH_TOKEN,
    SANDBOX_FROM_NUMBER,
    SANDBOX_MESSAGING_SERVICE_SID,
    RunningSandbox,
    SandboxOptions,
    start_in_thread,
)

TO = "+14155550100"


def send(client: Client, to: str = TO, **more: Any) -> Any:
    return client.messages.create(to=to, body="Hello", messaging_service_sid=SANDBOX_MESSAGING_SERVICE_SID, **more)


def failure_of(client: Client, to: str = TO) -> BaseException | None:
    """What the caller sees of a send; None when it got through."""
    try:
        send(client, to)
    except (TwilioException, requests.exceptions.RequestException) as failure:
        return failure
    return None


LOST = {
    "57": (requests.exceptions.ReadTimeout, True),
    "58": (TwilioRestException, True),
    "59": (TwilioRestException, False),
    "60": (requests.exceptions.ConnectionError, True),
}


@pytest.mark.parametrize(("digits", "expected"), LOST.items(), ids=LOST)
def test_a_lost_answer_and_what_became_of_the_message(
    client: Client, hasty: Client, control: Any, eventually: Any, digits: str, expected: tuple[type, bool]
) -> None:
    to = f"+141555501{digits}"
    kind, accepted = expected
    assert isinstance(failure_of(hasty if kind is requests.exceptions.ReadTimeout else client, to), kind)
    assert control.get("counts")["messages_to"] == ({to: 1} if accepted else {})
    if accepted:
        [message] = client.messages.list(to=to)
        eventually(lambda: message.fetch().status == "delivered")


def test_a_lost_answer_befalls_calls_and_verifications_too(client: Client, control: Any) -> None:
    with pytest.raises(TwilioRestException) as refused:
        client.calls.create(to="+14155550158", from_=SANDBOX_FROM_NUMBER, twiml="<Response/>")
    assert refused.value.code == 20500
    assert control.get("counts")["calls_to"] == {"+14155550158": 1}


def test_429_twice_then_accepted(client: Client) -> None:
    failures = [failure_of(client, "+14155550161") for _ in range(3)]
    assert [getattr(failure, "code", None) for failure in failures] == [20429, 20429, None]


BEFORE = {
    "429": (TwilioRestException, 20429),
    "5xx_before": (TwilioRestException, 20503),
    "reset_before": (requests.exceptions.ConnectionError, None),
    "timeout_before": (requests.exceptions.ReadTimeout, None),
}
AFTER = {
    "5xx_after": (TwilioRestException, 20503),
    "reset_after": (requests.exceptions.ConnectionError, None),
    "timeout_after": (requests.exceptions.ReadTimeout, None),
    "timeout": (requests.exceptions.ReadTimeout, None),
}


@pytest.mark.parametrize("kind", [*BEFORE, *AFTER])
def test_a_fault_strikes_once_before_or_after_acting(client: Client, hasty: Client, control: Any, kind: str) -> None:
    control.post("faults", {"kind": kind, "count": 1, "status": 503})
    expected, code = (BEFORE | AFTER)[kind]
    failure = failure_of(hasty if expected is requests.exceptions.ReadTimeout else client)
    assert isinstance(failure, expected)
    assert getattr(failure, "code", None) == code
    assert control.get("counts")["messages_to"] == ({TO: 1} if kind in AFTER else {})
    assert failure_of(client) is None


def test_a_status_that_twilio_has_no_code_for_is_the_code(client: Client, control: Any) -> None:
    control.post("faults", {"kind": "5xx", "status": 502})
    failure = failure_of(client)
    assert isinstance(failure, TwilioRestException)
    assert (failure.status, failure.code) == (502, 502)


def test_latency_keeps_the_answer_waiting(client: Client, control: Any) -> None:
    control.post("faults", {"kind": "latency", "latency_ms": 150, "jitter_ms": 20})
    started = time.perf_counter()
    assert failure_of(client) is None
    assert time.perf_counter() - started >= 0.13


@pytest.mark.parametrize(
    ("narrow", "struck"),
    [
        ({"product": "messages"}, True),
        ({"product": "calls"}, False),
        ({"operation": "create"}, True),
        ({"operation": "fetch"}, False),
        ({"number": "0100"}, True),
        ({"number": "0101"}, False),
    ],
)
def test_a_fault_can_be_narrowed(client: Client, control: Any, narrow: dict[str, str], struck: bool) -> None:
    control.post("faults", {"kind": "429", **narrow})
    assert (failure_of(client) is not None) is struck


def test_the_same_seed_throws_the_same_dice(client: Client, control: Any) -> None:
    def pattern() -> list[bool]:
        control.post("faults", {"faults": [{"kind": "429", "probability": 0.5}], "seed": 7, "replace": True})
        return [failure_of(client) is None for _ in range(20)]

    first = pattern()
    assert first == pattern()
    assert len(set(first)) == 2


def test_faults_compose(client: Client, control: Any) -> None:
    control.post("faults", {"faults": [{"kind": "latency", "latency_ms": 100}, {"kind": "429"}]})
    started = time.perf_counter()
    assert getattr(failure_of(client), "code", None) == 20429
    assert time.perf_counter() - started >= 0.1


@pytest.mark.parametrize("by", ["scenario", "fault"])
def test_an_early_callback_comes_before_the_answer(client: Client, control: Any, hooks: Any, by: str) -> None:
    if by == "fault":
        control.post("faults", {"kind": "early"})
    send(client, "+14155550165" if by == "scenario" else TO, status_callback=f"{hooks.url}/status")
    assert hooks.on("/status")


@pytest.mark.parametrize("by", ["scenario", "fault"])
def test_duplicated_callbacks_come_twice(client: Client, control: Any, hooks: Any, by: str) -> None:
    if by == "fault":
        control.post("faults", {"kind": "duplicate"})
    send(client, "+14155550166" if by == "scenario" else TO, status_callback=f"{hooks.url}/status")
    found = hooks.wait("/status", 6)
    counted = sorted(one.form["MessageStatus"] for one in found)
    assert counted == ["delivered", "delivered", "queued", "queued", "sent", "sent"]


@pytest.mark.parametrize("by", ["scenario", "fault"])
def test_reordered_callbacks_change_places(client: Client, control: Any, hooks: Any, by: str) -> None:
    if by == "fault":
        control.post("faults", {"kind": "reorder"})
    send(client, "+14155550167" if by == "scenario" else TO, status_callback=f"{hooks.url}/status")
    came = [one.form["MessageStatus"] for one in hooks.wait("/status", 3)]
    assert sorted(came) == ["delivered", "queued", "sent"]
    assert came.index("sent") < came.index("queued")


@pytest.mark.parametrize("by", ["scenario", "fault"])
def test_dropped_callbacks_never_come(client: Client, control: Any, hooks: Any, eventually: Any, by: str) -> None:
    if by == "fault":
        control.post("faults", {"kind": "drop", "product": "messages"})
    message = send(client, "+14155550168" if by == "scenario" else TO, status_callback=f"{hooks.url}/status")
    eventually(lambda: message.fetch().status == "delivered")
    assert control.get("callbacks", sid=message.sid) == {"total": 0, "callbacks": []}
    assert hooks.on("/status") == []


def test_a_delayed_callback_is_overtaken(client: Client, control: Any, hooks: Any) -> None:
    control.post("faults", {"kind": "delay", "delay_ms": 2000, "count": 1})
    send(client, status_callback=f"{hooks.url}/status")
    came = [one.form["MessageStatus"] for one in hooks.wait("/status", 3)]
    assert sorted(came) == ["delivered", "queued", "sent"]
    assert came[-1] == "queued"


@pytest.mark.parametrize(
    ("fragment", "status", "attempts"),
    [
        ("", 500, 1),
        ("#rc=2&rp=5xx", 500, 3),
        ("#rc=2&rp=4xx", 500, 1),
        ("#rc=1&rp=all", 404, 2),
        ("#rc=9&rp=all", 404, 2),
    ],
)
def test_retries_follow_the_connection_overrides(
    client: Client, control: Any, hooks: Any, eventually: Any, fragment: str, status: int, attempts: int
) -> None:
    hooks.answer("/status", status, times=20)
    message = send(client, status_callback=f"{hooks.url}/status?x=1{fragment}")

    def first_is_over() -> Any:
        found = control.get("callbacks", sid=message.sid)["callbacks"]
        return len(found) == 3 and found

    first = eventually(first_is_over)[0]
    mine = eventually(
        lambda: (
            sent
            if len(sent := [one for one in hooks.on("/status") if one.form["MessageStatus"] == "queued"]) >= attempts
            else None
        )
    )
    tokens = {one.headers["I-Twilio-Idempotency-Token"] for one in mine}
    assert tokens == {first["idempotency_token"]}
    eventually(lambda: control.get("callbacks", sid=message.sid)["callbacks"][0]["attempts"] == attempts)


def test_a_target_that_is_down_is_tried_once_more_by_default(client: Client, control: Any, eventually: Any) -> None:
    message = send(client, status_callback="http://127.0.0.1:1/status")

    def tried() -> Any:
        found = control.get("callbacks", sid=message.sid)["callbacks"]
        return found and found[0]["attempts"] == 2 and found[0]["error"] and found

    found = eventually(tried)
    assert found[0]["status"] is None
    assert found[0]["error"].startswith("no connection")


def test_other_hosts_are_never_called(client: Client, control: Any, eventually: Any) -> None:
    message = send(client, status_callback="https://callbacks.invalid/status")
    found = eventually(lambda: control.get("callbacks", sid=message.sid)["callbacks"])
    assert found[0]["attempts"] == 0
    assert found[0]["error"].startswith("refused")


def test_a_request_that_is_held_does_not_hold_up_the_end() -> None:
    running = start_in_thread(SandboxOptions(port=0, hold_ms=60_000))
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(
            f"{running.url}/v2/PhoneNumbers/+14155550134",
            auth=(SANDBOX_ACCOUNT_SID, SANDBOX_AUTH_TOKEN),
            timeout=0.2,
        )
    started = time.perf_counter()
    running.stop()
    assert time.perf_counter() - started < 20


WRONG_FAULTS: dict[str, tuple[Any, str]] = {
    "no kind": ({}, "kind"),
    "unknown kind": ({"kind": "gremlins"}, "kind"),
    "unknown field": ({"kind": "429", "colour": 1}, "colour"),
    "probability": ({"kind": "429", "probability": 1.5}, "probability"),
    "probability type": ({"kind": "429", "probability": "often"}, "probability"),
    "product": ({"kind": "429", "product": "fax"}, "product"),
    "count": ({"kind": "429", "count": 0}, "count"),
    "count type": ({"kind": "429", "count": True}, "count"),
    "latency": ({"kind": "latency", "latency_ms": -1}, "latency_ms"),
    "status": ({"kind": "5xx", "status": 404}, "status"),
    "second of a list": ({"faults": [{"kind": "429"}, {"kind": "x"}]}, "faults[1].kind"),
    "no list": ({"faults": {}}, "faults"),
    "seed": ({"faults": [], "seed": "x"}, "seed"),
    "replace": ({"faults": [], "replace": 1}, "replace"),
    "unknown beside faults": ({"faults": [], "times": 1}, "times"),
    "no object": ([1], "body"),
}


@pytest.mark.parametrize(("body", "field"), WRONG_FAULTS.values(), ids=WRONG_FAULTS)
def test_a_wrong_fault_is_400_and_names_the_field(control: Any, body: Any, field: str) -> None:
    assert control.post("faults", body, status=(400,))["field"] == field
    assert control.get("faults") == {"faults": []}


def test_a_body_that_is_not_json_is_400(sandbox: RunningSandbox) -> None:
    answer = requests.post(f"{sandbox.url}/_sandbox/faults", data=b"{", timeout=5)
    assert (answer.status_code, answer.json()["field"]) == (400, "body")


def test_faults_are_listed_and_cleared(client: Client, control: Any) -> None:
    control.post("faults", {"kind": "429", "count": 3})
    assert failure_of(client) is not None
    assert control.get("faults")["faults"][0]["count"] == 2
    assert control.delete("faults") == {"faults": []}
    assert failure_of(client) is None
