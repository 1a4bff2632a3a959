"""Messages: the strict create call, the statuses on the way, lists, and the other verbs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from gateway.sandbox import (
    SANDBOX_ACCOUNT_SID,
    SANDBOX_AUTH_TOKEN,
    SANDBOX_FROM_NUMBER,
    SANDBOX_MESSAGING_SERVICE_SID,
    SANDBOX_WHATSAPP_FROM,
    RunningSandbox,
    SandboxOptions,
    start_in_thread,
)

TO = "+14155550100"
SERVICE = {"messaging_service_sid": SANDBOX_MESSAGING_SERVICE_SID}
SENDER = {"from_": SANDBOX_FROM_NUMBER}


def statuses(hooks: Any, path: str = "/status") -> list[str]:
    return [one.form["MessageStatus"] for one in hooks.on(path)]


def test_with_a_service_the_sender_comes_later(client: Client, eventually: Any) -> None:
    message = client.messages.create(to=TO, body="Hello", **SERVICE)
    assert (message.status, message.from_, message.num_segments) == ("accepted", None, "0")
    assert message.direction == "outbound-api"
    delivered = eventually(lambda: now if (now := message.fetch()).status == "delivered" else None)
    assert (delivered.from_, delivered.num_segments) == (SANDBOX_FROM_NUMBER, "1")
    assert (delivered.price, delivered.price_unit) == ("-0.00830", "USD")
    assert delivered.date_sent is not None


def test_with_a_sender_it_is_queued_at_once(client: Client) -> None:
    message = client.messages.create(to=TO, body="é" * 161, **SENDER)
    assert (message.status, message.from_, message.num_segments) == ("queued", SANDBOX_FROM_NUMBER, "2")
    assert message.price is None


@pytest.mark.parametrize(
    ("through", "expected"),
    [(SERVICE, ["queued", "sent", "delivered"]), (SENDER, ["sent", "delivered"])],
    ids=["service", "sender"],
)
def test_the_first_status_has_no_callback(
    client: Client, control: Any, hooks: Any, through: dict[str, str], expected: list[str]
) -> None:
    made = client.messages.create(to=TO, body="Hello", status_callback=f"{hooks.url}/status?nid=4%202", **through)
    hooks.wait("/status", len(expected))
    assert sorted(statuses(hooks)) == sorted(expected)
    sent = control.get("callbacks", sid=made.sid)["callbacks"]
    assert [one["content"]["MessageStatus"] for one in sent] == expected, "the order in which they left"


def test_callbacks_are_signed_over_url_with_query_and_all_fields(client: Client, hooks: Any) -> None:
    url = f"{hooks.url}/status?intent=a%20b&attempt=1"
    message = client.messages.create(to=TO, body="Hello", status_callback=f"{url}#rc=2&rp=all", **SERVICE)
    callback = hooks.wait_for("/status", "MessageStatus", "delivered")
    signature = callback.headers["X-Twilio-Signature"]
    assert RequestValidator(SANDBOX_AUTH_TOKEN).validate(url, callback.form, signature)
    assert not RequestValidator(SANDBOX_AUTH_TOKEN).validate(f"{url}x", callback.form, signature)
    assert callback.query == "intent=a%20b&attempt=1"
    assert callback.headers["User-Agent"] == "TwilioProxy/1.1"
    assert callback.headers["I-Twilio-Idempotency-Token"]
    assert callback.form["MessageSid"] == callback.form["SmsSid"] == message.sid
    assert callback.form["MessagingServiceSid"] == SANDBOX_MESSAGING_SERVICE_SID
    assert callback.form["AccountSid"] == SANDBOX_ACCOUNT_SID
    assert len(callback.form["RawDlrDoneDate"]) == 10


def test_userinfo_in_a_callback_url_is_sent_and_not_signed(client: Client, hooks: Any) -> None:
    url = f"{hooks.url}/status"
    with_user = url.replace("http://", "http://user:pass@")
    client.messages.create(to=TO, body="Hello", status_callback=with_user, **SENDER)
    callback = hooks.wait("/status", 1)[0]
    assert callback.headers["Authorization"].startswith("Basic ")
    assert RequestValidator(SANDBOX_AUTH_TOKEN).validate(url, callback.form, callback.headers["X-Twilio-Signature"])


ENDINGS = {
    "10": ("undelivered", 30006),
    "22": ("undelivered", 30006),
    "25": ("delivered", None),
    "47": ("undelivered", 30003),
    "48": ("undelivered", 30005),
    "49": ("undelivered", 30006),
    "50": ("undelivered", 30007),
    "51": ("undelivered", 30008),
    "52": ("failed", 21610),
    "53": ("failed", 30450),
    "54": ("undelivered", 39999),
    "56": ("failed", 30001),
    "63": ("failed", 30023),
    "64": ("failed", 30036),
    "99": ("delivered", None),
}


@pytest.mark.parametrize(("digits", "ending"), ENDINGS.items(), ids=ENDINGS)
def test_the_last_digits_choose_the_ending(
    client: Client, hooks: Any, digits: str, ending: tuple[str, int | None]
) -> None:
    to = f"+141555501{digits}"
    message = client.messages.create(to=to, body="Hello", status_callback=f"{hooks.url}/status", **SERVICE)
    callback = hooks.wait_for("/status", "MessageStatus", ending[0])
    now = message.fetch()
    assert (now.status, now.error_code) == ending
    assert callback.form.get("ErrorCode") == (None if ending[1] is None else str(ending[1]))
    if ending[0] == "failed":
        assert "sent" not in statuses(hooks)
    else:
        hooks.wait_for("/status", "MessageStatus", "sent")


REFUSED = {"40": 21610, "41": 21614, "42": 21211, "43": 21408, "44": 21635, "45": 21611, "46": 20003}


@pytest.mark.parametrize(("digits", "code"), REFUSED.items(), ids=REFUSED)
def test_the_last_digits_choose_a_refusal(client: Client, control: Any, digits: str, code: int) -> None:
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to=f"+141555501{digits}", body="Hello", **SERVICE)
    assert refused.value.code == code
    assert control.get("counts")["messages_to"] == {}


def test_an_opt_out_is_refused_at_once_only_with_a_sender(client: Client) -> None:
    assert client.messages.create(to="+14155550152", body="Hello", **SERVICE).status == "accepted"
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to="+14155550152", body="Hello", **SENDER)
    assert refused.value.code == 21610


def test_sent_then_silence(client: Client, hooks: Any) -> None:
    message = client.messages.create(to="+14155550155", body="Hello", status_callback=f"{hooks.url}/status", **SERVICE)
    client.messages.create(to=TO, body="Hello", status_callback=f"{hooks.url}/other", **SERVICE)
    hooks.wait_for("/other", "MessageStatus", "delivered")
    hooks.wait("/status", 2)
    assert sorted(statuses(hooks)) == ["queued", "sent"]
    assert message.fetch().status == "sent"


def test_the_second_message_gets_through_where_only_the_first_fails(client: Client, eventually: Any) -> None:
    first = client.messages.create(to="+14155550156", body="1", **SERVICE)
    second = client.messages.create(to="+14155550156", body="2", **SERVICE)
    eventually(lambda: second.fetch().status == "delivered")
    assert first.fetch().error_code == 30001


def test_very_late_is_still_on_its_way_when_others_have_arrived(aim: Any, eventually: Any) -> None:
    with start_in_thread(SandboxOptions(port=0, step_ms=100)) as running:
        client = aim(running.url)
        late = client.messages.create(to="+14155550162", body="Hello", **SERVICE)
        prompt = client.messages.create(to=TO, body="Hello", **SERVICE)
        eventually(lambda: prompt.fetch().status == "delivered")
        assert late.fetch().status == "sent"


WRONG: dict[str, tuple[dict[str, Any], int]] = {
    "no to": ({"To": None}, 21604),
    "no sender": ({"From": None}, 21603),
    "no body": ({"Body": None}, 21602),
    "empty body": ({"Body": ""}, 21602),
    "invalid to": ({"To": "415 555 0100"}, 21211),
    "short NANP to": ({"To": "+1555"}, 21211),
    "unknown parameter": ({"Colour": "red"}, 20001),
    "long body": ({"Body": "x" * 1601}, 21617),
    "foreign sender": ({"From": "+14155550199"}, 21659),
    "word as sender": ({"From": "ACME"}, 21212),
    "unknown service": ({"MessagingServiceSid": "MG" + "9" * 32}, 21705),
    "same number": ({"To": SANDBOX_FROM_NUMBER}, 21266),
    "other channel": ({"To": f"whatsapp:{TO}"}, 21910),
    "underscore in callback host": ({"StatusCallback": "http://a_b.example.com/"}, 21609),
    "relative callback": ({"StatusCallback": "/status"}, 21609),
    "validity too long": ({"ValidityPeriod": "36001"}, 21624),
    "validity zero": ({"ValidityPeriod": "0"}, 21624),
    "validity no number": ({"ValidityPeriod": "soon"}, 21624),
    "media not http": ({"MediaUrl": "ftp://example.com/a.png"}, 21620),
    "too many media": ({"MediaUrl": ["https://example.com/a.png"] * 11}, 21623),
    "variables alone": ({"ContentVariables": "{}"}, 21654),
    "bad content sid": ({"ContentSid": "HX1"}, 21655),
    "variables no object": ({"ContentSid": "HX" + "1" * 32, "ContentVariables": "[]"}, 21656),
    "variable null": ({"ContentSid": "HX" + "1" * 32, "ContentVariables": '{"1":null}'}, 21656),
    "schedule without service": ({"ScheduleType": "fixed", "SendAt": "2030-01-01T00:00:00Z"}, 35118),
}


@pytest.mark.parametrize(("change", "code"), WRONG.values(), ids=WRONG)
def test_create_is_as_strict_as_twilio(sandbox: RunningSandbox, change: dict[str, Any], code: int) -> None:
    form = {"To": TO, "From": SANDBOX_FROM_NUMBER, "Body": "Hello", **change}
    answer = requests.post(
        f"{sandbox.url}/2010-04-01/Accounts/{SANDBOX_ACCOUNT_SID}/Messages.json",
        data={name: value for name, value in form.items() if value is not None},
        auth=(SANDBOX_ACCOUNT_SID, SANDBOX_AUTH_TOKEN),
        timeout=5,
    )
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_json_body_has_no_to(sandbox: RunningSandbox) -> None:
    answer = requests.post(
        f"{sandbox.url}/2010-04-01/Accounts/{SANDBOX_ACCOUNT_SID}/Messages.json",
        json={"To": TO, "Body": "Hello"},
        auth=(SANDBOX_ACCOUNT_SID, SANDBOX_AUTH_TOKEN),
        timeout=5,
    )
    assert answer.json()["code"] == 21604


def test_a_validity_that_ran_out_fails_with_30036(client: Client, control: Any, eventually: Any) -> None:
    control.post("reset")
    message = client.messages.create(to="+14155550162", body="Hello", validity_period=1, **SERVICE)
    eventually(lambda: message.fetch().status == "failed")
    assert message.fetch().error_code == 30036


@pytest.mark.parametrize(
    ("ahead", "code"),
    [(timedelta(minutes=5), 35114), (timedelta(days=36), 35114), (None, 35111)],
    ids=["too soon", "too late", "missing"],
)
def test_send_at_has_a_window(client: Client, ahead: timedelta | None, code: int) -> None:
    more = {} if ahead is None else {"send_at": datetime.now(UTC) + ahead}
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to=TO, body="Hello", schedule_type="fixed", **SERVICE, **more)
    assert refused.value.code == code


def test_a_scheduled_message_can_be_canceled_and_a_sent_one_cannot(client: Client, hooks: Any, eventually: Any) -> None:
    send_at = datetime.now(UTC) + timedelta(hours=1)
    message = client.messages.create(
        to=TO, body="Hello", schedule_type="fixed", send_at=send_at, status_callback=f"{hooks.url}/status", **SERVICE
    )
    assert message.status == "scheduled"
    assert message.update(status="canceled").status == "canceled"
    hooks.wait_for("/status", "MessageStatus", "canceled")
    prompt = client.messages.create(to=TO, body="Hello", **SERVICE)
    eventually(lambda: prompt.fetch().status == "delivered")
    with pytest.raises(TwilioRestException) as refused:
        prompt.update(status="canceled")
    assert refused.value.code == 30409


def test_a_body_can_be_redacted_and_a_message_deleted_once_it_is_final(client: Client, eventually: Any) -> None:
    underway = client.messages.create(to="+14155550155", body="Secret", **SERVICE)
    with pytest.raises(TwilioRestException) as refused:
        underway.update(body="")
    assert refused.value.code == 20009
    message = client.messages.create(to=TO, body="Secret", **SERVICE)
    eventually(lambda: message.fetch().status == "delivered")
    assert message.update(body="").body == ""
    assert message.delete() is True
    with pytest.raises(TwilioRestException) as gone:
        message.fetch()
    assert (gone.value.status, gone.value.code) == (404, 20404)


def test_media_makes_an_mms(client: Client) -> None:
    message = client.messages.create(to=TO, media_url=["https://example.com/a.png"], **SERVICE)
    assert message.sid.startswith("MM")
    assert message.num_media == "1"


def test_lists_are_newest_first_page_by_page_and_stable(client: Client) -> None:
    sids = [client.messages.create(to=TO, body=str(n), **SERVICE).sid for n in range(7)]
    client.messages.create(to="+14155550101", body="other", **SERVICE)
    pages = client.messages.stream(to=TO, page_size=3)
    seen = [next(pages).sid for _ in range(4)]
    client.messages.create(to=TO, body="newer", **SERVICE)
    seen += [one.sid for one in pages]
    assert seen == sids[::-1]


def test_lists_filter_by_sender_and_date(client: Client, eventually: Any) -> None:
    message = client.messages.create(to=TO, body="1", **SENDER)
    eventually(lambda: message.fetch().status == "delivered")
    now = message.fetch().date_sent
    day = timedelta(days=1)
    assert len(client.messages.list(from_=SANDBOX_FROM_NUMBER)) == 1
    assert client.messages.list(from_="+14155550199") == []
    assert len(client.messages.list(date_sent=now)) == 1
    assert client.messages.list(date_sent=now - day) == []
    assert len(client.messages.list(date_sent_after=now - day, date_sent_before=now + day)) == 1
    assert client.messages.list(date_sent_after=now + day) == []
    assert client.messages.list(date_sent_before=now - day) == []
    unsent = client.messages.create(to="+14155550156", body="fails", **SERVICE)
    eventually(lambda: unsent.fetch().status == "failed")
    assert [one.sid for one in client.messages.list(date_sent_after=now - day)] == [message.sid]


def whatsapp(client: Client, digits: str = "00", **more: Any) -> Any:
    return client.messages.create(
        to=f"whatsapp:+141555501{digits}", from_=SANDBOX_WHATSAPP_FROM, **({"body": "Hello"} | more)
    )


TEMPLATE = {"content_sid": "HX" + "1" * 32, "content_variables": '{"1":"Ann"}', "body": None}
WHATSAPP = {
    "00": ("delivered", None),
    "90": ("undelivered", 63003),
    "91": ("read", None),
    "92": ("failed", 63016),
    "93": ("undelivered", 63033),
    "94": ("undelivered", 63014),
}


@pytest.mark.parametrize(("digits", "ending"), WHATSAPP.items(), ids=WHATSAPP)
def test_a_whatsapp_template_ends_as_the_digits_say(
    client: Client, hooks: Any, digits: str, ending: tuple[str, int | None]
) -> None:
    message = whatsapp(client, digits, status_callback=f"{hooks.url}/status", **TEMPLATE)
    callback = hooks.wait_for("/status", "MessageStatus", ending[0])
    assert message.fetch().error_code == ending[1]
    assert callback.form["ChannelPrefix"] == "whatsapp"
    assert callback.form["To"] == f"whatsapp:+141555501{digits}"
    assert ("EventType" in callback.form) is (ending[0] == "read")
    assert ("ChannelStatusMessage" in callback.form) is (ending[1] is not None)


def test_free_text_by_whatsapp_needs_an_open_window(client: Client, control: Any, eventually: Any) -> None:
    outside = whatsapp(client)
    eventually(lambda: outside.fetch().status == "failed")
    assert outside.fetch().error_code == 63016
    control.post("inbound", {"from": TO, "to": SANDBOX_FROM_NUMBER, "body": "Hi", "whatsapp": True})
    inside = whatsapp(client)
    eventually(lambda: inside.fetch().status == "delivered")


def test_a_stop_word_blocks_the_sender_until_a_start_word(client: Client, control: Any, eventually: Any) -> None:
    control.post("inbound", {"from": TO, "to": SANDBOX_FROM_NUMBER, "body": " stop "})
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to=TO, body="Hello", **SENDER)
    assert refused.value.code == 21610
    later = client.messages.create(to=TO, body="Hello", **SERVICE)
    eventually(lambda: later.fetch().error_code == 21610)
    control.post("inbound", {"from": TO, "to": SANDBOX_FROM_NUMBER, "body": "START"})
    again = client.messages.create(to=TO, body="Hello", **SENDER)
    eventually(lambda: again.fetch().status == "delivered")
