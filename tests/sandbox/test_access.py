"""Who may ask, and by which host name."""

import threading
from collections.abc import Callable

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from gateway.sandbox import (
    SANDBOX_ACCOUNT_SID,
    SANDBOX_API_KEY_SECRET,
    SANDBOX_API_KEY_SID,
    SANDBOX_AUTH_TOKEN,
    SANDBOX_FROM_NUMBER,
    SANDBOX_MESSAGING_SERVICE_SID,
    SANDBOX_VERIFY_SERVICE_SID,
    SANDBOX_WHATSAPP_FROM,
    RunningSandbox,
    SandboxOptions,
    start_in_thread,
)

Aim = Callable[..., Client]


def test_the_account_token_is_let_in(client: Client) -> None:
    assert client.api.accounts(SANDBOX_ACCOUNT_SID).fetch().status == "active"


def test_the_api_key_is_let_in(sandbox: RunningSandbox, aim: Aim) -> None:
    client = aim(sandbox.url, SANDBOX_API_KEY_SID, SANDBOX_API_KEY_SECRET)
    assert client.lookups.v2.phone_numbers("+14155550100").fetch().valid is True


@pytest.mark.parametrize(
    ("user", "secret"),
    [
        (SANDBOX_ACCOUNT_SID, "wrong"),
        (SANDBOX_API_KEY_SID, SANDBOX_AUTH_TOKEN),
        ("AC" + "9" * 32, SANDBOX_AUTH_TOKEN),
    ],
)
def test_wrong_credentials_are_refused_with_20003(sandbox: RunningSandbox, aim: Aim, user: str, secret: str) -> None:
    with pytest.raises(TwilioRestException) as refused:
        aim(sandbox.url, user, secret).lookups.v2.phone_numbers("+14155550100").fetch()
    assert (refused.value.status, refused.value.code) == (401, 20003)


@pytest.mark.parametrize("header", [None, "Bearer x", "Basic !!!", "Basic "])
def test_a_missing_or_broken_authorization_is_refused(sandbox: RunningSandbox, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = requests.get(f"{sandbox.url}/v2/PhoneNumbers/+14155550100", headers=headers, timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


def test_a_standard_key_may_not_read_the_account(aim: Aim) -> None:
    with start_in_thread(SandboxOptions(port=0, api_key_is_standard=True)) as running:
        client = aim(running.url, SANDBOX_API_KEY_SID, SANDBOX_API_KEY_SECRET)
        assert client.messages.list() == []
        with pytest.raises(TwilioRestException) as refused:
            client.api.accounts(SANDBOX_ACCOUNT_SID).fetch()
        assert refused.value.code == 20003


def test_another_accounts_path_is_not_found(sandbox: RunningSandbox) -> None:
    url = f"{sandbox.url}/2010-04-01/Accounts/AC{'9' * 32}/Messages.json"
    answer = requests.get(url, auth=(SANDBOX_ACCOUNT_SID, SANDBOX_AUTH_TOKEN), timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (404, 20404)


@pytest.mark.parametrize("path", ["/v2/Nothing", "/2010-04-01/Accounts/X/calls.json", "/v1/Services"])
def test_an_unknown_path_is_20404(sandbox: RunningSandbox, path: str) -> None:
    answer = requests.get(sandbox.url + path, auth=(SANDBOX_ACCOUNT_SID, SANDBOX_AUTH_TOKEN), timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (404, 20404)
    assert set(answer.json()) == {"code", "message", "more_info", "status"}


def test_products_are_told_apart_without_their_host_names(sandbox: RunningSandbox, aim: Aim) -> None:
    client = aim(sandbox.url, keep_host=False)
    assert client.verify.v2.services(SANDBOX_VERIFY_SERVICE_SID).fetch().code_length == 6
    service = client.messaging.v1.services(SANDBOX_MESSAGING_SERVICE_SID).fetch()
    assert service.sid == SANDBOX_MESSAGING_SERVICE_SID
    assert client.lookups.v2.phone_numbers("+14155550100").fetch().valid is True


@pytest.mark.parametrize("keep_host", [True, False])
def test_pages_follow_each_other_with_and_without_host_names(
    sandbox: RunningSandbox, aim: Aim, keep_host: bool
) -> None:
    client = aim(sandbox.url, keep_host=keep_host)
    verifications = client.verify.v2.services(SANDBOX_VERIFY_SERVICE_SID).verifications
    for last in range(5):
        verifications.create(to=f"+1415555010{last}", channel="sms")
    found = client.verify.v2.verification_attempts.list(page_size=2)
    assert [one.channel_data["to"][-1] for one in found] == ["4", "3", "2", "1", "0"]


def test_the_account_shows_its_numbers_and_balance(client: Client) -> None:
    [number] = client.incoming_phone_numbers.list()
    assert number.phone_number == SANDBOX_FROM_NUMBER
    assert number.capabilities["sms"] is True
    assert number.capabilities["voice"] is True
    assert client.incoming_phone_numbers(number.sid).fetch().phone_number == SANDBOX_FROM_NUMBER
    assert client.incoming_phone_numbers.list(phone_number="+19") == []
    assert client.balance.fetch().currency == "USD"
    assert f"whatsapp:{SANDBOX_FROM_NUMBER}" == SANDBOX_WHATSAPP_FROM


@pytest.mark.parametrize(
    "path", [f"/2010-04-01/Accounts/{SANDBOX_ACCOUNT_SID}/IncomingPhoneNumbers/PN0.json", f"/v1/Services/MG{'9' * 32}"]
)
def test_what_the_account_does_not_own_is_not_found(sandbox: RunningSandbox, path: str) -> None:
    answer = requests.get(sandbox.url + path, auth=(SANDBOX_ACCOUNT_SID, SANDBOX_AUTH_TOKEN), timeout=5)
    assert answer.status_code == 404


def test_more_calls_in_flight_than_allowed_are_429(aim: Aim) -> None:
    with start_in_thread(SandboxOptions(port=0, concurrency_limit=1, latency_ms=2000)) as running:
        outcomes: list[int] = []

        def ask() -> None:
            answer = requests.get(
                f"{running.url}/v2/PhoneNumbers/+14155550100",
                auth=(SANDBOX_ACCOUNT_SID, SANDBOX_AUTH_TOKEN),
                timeout=20,
            )
            outcomes.append(answer.status_code)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == [200, 429, 429]
