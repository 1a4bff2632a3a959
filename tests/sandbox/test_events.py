"""Event Streams: who gets which event, how it is signed, and what stands in it."""

import hashlib
import json
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from gateway.sandbox import (
    SANDBOX_AUTH_TOKEN,
    SANDBOX_FROM_NUMBER,
    SANDBOX_MESSAGING_SERVICE_SID,
    SANDBOX_VERIFY_SERVICE_SID,
)

TO = "+14155550100"
VERIFY = "com.twilio.accountsecurity.verify"


def event(hooks: Any, eventually: Any, kind: str) -> Any:
    """The first event of the type, with the webhook that brought it."""

    def look() -> Any:
        for one in hooks.on("/events"):
            assert isinstance(one.json, list)
            for found in one.json:
                if found["type"] == kind:
                    return found, one
        return None

    return eventually(look)


def send(client: Client, to: str = TO) -> Any:
    return client.messages.create(to=to, body="Hello", messaging_service_sid=SANDBOX_MESSAGING_SERVICE_SID)


def test_a_simple_sink_gets_message_events_signed_with_the_body_hash(
    client: Client, control: Any, hooks: Any, eventually: Any
) -> None:
    control.post("events", {"destination": f"{hooks.url}/events?sink=1"})
    message = send(client)
    found, webhook = event(hooks, eventually, "com.twilio.messaging.message.delivered")
    assert found["specversion"] == "1.0"
    assert found["data"]["messageStatus"] == "DELIVERED"
    assert (found["data"]["messageSid"], found["data"]["to"]) == (message.sid, TO)
    digest = hashlib.sha256(webhook.raw).hexdigest()
    assert webhook.query == f"sink=1&bodySHA256={digest}"
    url = f"{hooks.url}/events?{webhook.query}"
    validator = RequestValidator(SANDBOX_AUTH_TOKEN)
    signature = webhook.headers["X-Twilio-Signature"]
    assert validator.validate(url, webhook.raw.decode(), signature)
    assert not validator.validate(url, webhook.raw.decode() + " ", signature)


def test_a_failure_carries_its_code(client: Client, control: Any, hooks: Any, eventually: Any) -> None:
    control.post("events", {"destination": f"{hooks.url}/events"})
    send(client, "+14155550147")
    found, _ = event(hooks, eventually, "com.twilio.messaging.message.undelivered")
    assert found["data"]["errorCode"] == 30003


def test_an_inbound_text_is_an_event(client: Client, control: Any, hooks: Any, eventually: Any) -> None:
    control.post("events", {"destination": f"{hooks.url}/events"})
    control.post("inbound", {"from": TO, "to": SANDBOX_FROM_NUMBER, "body": "Hi"})
    found, _ = event(hooks, eventually, "com.twilio.messaging.inbound-message.received")
    assert found["data"]["from"] == TO


def test_call_events_come_only_for_what_the_call_asked_for(
    client: Client, control: Any, hooks: Any, eventually: Any
) -> None:
    control.post("events", {"destination": f"{hooks.url}/events"})
    made = client.calls.create(
        to=TO, from_=SANDBOX_FROM_NUMBER, twiml="<Response/>", status_callback=f"{hooks.url}/call"
    )
    found, _ = event(hooks, eventually, "com.twilio.voice.status-callback.call.completed")
    assert found["data"]["request"]["parameters"]["CallSid"] == made.sid
    assert found["data"]["request"]["parameters"]["CallStatus"] == "completed"
    assert [one.json[0]["type"].rpartition(".")[2] for one in hooks.on("/events")] == ["completed"]


def test_verify_tells_of_its_whole_life(client: Client, control: Any, hooks: Any, eventually: Any) -> None:
    control.post("events", {"destination": f"{hooks.url}/events"})
    service = client.verify.v2.services(SANDBOX_VERIFY_SERVICE_SID)
    started = service.verifications.create(to=TO, channel="sms", tags='{"nid":"42"}')
    pending, _ = event(hooks, eventually, f"{VERIFY}.verification.pending")
    assert pending["data"]["verification_status"] == "PENDING"
    assert pending["data"]["tags"] == {"nid": "42"}
    event(hooks, eventually, f"{VERIFY}.message.delivered")
    code = control.get("outbox", to=TO)["outbox"][0]["code"]
    service.verification_checks.create(to=TO, code=code)
    approved, _ = event(hooks, eventually, f"{VERIFY}.verification.approved")
    assert approved["data"]["verification_sid"] == started.sid
    assert approved["data"]["check_attempts"]["count"] == 1


@pytest.mark.parametrize("ending", ["canceled", "max_attempts_reached"])
def test_verify_tells_how_it_ended(client: Client, control: Any, hooks: Any, eventually: Any, ending: str) -> None:
    control.post("events", {"destination": f"{hooks.url}/events"})
    service = client.verify.v2.services(SANDBOX_VERIFY_SERVICE_SID)
    started = service.verifications.create(to=TO, channel="sms")
    if ending == "canceled":
        started.update(status="canceled")
    else:
        for _ in range(5):
            service.verification_checks.create(to=TO, code="wrong1")
    found, _ = event(hooks, eventually, f"{VERIFY}.verification.{ending}")
    assert found["data"]["verification_status"] == ending.upper()


def test_a_subscription_takes_only_its_types(client: Client, hooks: Any, eventually: Any) -> None:
    sink = client.events.v1.sinks.create(
        description="gw",
        sink_type="webhook",
        sink_configuration={"destination": f"{hooks.url}/events", "method": "POST", "batch_events": False},
    )
    wanted = [{"type": "com.twilio.messaging.message.delivered", "schema_version": 7}]
    subscription = client.events.v1.subscriptions.create(description="gw", sink_sid=sink.sid, types=wanted)
    assert client.events.v1.sinks(sink.sid).fetch().status == "active"
    assert [one.sid for one in client.events.v1.subscriptions.list(sink_sid=sink.sid)] == [subscription.sid]
    send(client)
    event(hooks, eventually, "com.twilio.messaging.message.delivered")
    assert len(hooks.on("/events")) == 1
    assert client.events.v1.subscriptions(subscription.sid).delete() is True
    assert client.events.v1.sinks(sink.sid).delete() is True
    assert client.events.v1.sinks.list() == []


@pytest.mark.parametrize(
    "asked",
    [
        {"sink_type": "kinesis", "sink_configuration": {"arn": "x"}},
        {"sink_type": "webhook", "sink_configuration": {"destination": "nowhere"}},
    ],
)
def test_a_sink_that_cannot_be_is_refused(client: Client, asked: dict[str, Any]) -> None:
    with pytest.raises(TwilioRestException) as refused:
        client.events.v1.sinks.create(description="gw", **asked)
    assert refused.value.code == 20001


def test_an_event_that_is_not_taken_is_sent_again(client: Client, control: Any, hooks: Any, eventually: Any) -> None:
    hooks.answer("/events", 503, times=1)
    control.post("events", {"destination": f"{hooks.url}/events"})
    send(client, "+14155550153")
    found = hooks.wait("/events", 2)
    assert json.loads(found[0].raw)[0]["id"] == json.loads(found[1].raw)[0]["id"]


def test_no_sink_no_events(client: Client, control: Any, hooks: Any, eventually: Any) -> None:
    control.post("events", {"destination": f"{hooks.url}/events"})
    assert control.post("events", {"destination": None}) == {"destination": None}
    message = send(client)
    eventually(lambda: message.fetch().status == "delivered")
    assert hooks.received == []
