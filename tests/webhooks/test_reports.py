"""What each callback of Twilio becomes: messages, calls, digits, factors, flows."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gateway.inbox import FactorReported, KeyPressed, Media, MessageReceived, Reply, StatusReported, Subject
from tests.webhooks import payloads
from tests.webhooks.payloads import CALL_SID, CHALLENGE_SID, FACTOR_SID, IDENTITY, MESSAGE_SID, OURS, QUERY, THEIRS
from tests.webhooks.signing import ACCOUNT_SID, Post, form_post, json_post
from tests.webhooks.worlds import world_of


def event_of(post: Post) -> object:
    world = world_of()
    assert world.send(post).status_code in (200, 204)
    (event,) = world.door.events
    return event


def status_of(path: str, fields: Mapping[str, str], query: str = QUERY) -> StatusReported:
    event = event_of(form_post(path + query, list(fields.items())))
    assert isinstance(event, StatusReported)
    return event


def message(**changed: str) -> StatusReported:
    return status_of("/webhooks/messages/status", {**payloads.MESSAGE_STATUS, **changed})


def call(**changed: str) -> StatusReported:
    return status_of("/webhooks/voice/status", {**payloads.CALL_STATUS, **changed})


class TestMessageStatus:
    def test_a_failed_text_with_its_error(self) -> None:
        assert message(ErrorMessage="Unreachable handset +14155550123") == StatusReported(
            Subject.MESSAGE,
            MESSAGE_SID,
            "undelivered",
            intent="01JABC",
            attempt=1,
            error_code=30003,
            error_detail="Unreachable handset +1415555****",
            fields={
                "AccountSid": ACCOUNT_SID,
                "MessagingServiceSid": "MG" + "a" * 32,
                "RawDlrDoneDate": "2608131702",
            },
        )

    @pytest.mark.parametrize("status", ["queued", "sending", "sent", "delivered", "failed", "read", "something-new"])
    def test_the_status_is_handed_on_in_lower_case(self, status: str) -> None:
        assert message(MessageStatus=status.upper()).status == status

    def test_a_whatsapp_read_receipt(self) -> None:
        event = message(MessageStatus="delivered", EventType="READ", ChannelPrefix="whatsapp", To="whatsapp:" + THEIRS)
        assert event.status == "read"
        assert event.fields["EventType"] == "READ"
        assert event.fields["ChannelPrefix"] == "whatsapp"

    def test_a_channels_own_words_are_the_detail(self) -> None:
        assert message(ChannelStatusMessage="Outside the window").error_detail == "Outside the window"

    @pytest.mark.parametrize("code", ["", "abc", "-1", "1e3", "٣", "9" * 40])
    def test_an_error_code_that_is_none_is_none(self, code: str) -> None:
        assert message(ErrorCode=code).error_code is None

    def test_an_unknown_field_is_kept(self) -> None:
        assert message(NewThing="blue").fields["NewThing"] == "blue"

    def test_no_address_is_kept_under_whatever_name(self) -> None:
        event = message(ChannelToAddress=THEIRS, NewThing="for +14155550123 or ann@example.com", ToCity="Reno")
        assert THEIRS not in repr(event)
        assert OURS not in repr(event)
        assert "ann@example.com" not in repr(event)
        assert "Reno" not in repr(event)

    @pytest.mark.parametrize(
        ("query", "intent", "attempt"),
        [
            ("?intent=01JABC&attempt=12", "01JABC", 12),
            ("", None, None),
            ("?intent=&attempt=", None, None),
            ("?intent=a%20b&attempt=1", None, 1),
            ("?intent=" + "x" * 65 + "&attempt=1", None, 1),
            ("?intent=01JABC&attempt=0", "01JABC", None),
            ("?intent=01JABC&attempt=-1", "01JABC", None),
            ("?intent=01JABC&attempt=1.5", "01JABC", None),
            ("?intent=01JABC&attempt=%D9%A3", "01JABC", None),
            ("?intent=01JABC&attempt=" + "9" * 40, "01JABC", None),
            ("?attempt=1&intent=first&intent=second", "first", 1),
        ],
    )
    def test_garbage_in_the_query_is_an_orphan_and_no_error(
        self, query: str, intent: str | None, attempt: int | None
    ) -> None:
        event = status_of("/webhooks/messages/status", payloads.MESSAGE_STATUS, query)
        assert (event.intent, event.attempt) == (intent, attempt)

    def test_a_query_that_is_no_utf8_is_a_problem_not_an_error(self) -> None:
        post = form_post("/webhooks/messages/status?intent=%FF", list(payloads.MESSAGE_STATUS.items()))
        assert world_of().send(post).status_code == 400


class TestInbound:
    def received(self, **changed: str) -> MessageReceived:
        fields = {**payloads.INBOUND, **changed}
        event = event_of(form_post("/webhooks/messages/inbound", list(fields.items())))
        assert isinstance(event, MessageReceived)
        return event

    def test_a_text(self) -> None:
        assert self.received() == MessageReceived(
            MESSAGE_SID, "sms", THEIRS, OURS, "STOP", "STOP", "MG" + "a" * 32, ACCOUNT_SID
        )

    def test_a_whatsapp_message(self) -> None:
        event = self.received(From="whatsapp:" + THEIRS, To="whatsapp:" + OURS)
        assert (event.channel, event.sender, event.to) == ("whatsapp", THEIRS, OURS)

    def test_a_body_is_taken_as_it_is(self) -> None:
        assert self.received(Body="  Straße 1 & +x\n🙂 ").body == "  Straße 1 & +x\n🙂 "

    def test_a_picture_without_text(self) -> None:
        assert self.received(Body="", NumMedia="1").body == ""

    def test_pictures_come_with_their_kind(self) -> None:
        first, second = "https://api.twilio.com/2010-04-01/Media/ME1", "https://api.twilio.com/2010-04-01/Media/ME2"
        told = {"MediaUrl0": first, "MediaContentType0": "image/jpeg", "MediaUrl1": second}
        assert self.received(Body="", NumMedia="2", **told).media == (
            Media(first, "image/jpeg"),
            Media(second, "application/octet-stream"),
        )

    @pytest.mark.parametrize("count", ["", "no", "0", "-1", "99999999999"])
    def test_a_count_that_says_nothing_brings_nothing(self, count: str) -> None:
        assert self.received(NumMedia=count, MediaUrl0="https://api.twilio.com/ME1").media == ()

    def test_what_has_no_address_or_comes_without_end_is_left_out(self) -> None:
        told = {f"MediaUrl{n}": f"https://api.twilio.com/ME{n}" for n in range(1, 40)}
        assert len(self.received(NumMedia="40", **told).media) == 9

    def test_a_pressed_button_says_its_text(self) -> None:
        assert self.received(Body="", ButtonText="Stop").body == "Stop"

    def test_without_advanced_opt_out_there_is_no_type(self) -> None:
        assert self.received(OptOutType="").opt_out_type is None

    @pytest.mark.parametrize(
        ("say", "document"),
        [
            (None, "<Response />"),
            (
                "You are out. <Hangup/> & \x07\ud800 bye",
                "<Response><Message>You are out. &lt;Hangup/&gt; &amp;  bye</Message></Response>",
            ),
        ],
    )
    def test_the_answer_is_twiml(self, say: str | None, document: str) -> None:
        world = world_of()
        world.door.reply = Reply("applied", say=say)
        answer = world.send(form_post("/webhooks/messages/inbound", list(payloads.INBOUND.items())))
        assert answer.status_code == 200
        assert answer.mimetype == "text/xml"
        assert answer.text.partition("?>")[2].strip() == document


class TestCallStatus:
    def test_a_call_that_ended(self) -> None:
        event = call()
        assert (event.subject, event.sid, event.status) == (Subject.CALL, CALL_SID, "completed")
        assert (event.intent, event.attempt) == ("01JABC", 1)
        assert event.fields == {
            "AccountSid": ACCOUNT_SID,
            "Direction": "outbound-api",
            "CallDuration": "17",
            "Duration": "1",
            "SipResponseCode": "200",
            "SequenceNumber": "3",
            "CallbackSource": "call-progress-events",
            "Timestamp": "Thu, 13 Aug 2026 17:02:08 +0000",
            "AnsweredBy": "human",
        }

    @pytest.mark.parametrize(
        ("told", "status"),
        [
            ("initiated", "initiated"),
            ("in-progress", "in-progress"),
            ("no-answer", "no-answer"),
            ("busy", "busy"),
            ("canceled", "canceled"),
            ("cancelled", "canceled"),
        ],
    )
    def test_both_spellings_are_one_status(self, told: str, status: str) -> None:
        assert call(CallStatus=told).status == status

    def test_the_report_of_a_machine_has_no_call_status(self) -> None:
        event = call(CallStatus="", AnsweredBy="machine_start", MachineDetectionDuration="3200")
        assert event.status == "amd-detected"
        assert event.fields["AnsweredBy"] == "machine_start"

    def test_an_error_of_the_call(self) -> None:
        assert call(CallStatus="failed", ErrorCode="13224").error_code == 13224


class TestGather:
    @pytest.mark.parametrize("digits", ["9", "1", "", "#"])
    def test_a_pressed_key(self, digits: str) -> None:
        fields = {**payloads.GATHER, "Digits": digits}
        event = event_of(form_post("/webhooks/voice/gather" + QUERY, list(fields.items())))
        assert event == KeyPressed(CALL_SID, "01JABC", 1, digits)

    @pytest.mark.parametrize(
        ("reply", "document"),
        [
            (Reply("applied"), "<Response />"),
            (
                Reply("applied", say="Bye & thanks", hang_up=True),
                "<Response><Say>Bye &amp; thanks</Say><Hangup /></Response>",
            ),
        ],
    )
    def test_the_answer_speaks_and_may_hang_up(self, reply: Reply, document: str) -> None:
        world = world_of()
        world.door.reply = reply
        answer = world.send(payloads.TWILIO_POSTS["voice_gather"]())
        assert (answer.status_code, answer.mimetype) == (200, "text/xml")
        assert answer.text.partition("?>")[2].strip() == document

    @pytest.mark.parametrize("query", ["", "?intent=01JABC", "?attempt=1", "?intent=01JABC&attempt=x"])
    def test_a_key_without_an_attempt_ends_the_call_and_does_nothing(self, query: str) -> None:
        world = world_of()
        answer = world.send(form_post("/webhooks/voice/gather" + query, list(payloads.GATHER.items())))
        assert answer.text.endswith("<Response><Hangup /></Response>")
        assert not world.door.events
        assert world.received[0].effects == ("orphan",)


class TestVerify:
    @pytest.mark.parametrize(
        "fields",
        [
            payloads.FACTOR,
            {"Uid": "e-1", "Type": "factor.verified", "Identity": IDENTITY, "FactorSid": FACTOR_SID},
            {"id": "e-1", "event_type": "FACTOR.VERIFIED", "identity": IDENTITY, "factor_sid": FACTOR_SID},
        ],
    )
    def test_a_verified_factor_form_or_json(self, fields: dict[str, str]) -> None:
        expected = FactorReported("factor.verified", IDENTITY, FACTOR_SID, None, "e-1")
        assert event_of(form_post("/webhooks/verify", list(fields.items()))) == expected
        assert event_of(json_post("/webhooks/verify", payloads.encoded(fields))) == expected

    def test_an_approved_challenge(self) -> None:
        fields = {**payloads.FACTOR, "type": "challenge.approved", "challenge_sid": CHALLENGE_SID}
        event = event_of(json_post("/webhooks/verify", payloads.encoded(fields)))
        assert event == FactorReported("challenge.approved", IDENTITY, FACTOR_SID, CHALLENGE_SID, "e-1")


class TestStudio:
    @pytest.mark.parametrize("fields", [payloads.FLOW, {**payloads.FLOW, "outcome": " Delivered "}])
    def test_an_outcome_form_or_json(self, fields: dict[str, str]) -> None:
        expected = StatusReported(
            Subject.FLOW, payloads.EXECUTION_SID, "delivered", "01JABC", 1, error_detail="confirmed by key"
        )
        assert event_of(form_post("/webhooks/studio" + QUERY, list(fields.items()))) == expected
        assert event_of(json_post("/webhooks/studio" + QUERY, payloads.encoded(fields))) == expected

    def test_an_outcome_alone_is_enough(self) -> None:
        event = event_of(json_post("/webhooks/studio" + QUERY, b'{"outcome":"failed"}'))
        assert event == StatusReported(Subject.FLOW, "", "failed", "01JABC", 1)

    def test_a_number_in_the_detail_is_masked(self) -> None:
        event = event_of(
            json_post("/webhooks/studio" + QUERY, b'{"outcome":"failed","detail":"no answer at +447700900123"}')
        )
        assert isinstance(event, StatusReported)
        assert event.error_detail == "no answer at +44770090****"
