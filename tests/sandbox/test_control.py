"""The control endpoints: looking, playing a person, settings, starting over."""

from typing import Any

import pytest
import requests
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from gateway.sandbox import (
    SANDBOX_AUTH_TOKEN,
    SANDBOX_FROM_NUMBER,
    SANDBOX_MESSAGING_SERVICE_SID,
    SANDBOX_WHATSAPP_FROM,
    RunningSandbox,
)

TO = "+14155550100"
TEXT = {"from": TO, "to": SANDBOX_FROM_NUMBER, "body": "STOP"}


def send(client: Client, to: str = TO) -> Any:
    return client.messages.create(to=to, body="Hello", messaging_service_sid=SANDBOX_MESSAGING_SERVICE_SID)


def test_requests_are_kept_newest_last_with_what_was_asked(client: Client, control: Any) -> None:
    message = send(client)
    client.lookups.v2.phone_numbers(TO).fetch(fields="line_type_intelligence")
    first, second = control.get("requests")["requests"]
    assert (first["product"], first["operation"], first["method"]) == ("messages", "create", "POST")
    assert (first["status"], first["sid"], first["to"]) == (201, message.sid, TO)
    assert first["form"]["Body"] == "Hello"
    assert second["query"] == {"Fields": "line_type_intelligence"}
    assert second["paid"] == ["line_type_intelligence"]
    assert second["ms"] >= 0


def test_requests_filter(client: Client, control: Any) -> None:
    send(client)
    send(client, "+14155550101")
    client.lookups.v2.phone_numbers(TO).fetch()

    def count(**query: Any) -> int:
        return len(control.get("requests", **query)["requests"])

    assert count(product="messages") == 2
    assert count(method="get") == 1
    assert count(path="/v2/PhoneNumbers") == 1
    assert count(to=TO) == 2
    assert count(product="messages", to=TO) == 1
    assert count(limit=1) == 1
    second = control.get("requests")["requests"][1]["id"]
    assert count(since=second) == 1


@pytest.mark.parametrize("query", [{"limit": "x"}, {"since": "-1"}])
def test_a_wrong_filter_names_its_field(control: Any, query: dict[str, str]) -> None:
    assert control.get("requests", **query)["field"] == next(iter(query))


def test_requests_can_be_cleared(client: Client, control: Any) -> None:
    send(client)
    control.delete("requests")
    assert control.get("requests") == {"total": 0, "requests": []}


def test_counts_by_operation_status_and_recipient(client: Client, control: Any) -> None:
    send(client)
    send(client)
    send(client, "+14155550101")
    counts = control.get("counts")
    assert counts["operations"] == {"messages.create": {"201": 3}}
    assert counts["messages_to"] == {TO: 2, "+14155550101": 1}
    assert counts["most_in_flight"] >= 1


def test_the_outbox_holds_what_was_delivered(client: Client, control: Any, eventually: Any) -> None:
    send(client)
    lost = send(client, "+14155550147")
    eventually(lambda: lost.fetch().status == "undelivered")
    [item] = eventually(lambda: control.get("outbox")["outbox"])
    assert (item["kind"], item["to"], item["text"], item["sender"]) == ("sms", TO, "Hello", SANDBOX_FROM_NUMBER)
    assert control.get("outbox", to="+14155550147") == {"outbox": []}


def test_an_inbound_text_is_posted_signed_and_its_answer_shown(client: Client, control: Any, hooks: Any) -> None:
    hooks.answer("/inbound", 200, "<Response/>")
    control.post("inbound_url", {"webhook_url": f"{hooks.url}/inbound?x=1#rc=1&rp=all"})
    answer = control.post("inbound", TEXT | {"opt_out_type": "STOP"})
    assert (answer["webhook"]["status"], answer["webhook"]["body"]) == (200, "<Response/>")
    [webhook] = hooks.on("/inbound")
    form = webhook.form
    assert form["MessageSid"] == form["SmsSid"] == form["SmsMessageSid"] == answer["message_sid"]
    assert (form["From"], form["To"], form["Body"]) == (TO, SANDBOX_FROM_NUMBER, "STOP")
    assert (form["OptOutType"], form["FromCountry"], form["NumMedia"]) == ("STOP", "US", "0")
    assert form["MessagingServiceSid"] == SANDBOX_MESSAGING_SERVICE_SID
    assert RequestValidator(SANDBOX_AUTH_TOKEN).validate(
        f"{hooks.url}/inbound?x=1", form, webhook.headers["X-Twilio-Signature"]
    )


def test_an_inbound_text_is_listed_even_when_the_webhook_is_down(client: Client, control: Any) -> None:
    answer = control.post("inbound", TEXT | {"webhook_url": "http://127.0.0.1:1/"})
    assert answer["webhook"]["status"] is None
    [message] = client.messages.list(to=SANDBOX_FROM_NUMBER)
    assert (message.sid, message.direction, message.status) == (answer["message_sid"], "inbound", "received")
    assert (message.from_, message.body) == (TO, "STOP")
    assert message.date_sent is not None


def test_a_senders_own_url_wins(control: Any, hooks: Any) -> None:
    control.post("inbound_url", {"webhook_url": f"{hooks.url}/all"})
    control.post("senders", {"sender": "+14155550199", "inbound_url": f"{hooks.url}/own"})
    control.post("inbound", TEXT | {"to": "+14155550199"})
    control.post("inbound", TEXT)
    assert len(hooks.on("/own")) == len(hooks.on("/all")) == 1
    assert "MessagingServiceSid" not in hooks.on("/own")[0].form


def test_a_new_sender_may_send(client: Client, control: Any) -> None:
    control.post("senders", {"sender": "+14155550199"})
    assert client.messages.create(to=TO, body="Hello", from_="+14155550199").status == "queued"
    assert {row["sender"] for row in control.get("senders")["senders"]} >= {"+14155550199", SANDBOX_FROM_NUMBER}


def test_an_inbound_whatsapp_text_keeps_its_prefixes(control: Any, hooks: Any) -> None:
    control.post("inbound", TEXT | {"body": "Hi", "whatsapp": True, "webhook_url": f"{hooks.url}/inbound"})
    form = hooks.on("/inbound")[0].form
    assert (form["From"], form["To"]) == (f"whatsapp:{TO}", SANDBOX_WHATSAPP_FROM)
    assert form["WaId"] == TO[1:]


WRONG = {
    "from": TEXT | {"from": "0100"},
    "to": TEXT | {"to": "+14155550198"},
    "body": {"from": TO, "to": SANDBOX_FROM_NUMBER},
    "opt_out_type": TEXT | {"opt_out_type": "MAYBE"},
    "webhook_url": TEXT | {"webhook_url": "nowhere"},
    "whatsapp": TEXT | {"whatsapp": "yes"},
    "colour": TEXT | {"colour": "red"},
}


@pytest.mark.parametrize(("field", "body"), WRONG.items(), ids=WRONG)
def test_a_wrong_inbound_text_names_the_field(control: Any, field: str, body: dict[str, Any]) -> None:
    assert control.post("inbound", body, status=(400,))["field"] == field


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("senders", {}, "sender"),
        ("senders", {"sender": "x"}, "sender"),
        ("senders", [], "body"),
        ("events", {"destination": "nowhere"}, "destination"),
        ("sendgrid", {"webhook_url": 1}, "webhook_url"),
        ("verify", {"webhook_url": "x"}, "webhook_url"),
        ("inbound_url", {"url": "x"}, "url"),
    ],
)
def test_a_wrong_setting_names_the_field(control: Any, path: str, body: Any, field: str) -> None:
    assert control.post(path, body, status=(400,))["field"] == field


def test_reset_forgets_everything_and_stops_what_was_under_way(client: Client, control: Any, hooks: Any) -> None:
    control.post("faults", {"kind": "duplicate"})
    client.messages.create(
        to="+14155550162", body="Hello", from_=SANDBOX_FROM_NUMBER, status_callback=f"{hooks.url}/status"
    )
    control.post("reset")
    assert client.messages.list() == []
    assert control.get("faults") == {"faults": []}
    assert control.get("counts")["messages_to"] == {}
    assert control.get("health")["messages"] == 0


def test_the_scenarios_are_listed_with_a_number_to_try(control: Any) -> None:
    rows = control.get("scenarios")["scenarios"]
    assert len({row["digits"] for row in rows}) == len(rows) > 70
    assert [row["digits"] for row in rows] == sorted(row["digits"] for row in rows)
    assert all(row["number"] == f"+141555501{row['digits']}" and row["happens"] for row in rows)


def test_the_index_page_shows_every_scenario(sandbox: RunningSandbox, control: Any) -> None:
    answer = requests.get(sandbox.url, timeout=5)
    assert answer.headers["Content-Type"].startswith("text/html")
    for row in control.get("scenarios")["scenarios"]:
        assert f"…01{row['digits']}" in answer.text
    assert "viewport" in answer.text
    assert "http://" not in answer.text
    assert "https://" not in answer.text


def test_health_answers(control: Any) -> None:
    assert control.get("health")["status"] == "ok"
