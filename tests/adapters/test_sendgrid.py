"""SendGrid's mail send: what goes out, the id that comes back, and refusals without addresses."""

from __future__ import annotations

import json

import pytest

from gateway.adapters.sendgrid import SendGridMail
from gateway.errors import ProviderRefused, ProviderSilent
from tests.adapters.loopback import Reply, loopback

DOCUMENT = {"personalizations": [{"to": [{"email": "ann@example.com"}]}], "subject": "Grüße"}
ACCEPTED = Reply(202, b"", {"X-Message-Id": "abc123"})


def refusal(reply: Reply) -> ProviderRefused:
    with loopback(lambda asked: reply) as server, pytest.raises(ProviderRefused) as caught:
        SendGridMail("SG.key", base_url=server.url).send(DOCUMENT)
    return caught.value


def test_a_document_goes_out_as_json_with_the_key_and_the_host_that_was_meant() -> None:
    with loopback(lambda asked: ACCEPTED) as server:
        answer = SendGridMail("SG.key", base_url=server.url).send(DOCUMENT)
    (asked,) = server.asked
    assert answer == {"sid": "abc123", "status": "accepted"}
    assert (asked.method, asked.path, asked.headers["Host"]) == ("POST", "/v3/mail/send", "api.sendgrid.com")
    assert (asked.headers["Authorization"], asked.headers["Content-Type"]) == ("Bearer SG.key", "application/json")
    assert json.loads(asked.body) == DOCUMENT


def test_the_european_host_may_be_meant() -> None:
    with loopback(lambda asked: ACCEPTED) as server:
        SendGridMail("SG.key", base_url=server.url, host="api.eu.sendgrid.com").send(DOCUMENT)
    assert server.asked[0].headers["Host"] == "api.eu.sendgrid.com"


def test_an_acceptance_without_an_id_is_one_all_the_same() -> None:
    with loopback(lambda asked: Reply(202, b"")) as server:
        answer = SendGridMail("SG.key", base_url=server.url).send(DOCUMENT)
    assert answer == {"sid": None, "status": "accepted"}


def test_a_refusal_says_why_and_to_nobody_whom() -> None:
    body = {"errors": [{"message": "ann@example.com does not contain a valid address.", "field": "to.0", "help": None}]}
    error = refusal(Reply(400, body))
    assert (error.status, error.code) == (400, 400)
    assert error.message == "to.0: <address> does not contain a valid address."


def test_a_wait_is_passed_on() -> None:
    assert refusal(Reply(429, {"errors": [{"message": "slow"}]}, {"Retry-After": "9"})).retry_after_seconds == 9.0


@pytest.mark.parametrize("body", [b"<html>", b"", b"[]", b'{"errors": []}', b'{"errors": [1]}', b'{"errors": null}'])
def test_a_refusal_that_is_not_sendgrids_keeps_the_status(body: bytes) -> None:
    error = refusal(Reply(413, body))
    assert (error.status, error.message) == (413, "")


def test_a_lost_answer_is_silence_after_sending_and_is_not_repeated() -> None:
    with loopback(lambda asked: Reply(raw=b"")) as server, pytest.raises(ProviderSilent) as caught:
        SendGridMail("SG.key", base_url=server.url).send(DOCUMENT)
    assert (caught.value.sent, len(server.asked)) == (True, 1)


def test_connections_are_kept() -> None:
    with loopback(lambda asked: ACCEPTED) as server:
        mail = SendGridMail("SG.key", base_url=server.url)
        for _ in range(3):
            mail.send(DOCUMENT)
    assert server.connections == 1
