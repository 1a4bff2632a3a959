"""Calls: the strict create call, the ends, what the person hears and presses."""

from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from gateway.sandbox import (
    SANDBOX_ACCOUNT_SID,
    SANDBOX_AUTH_TOKEN,
    SANDBOX_FROM_NUMBER,
    RunningSandbox,
    SandboxOptions,
    start_in_thread,
)

HUMAN = "+14155550110"
ALL_EVENTS = ["initiated", "ringing", "answered", "completed"]
HELLO = "<Response><Say>Hello there</Say></Response>"


def call(client: Client, to: str = HUMAN, **more: Any) -> Any:
    if "url" not in more:
        more.setdefault("twiml", HELLO)
    return client.calls.create(to=to, from_=SANDBOX_FROM_NUMBER, **more)


def spoken_to(control: Any, to: str = HUMAN) -> dict[str, Any]:
    found: list[dict[str, Any]] = control.get("outbox", to=to)["outbox"]
    return found[-1] if found else {}


ENDS = {
    "00": ("completed", "200"),
    "10": ("completed", "200"),
    "11": ("busy", "486"),
    "12": ("no-answer", "487"),
    "16": ("failed", "404"),
    "17": ("completed", "200"),
}


@pytest.mark.parametrize(("digits", "end"), ENDS.items(), ids=ENDS)
def test_the_last_digits_choose_the_end(client: Client, hooks: Any, digits: str, end: tuple[str, str]) -> None:
    made = call(client, f"+141555501{digits}", status_callback=f"{hooks.url}/call")
    assert (made.status, made.direction, made.duration) == ("queued", "outbound-api", None)
    [callback] = hooks.wait("/call", 1)
    assert (callback.form["CallStatus"], callback.form["SipResponseCode"]) == end
    assert made.fetch().status == end[0]
    assert ("CallDuration" in callback.form) is (end[0] == "completed")


def test_every_event_asked_for_comes_in_order_signed_and_numbered(client: Client, hooks: Any) -> None:
    url = f"{hooks.url}/call?intent=1"
    made = call(client, status_callback=f"{url}#rc=1", status_callback_event=ALL_EVENTS)
    found = sorted(hooks.wait("/call", 4), key=lambda one: int(one.form["SequenceNumber"]))
    assert [one.form["CallStatus"] for one in found] == ["initiated", "ringing", "in-progress", "completed"]
    assert [one.form["SequenceNumber"] for one in found] == ["0", "1", "2", "3"]
    validator = RequestValidator(SANDBOX_AUTH_TOKEN)
    assert all(validator.validate(url, one.form, one.headers["X-Twilio-Signature"]) for one in found)
    last = found[-1].form
    assert (last["CallSid"], last["CallDuration"], last["Duration"]) == (made.sid, "1", "1")
    assert last["CallbackSource"] == "call-progress-events"
    assert last["Timestamp"].endswith("+0000")


def test_a_busy_line_may_be_free_the_next_time(client: Client, eventually: Any) -> None:
    first = call(client, "+14155550119")
    eventually(lambda: first.fetch().status == "busy")
    second = call(client, "+14155550119")
    eventually(lambda: second.fetch().status == "completed")


@pytest.mark.parametrize(
    ("digits", "detection", "expected"),
    [
        ("10", "Enable", "human"),
        ("13", "Enable", "machine_start"),
        ("13", "DetectMessageEnd", "machine_end_beep"),
        ("13", None, None),
    ],
)
def test_machine_detection_says_who_answered(
    client: Client, hooks: Any, digits: str, detection: str | None, expected: str | None
) -> None:
    more = {} if detection is None else {"machine_detection": detection}
    made = call(client, f"+141555501{digits}", status_callback=f"{hooks.url}/call", **more)
    callback = hooks.wait_for("/call", "CallStatus", "completed")
    assert callback.form.get("AnsweredBy") == expected
    assert made.fetch().answered_by == expected


def gather(action: str, **more: Any) -> str:
    response = VoiceResponse()
    inner = Gather(num_digits=1, action=action, **more)
    inner.say("Press 9 to stop")
    response.append(inner)
    response.say("Goodbye")
    return str(response)


@pytest.mark.parametrize(("digits", "key"), [("14", "9"), ("15", "1")])
def test_a_pressed_key_is_posted_signed_and_its_answer_followed(
    client: Client, hooks: Any, control: Any, eventually: Any, digits: str, key: str
) -> None:
    to = f"+141555501{digits}"
    hooks.answer("/gather", 200, "<Response><Say>Thank you</Say></Response>")
    url = f"{hooks.url}/gather?intent=1"
    made = call(client, to, twiml=gather(url))
    eventually(lambda: made.fetch().status == "completed")
    [pressed] = hooks.on("/gather")
    assert (pressed.form["Digits"], pressed.form["CallStatus"]) == (key, "in-progress")
    assert RequestValidator(SANDBOX_AUTH_TOKEN).validate(url, pressed.form, pressed.headers["X-Twilio-Signature"])
    heard = spoken_to(control, to)
    assert (heard["text"], heard["pressed"]) == ("Press 9 to stop Thank you", key)


def test_who_presses_nothing_hears_the_rest(client: Client, hooks: Any, control: Any, eventually: Any) -> None:
    made = call(client, "+14155550117", twiml=gather(f"{hooks.url}/gather"))
    eventually(lambda: made.fetch().status == "completed")
    assert hooks.on("/gather") == []
    assert spoken_to(control, "+14155550117")["text"] == "Press 9 to stop Goodbye"


def test_an_empty_result_is_posted_when_asked_for(client: Client, hooks: Any, eventually: Any) -> None:
    made = call(client, "+14155550117", twiml=gather(f"{hooks.url}/gather", action_on_empty_result=True))
    eventually(lambda: made.fetch().status == "completed")
    assert hooks.on("/gather")[0].form["Digits"] == ""


def test_a_relative_action_does_not_work_in_inline_twiml(
    client: Client, hooks: Any, control: Any, eventually: Any
) -> None:
    made = call(client, "+14155550114", twiml=gather("/gather"))
    eventually(lambda: made.fetch().status == "completed")
    assert hooks.received == []
    assert spoken_to(control, "+14155550114")["text"] == "Press 9 to stop"


def test_a_url_is_fetched_signed_and_relative_actions_belong_to_it(
    client: Client, hooks: Any, control: Any, eventually: Any
) -> None:
    hooks.answer("/voice", 200, gather(f"{urlsplit(hooks.url).path}/gather"))
    hooks.answer("/gather", 200, "<Response><Hangup/><Say>Never</Say></Response>")
    made = call(client, "+14155550114", url=f"{hooks.url}/voice")
    eventually(lambda: made.fetch().status == "completed")
    fetched = hooks.on("/voice")[0]
    assert RequestValidator(SANDBOX_AUTH_TOKEN).validate(
        f"{hooks.url}/voice", fetched.form, fetched.headers["X-Twilio-Signature"]
    )
    assert hooks.on("/gather")[0].form["Digits"] == "9"
    assert spoken_to(control, "+14155550114")["text"] == "Press 9 to stop"


@pytest.mark.parametrize(
    "answer", [(500, "text/xml", ""), (200, "application/json", "{}"), (200, "text/xml", "<Response><Say>")]
)
def test_a_failing_url_falls_back(
    client: Client, hooks: Any, control: Any, eventually: Any, answer: tuple[int, str, str]
) -> None:
    status, kind, body = answer
    hooks.answer("/voice", status, body, kind)
    hooks.answer("/fallback", 200, HELLO)
    made = call(client, url=f"{hooks.url}/voice", fallback_url=f"{hooks.url}/fallback")
    eventually(lambda: made.fetch().status == "completed")
    assert spoken_to(control)["text"] == "Hello there"


def test_dial_play_redirect_and_record_are_carried_out(
    client: Client, hooks: Any, control: Any, eventually: Any
) -> None:
    response = VoiceResponse()
    response.play("https://example.com/jingle.mp3")
    dial = Dial(action=f"{hooks.url}/dialed")
    dial.number("+14155550101")
    dial.sip("sip:desk@example.com")
    response.append(dial)
    then = VoiceResponse()
    then.record(action=f"{hooks.url}/recorded")
    hooks.answer("/dialed", 200, str(then))
    last = VoiceResponse()
    last.redirect(f"{hooks.url}/more")
    hooks.answer("/recorded", 200, str(last))
    hooks.answer("/more", 200, HELLO)
    made = call(client, twiml=str(response))
    eventually(lambda: made.fetch().status == "completed")
    heard = spoken_to(control)
    assert heard["dialed"] == ["+14155550101", "sip:desk@example.com"]
    assert heard["text"] == "[plays https://example.com/jingle.mp3] Hello there"


def test_a_call_that_runs_in_circles_ends(client: Client, hooks: Any, eventually: Any) -> None:
    again = VoiceResponse()
    again.redirect("/again")
    hooks.answer("/again", 200, str(again), times=500)
    made = call(client, url=f"{hooks.url}/again")
    eventually(lambda: made.fetch().status == "completed")
    assert len(hooks.on("/again")) <= 101


WRONG: dict[str, tuple[dict[str, Any], int]] = {
    "no to": ({"To": None}, 21201),
    "no from": ({"From": None}, 21213),
    "invalid to": ({"To": "0100"}, 21211),
    "bad sip": ({"To": "sip:nobody"}, 13243),
    "foreign from": ({"From": "+14155550199"}, 21210),
    "nothing to say": ({"Twiml": None}, 21205),
    "bad url": ({"Url": "voice.xml"}, 21205),
    "long twiml": ({"Twiml": f"<Response><Say>{'x' * 4000}</Say></Response>"}, 32018),
    "ill-formed twiml": ({"Twiml": "<Response><Say>"}, 12100),
    "control character": ({"Twiml": "<Response><Say>\x07</Say></Response>"}, 12100),
    "entity": ({"Twiml": '<!DOCTYPE a [<!ENTITY b "c">]><Response><Say>&b;</Say></Response>'}, 12100),
    "wrong root": ({"Twiml": "<Reply/>"}, 12102),
    "wrong case": ({"Twiml": "<Response><say>x</say></Response>"}, 12200),
    "callback": ({"StatusCallback": "nowhere"}, 21609),
    "event": ({"StatusCallbackEvent": "sneezed"}, 21626),
    "timeout": ({"Timeout": "601"}, 20001),
    "detection": ({"MachineDetection": "Maybe"}, 20001),
    "unknown parameter": ({"Colour": "red"}, 20001),
    "premium": ({"To": "+14155550123"}, 21202),
    "blocked": ({"To": "+14155550118"}, 21216),
}


@pytest.mark.parametrize(("change", "code"), WRONG.values(), ids=WRONG)
def test_create_is_as_strict_as_twilio(sandbox: RunningSandbox, change: dict[str, Any], code: int) -> None:
    form = {"To": HUMAN, "From": SANDBOX_FROM_NUMBER, "Twiml": HELLO, **change}
    answer = requests.post(
        f"{sandbox.url}/2010-04-01/Accounts/{SANDBOX_ACCOUNT_SID}/Calls.json",
        data={name: value for name, value in form.items() if value is not None},
        auth=(SANDBOX_ACCOUNT_SID, SANDBOX_AUTH_TOKEN),
        timeout=5,
    )
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_call_can_be_canceled_before_it_is_answered(aim: Any, hooks: Any) -> None:
    with start_in_thread(SandboxOptions(port=0, step_ms=5000)) as running:
        made = call(aim(running.url), status_callback=f"{hooks.url}/call")
        assert made.update(status="canceled").status == "canceled"
        assert hooks.wait("/call", 1)[0].form["CallStatus"] == "canceled"
        with pytest.raises(TwilioRestException) as refused:
            made.update(status="completed")
        assert refused.value.code == 21220


def test_lists_filter_by_recipient_sender_and_status(client: Client, eventually: Any) -> None:
    made = [call(client) for _ in range(3)]
    call(client, "+14155550111")
    eventually(lambda: all(one.fetch().status == "completed" for one in made))
    found = client.calls.list(to=HUMAN, from_=SANDBOX_FROM_NUMBER, page_size=2)
    assert [one.sid for one in found] == [one.sid for one in made[::-1]]
    assert client.calls.list(to=HUMAN, status="busy") == []
    assert client.calls.list(from_="+14155550199") == []


def test_a_finished_call_can_be_deleted(client: Client, eventually: Any) -> None:
    made = call(client)
    eventually(lambda: made.fetch().status == "completed")
    assert made.delete() is True
    with pytest.raises(TwilioRestException) as gone:
        made.fetch()
    assert gone.value.code == 20404


def test_a_sip_uri_can_be_called(client: Client, control: Any, eventually: Any) -> None:
    made = call(client, "sip:desk@example.com")
    eventually(lambda: made.fetch().status == "completed")
    assert spoken_to(control, "sip:desk@example.com")["text"] == "Hello there"
