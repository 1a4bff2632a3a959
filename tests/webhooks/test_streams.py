"""What each CloudEvent and each SendGrid event becomes, one by one and in batches with bad ones among them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.inbox import Event, MessageReceived, StatusReported, Subject
from tests.webhooks import payloads
from tests.webhooks.payloads import (
    CALL_SID,
    DELIVERED_EVENT,
    EXECUTION_SID,
    MESSAGE_SID,
    OURS,
    THEIRS,
    VERIFICATION_SID,
    array,
    cloud_event,
    encoded,
)
from tests.webhooks.signing import ACCOUNT_SID, json_post, sendgrid_post
from tests.webhooks.worlds import World, world_of

VERIFY = "com.twilio.accountsecurity.verify."


def sent(*elements: object) -> World:
    world = world_of()
    assert world.send(json_post("/webhooks/events", encoded(list(elements)))).status_code == 204
    return world


def event_of(kind: str, data: object) -> Event:
    (event,) = sent(cloud_event(kind, data)).door.events
    return event


def status_of(kind: str, data: object) -> StatusReported:
    event = event_of(kind, data)
    assert isinstance(event, StatusReported)
    return event


def mailed(*elements: object) -> World:
    world = world_of()
    assert world.send(sendgrid_post("/webhooks/sendgrid", array(*elements))).status_code == 204
    return world


def mail(**changed: Any) -> StatusReported:
    (event,) = mailed({**payloads.BOUNCE, **changed}).door.events
    assert isinstance(event, StatusReported)
    return event


class TestCloudEvents:
    def test_a_delivered_message(self) -> None:
        (event,) = sent(DELIVERED_EVENT).door.events
        assert isinstance(event, StatusReported)
        assert (event.subject, event.sid, event.status) == (Subject.MESSAGE, MESSAGE_SID, "delivered")
        assert event.event_id == DELIVERED_EVENT["id"]
        assert event.fields["NumberOfSegments"] == "1"
        assert OURS not in repr(event)
        assert THEIRS not in repr(event)

    def test_a_failed_message_with_its_error(self) -> None:
        data = {"messageSid": MESSAGE_SID, "messageStatus": "FAILED", "errorCode": 30007, "errorMessage": "Filtered"}
        event = status_of("com.twilio.messaging.message.failed", data)
        assert (event.status, event.error_code, event.error_detail) == ("failed", 30007, "Filtered")

    def test_a_message_whose_data_has_no_status_has_that_of_its_type(self) -> None:
        assert status_of("com.twilio.messaging.message.read", {"messageSid": MESSAGE_SID}).status == "read"

    def test_an_incoming_message(self) -> None:
        data = {
            "accountSid": ACCOUNT_SID,
            "messageSid": MESSAGE_SID,
            "from": "whatsapp:" + THEIRS,
            "to": "whatsapp:" + OURS,
            "body": "STOP",
            "numSegments": 1,
            "timestamp": "2026-03-29T04:00:58.000Z",
        }
        assert event_of("com.twilio.messaging.inbound-message.received", data) == MessageReceived(
            MESSAGE_SID,
            "whatsapp",
            THEIRS,
            OURS,
            "STOP",
            account_sid=ACCOUNT_SID,
            received_at=datetime(2026, 3, 29, 4, 0, 58, tzinfo=UTC),
        )

    @pytest.mark.parametrize(
        ("last", "told", "status"),
        [
            ("initiated", None, "initiated"),
            ("ringing", "RINGING", "ringing"),
            ("answered", None, "in-progress"),
            ("answered", "IN_PROGRESS", "in-progress"),
            ("completed", "COMPLETED", "completed"),
            ("completed", "NO-ANSWER", "no-answer"),
            ("completed", "CANCELLED", "canceled"),
        ],
    )
    @pytest.mark.parametrize(
        "start", ["com.twilio.voice.status-callback.call.", "com.twilio.voice.webhook.status-callback.call."]
    )
    def test_a_call(self, start: str, last: str, told: str | None, status: str) -> None:
        data = {"callSid": CALL_SID, "callStatus": told, "sequenceNumber": 2, "answeredBy": None}
        event = status_of(start + last, data)
        assert (event.subject, event.sid, event.status) == (Subject.CALL, CALL_SID, status)
        assert event.fields == {"SequenceNumber": "2"}

    def test_the_end_of_a_call_without_a_word_on_how_is_not_taken_for_success(self) -> None:
        world = sent(cloud_event("com.twilio.voice.status-callback.call.completed", {"callSid": CALL_SID}))
        assert not world.door.events
        assert world.received[0].effects == ("malformed",)

    def test_who_answered(self) -> None:
        data = {"callSid": CALL_SID, "answeredBy": "machine_start"}
        event = status_of("com.twilio.voice.status-callback.amd.detected", data)
        assert (event.status, event.fields["AnsweredBy"]) == ("amd-detected", "machine_start")

    @pytest.mark.parametrize(
        ("last", "told", "status"),
        [
            ("verification.pending", "PENDING", "pending"),
            ("verification.approved", "APPROVED", "approved"),
            ("verification.max-attempts-reached", None, "max_attempts_reached"),
            ("verification.max_attempts_reached", "MAX_ATTEMPTS_REACHED", "max_attempts_reached"),
            ("message.undelivered", None, "message_undelivered"),
        ],
    )
    def test_a_verification(self, last: str, told: str | None, status: str) -> None:
        data = {
            "verification_sid": VERIFICATION_SID,
            "to": THEIRS,
            "country": "US",
            "verification_status": told,
            "send_code_attempts": {"count": 1, "attempts": []},
            "tags": json.dumps({"intent": "01JABC", "attempt": "2"}),
        }
        event = status_of(VERIFY + last, data)
        assert (event.subject, event.sid, event.status) == (Subject.VERIFICATION, VERIFICATION_SID, status)
        assert (event.intent, event.attempt) == ("01JABC", 2)
        assert event.fields == {"country": "US"}

    @pytest.mark.parametrize("tags", [None, "", "{", "[]", 3, {"other": "x"}, {"intent": ["a"]}])
    def test_tags_that_are_not_ours_name_no_intent(self, tags: object) -> None:
        data = {"verification_sid": VERIFICATION_SID, "verification_status": "APPROVED", "tags": tags}
        event = status_of(VERIFY + "verification.approved", data)
        assert (event.intent, event.attempt) == (None, None)

    @pytest.mark.parametrize(
        ("kind", "status"),
        [("execution.started", "started"), ("execution.ended", "ended"), ("step.ended", "step_ended")],
    )
    def test_a_flow(self, kind: str, status: str) -> None:
        data = {"execution_sid": EXECUTION_SID, "flow_sid": "FW" + "a" * 32, "contact_channel_address": THEIRS}
        event = status_of("com.twilio.studio.flow." + kind, data)
        assert (event.subject, event.sid, event.status) == (Subject.FLOW, EXECUTION_SID, status)
        assert event.fields == {"flow_sid": "FW" + "a" * 32}

    def test_data_may_be_json_in_a_string(self) -> None:
        (event,) = sent({**DELIVERED_EVENT, "data": json.dumps(DELIVERED_EVENT["data"])}).door.events
        assert event == sent(DELIVERED_EVENT).door.events[0]

    def test_a_single_event_is_a_batch_of_one(self) -> None:
        world = world_of()
        world.send(json_post("/webhooks/events", encoded(DELIVERED_EVENT)))
        assert world.door.events == sent(DELIVERED_EVENT).door.events

    @pytest.mark.parametrize(
        "bad",
        [
            None,
            3,
            "text",
            [],
            {},
            {"type": None},
            {"type": ["com.twilio.messaging.message.sent"]},
            cloud_event("com.twilio.messaging.message.sent", None),
            cloud_event("com.twilio.messaging.message.sent", "{"),
            cloud_event("com.twilio.messaging.message.sent", "[]"),
            cloud_event("com.twilio.messaging.message.sent", {}),
            cloud_event("com.twilio.messaging.message.sent", {"messageSid": {"a": 1}}),
            cloud_event(VERIFY + "verification.approved", {"verification_sid": None}),
            cloud_event("com.twilio.messaging.inbound-message.received", {"messageSid": MESSAGE_SID}),
        ],
    )
    def test_a_bad_event_does_not_lose_the_others(self, bad: object) -> None:
        world = sent(DELIVERED_EVENT, bad, DELIVERED_EVENT)
        assert len(world.door.events) == 2
        assert sorted(world.received[0].effects) == ["applied", "applied", "malformed"]

    @pytest.mark.parametrize(
        "kind", ["com.twilio.error-logs.error.logged", "com.twilio.eventstreams.test-event", "com.example.other", ""]
    )
    def test_a_type_that_is_not_ours_is_passed_over(self, kind: str) -> None:
        world = sent(cloud_event(kind, {"test_id": "1"}))
        assert not world.door.events
        assert world.received[0].effects == ("foreign",)


class TestSendGrid:
    def test_a_bounce(self) -> None:
        assert mail() == StatusReported(
            Subject.EMAIL,
            "LRzXl_NHStOGhQ4kofSm_A",
            "bounce",
            intent="01JABC",
            attempt=1,
            error_detail="550 5.1.1 no such user ****",
            address="ann@example.com",
            event_id="Ym91bmNl",
            fields={
                "type": "bounce",
                "reason": "550 5.1.1 no such user ****",
                "status": "5.1.1",
                "timestamp": "1789999990",
            },
        )

    def test_a_blocked_message_is_no_bounce(self) -> None:
        assert mail(type="blocked").status == "blocked"

    @pytest.mark.parametrize("name", ["processed", "delivered", "dropped", "open", "spamreport", "unsubscribe", "new"])
    def test_other_events_keep_their_names(self, name: str) -> None:
        assert mail(event=name, type=None).status == name

    def test_of_a_deferral_the_attempt_is_sendgrids_own_count(self) -> None:
        event = mail(event="deferred", attempt="5")
        assert (event.intent, event.attempt) == ("01JABC", None)

    def test_an_asynchronous_bounce_has_no_message_id(self) -> None:
        event = mail(sg_message_id=None, intent=None, attempt=None)
        assert (event.sid, event.intent, event.address) == ("", None, "ann@example.com")

    @pytest.mark.parametrize("intent", ["", "a b", 3.5, ["x"], "x" * 65])
    def test_garbage_in_the_arguments_is_an_orphan(self, intent: object) -> None:
        assert mail(intent=intent, attempt="x").intent is None
        assert mail(intent=intent, attempt="x").attempt is None

    @pytest.mark.parametrize("bad", [None, 3, "text", [], {}, {"event": None}, {"event": {"x": 1}}])
    def test_a_bad_event_does_not_lose_the_others(self, bad: object) -> None:
        world = mailed(payloads.BOUNCE, bad, payloads.BOUNCE)
        assert len(world.door.events) == 2
        assert sorted(world.received[0].effects) == ["applied", "applied", "malformed"]

    def test_no_address_is_kept_beside_the_one_for_suppression(self) -> None:
        event = mail(useragent="x", ip="198.51.100.7", url="https://example.com/?ann@example.com")
        assert "ann@example.com" not in repr(event.fields)
        assert "198.51.100.7" not in repr(event)
