"""SendGrid: the strict mail/send and the signed Event Webhook."""

import base64
from typing import Any

import pytest
import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.sandbox import SANDBOX_SENDGRID_API_KEY, SANDBOX_SENDGRID_PUBLIC_KEY, RunningSandbox

Json = dict[str, Any]


def mail(to: str = "ann@example.com", **change: Any) -> Json:
    whole: Json = {
        "personalizations": [{"to": [{"email": to}], "custom_args": {"attempt": "1"}}],
        "from": {"email": "no-reply@example.com"},
        "subject": "Order shipped",
        "content": [{"type": "text/plain", "value": "Your order shipped."}],
        "custom_args": {"intent": "42", "event": "forged"},
    } | change
    return {name: value for name, value in whole.items() if value is not None}


def send(sandbox: RunningSandbox, body: Any, key: str = SANDBOX_SENDGRID_API_KEY) -> requests.Response:
    headers = {"Authorization": f"Bearer {key}", "Host": "api.sendgrid.com"}
    return requests.post(f"{sandbox.url}/v3/mail/send", json=body, headers=headers, timeout=5)


def test_a_mail_is_taken_with_202_and_an_id(sandbox: RunningSandbox, control: Any) -> None:
    answer = send(sandbox, mail())
    assert (answer.status_code, answer.content) == (202, b"")
    assert answer.headers["X-Message-Id"]
    [item] = control.get("outbox", to="ann@example.com")["outbox"]
    assert (item["subject"], item["text"]) == ("Order shipped", "Your order shipped.")
    assert control.get("counts")["emails_to"] == {"ann@example.com": 1}
    assert control.get("requests", to="ann@example.com")["total"] == 1


CASES = {
    "ann": ["processed", "delivered"],
    "bounce": ["processed", "bounce"],
    "blocked": ["processed", "bounce"],
    "dropped": ["dropped"],
    "deferred": ["processed", "deferred", "delivered"],
    "unsubscribe": ["processed", "delivered", "unsubscribe"],
    "spam+tag": ["processed", "delivered", "spamreport"],
    "open": ["processed", "delivered", "open"],
}


@pytest.mark.parametrize(("local", "expected"), CASES.items(), ids=CASES)
def test_the_local_part_chooses_the_events(
    sandbox: RunningSandbox, control: Any, hooks: Any, local: str, expected: list[str]
) -> None:
    control.post("sendgrid", {"webhook_url": f"{hooks.url}/sendgrid"})
    message_id = send(sandbox, mail(f"{local}@example.com")).headers["X-Message-Id"]
    events = [one.json[0] for one in hooks.wait("/sendgrid", len(expected))]
    assert sorted(one["event"] for one in events) == sorted(expected)
    sent = control.get("callbacks", product="sendgrid")["callbacks"]
    assert [one["content"][0]["event"] for one in sent] == expected, "the order in which they left"
    for one in events:
        assert one["sg_message_id"].startswith(f"{message_id}.")
        assert (one["intent"], one["attempt"]) == ("42", "1")
        assert one["email"] == f"{local}@example.com"
    assert len({one["sg_event_id"] for one in events}) == len(events)


@pytest.mark.parametrize(("local", "kind"), [("bounce", "bounce"), ("blocked", "blocked")])
def test_a_bounce_says_whether_it_is_hard(
    sandbox: RunningSandbox, control: Any, hooks: Any, local: str, kind: str
) -> None:
    control.post("sendgrid", {"webhook_url": f"{hooks.url}/sendgrid"})
    send(sandbox, mail(f"{local}@example.com"))
    events = [one.json[0] for one in hooks.wait("/sendgrid", 2)]
    assert [event["type"] for event in events if event["event"] == "bounce"] == [kind]


def test_the_webhook_is_signed_over_timestamp_and_raw_bytes(sandbox: RunningSandbox, control: Any, hooks: Any) -> None:
    control.post("sendgrid", {"webhook_url": f"{hooks.url}/sendgrid"})
    send(sandbox, mail())
    webhook = hooks.wait("/sendgrid", 1)[0]
    assert webhook.raw.endswith(b"\r\n")
    key = serialization.load_der_public_key(base64.b64decode(SANDBOX_SENDGRID_PUBLIC_KEY))
    assert isinstance(key, ec.EllipticCurvePublicKey)
    signature = base64.b64decode(webhook.headers["X-Twilio-Email-Event-Webhook-Signature"])
    timestamp = webhook.headers["X-Twilio-Email-Event-Webhook-Timestamp"].encode()
    key.verify(signature, timestamp + webhook.raw, ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        key.verify(signature, timestamp + webhook.raw.rstrip(), ec.ECDSA(hashes.SHA256()))


def test_an_event_that_is_not_taken_is_sent_again(sandbox: RunningSandbox, control: Any, hooks: Any) -> None:
    hooks.answer("/sendgrid", 500)
    control.post("sendgrid", {"webhook_url": f"{hooks.url}/sendgrid"})
    send(sandbox, mail("dropped@example.com"))
    first, second = hooks.wait("/sendgrid", 2)
    assert first.raw == second.raw


def test_a_wrong_key_is_401(sandbox: RunningSandbox) -> None:
    answer = send(sandbox, mail(), "SG.wrong")
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["field"] is None


def test_sandbox_mode_is_200_and_delivers_nothing(sandbox: RunningSandbox, control: Any) -> None:
    body = mail(mail_settings={"sandbox_mode": {"enable": True}})
    assert send(sandbox, body).status_code == 200
    assert control.get("outbox") == {"outbox": []}


def test_all_recipients_get_their_own_events(sandbox: RunningSandbox, control: Any, hooks: Any) -> None:
    control.post("sendgrid", {"webhook_url": f"{hooks.url}/sendgrid"})
    people = [{"to": [{"email": "ann@example.com"}], "cc": [{"email": "bob@example.com"}]}]
    send(sandbox, mail(personalizations=people))
    assert {one.json[0]["email"] for one in hooks.wait("/sendgrid", 4)} == {"ann@example.com", "bob@example.com"}


WRONG: dict[str, tuple[Json, str | None]] = {
    "no personalizations": ({"personalizations": None}, "personalizations"),
    "empty personalizations": ({"personalizations": []}, "personalizations"),
    "no to": ({"personalizations": [{}]}, "personalizations.0.to"),
    "bad to": ({"personalizations": [{"to": [{"email": "ann"}]}]}, "personalizations.0.to.0.email"),
    "no from": ({"from": None}, "from.email"),
    "bad from": ({"from": {"email": "x"}}, "from.email"),
    "no subject": ({"subject": None}, "subject"),
    "no content": ({"content": None}, "content"),
    "empty value": ({"content": [{"type": "text/plain", "value": ""}]}, "content.0.value"),
    "html first": (
        {"content": [{"type": "text/html", "value": "x"}, {"type": "text/plain", "value": "x"}]},
        "content.0.type",
    ),
    "numbers in custom_args": ({"custom_args": {"a": 1}}, "custom_args"),
    "unknown field": ({"colour": "red"}, "colour"),
    "unknown field inside": (
        {"personalizations": [{"to": [{"email": "ann@example.com"}], "colour": 1}]},
        "personalizations.0.colour",
    ),
    "eleven categories": ({"categories": [str(n) for n in range(11)]}, "categories"),
    "send_at in a year": ({"send_at": 4_000_000_000}, "send_at"),
    "two reply-tos": ({"reply_to": {"email": "a@example.com"}, "reply_to_list": []}, "reply_to"),
}


@pytest.mark.parametrize(("change", "field"), WRONG.values(), ids=WRONG)
def test_a_wrong_mail_is_400_and_names_the_field(sandbox: RunningSandbox, change: Json, field: str | None) -> None:
    answer = send(sandbox, mail(**change))
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert error["field"] == field
    assert set(error) == {"message", "field", "help"}


@pytest.mark.parametrize("raw", [b"{", b"[]", b"null"])
def test_a_body_that_is_no_mail_is_400(sandbox: RunningSandbox, raw: bytes) -> None:
    headers = {"Authorization": f"Bearer {SANDBOX_SENDGRID_API_KEY}", "Content-Type": "application/json"}
    answer = requests.post(f"{sandbox.url}/v3/mail/send", data=raw, headers=headers, timeout=5)
    assert answer.status_code == 400
