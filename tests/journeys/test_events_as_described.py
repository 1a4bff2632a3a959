"""What is posted to an application is what the OpenAPI document and docs/events.md say, headers and all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
from jsonschema import Draft202012Validator
from twilio.request_validator import RequestValidator

from gateway import sandbox
from gateway.api.openapi import document
from gateway.app import ENDPOINTS
from gateway.model import IntentStatus
from tests.adapters.loopback import Loopback, Reply, loopback
from tests.stack import FLOW_CONFIG, Stack, running, until

PAGE = Path(__file__).parent.parent.parent / "docs/events.md"
PERSON = "+14155550107"
PICTURE = {"url": "https://api.twilio.com/2010-04-01/Media/ME1", "content_type": "image/jpeg"}


@pytest.fixture(scope="module")
def receiver() -> Iterator[Loopback]:
    with loopback(lambda _: Reply(204)) as server:
        yield server


@pytest.fixture(scope="module")
def stack(redis_url: str, tmp_path_factory: pytest.TempPathFactory, receiver: Loopback) -> Iterator[Stack]:
    home: Path = tmp_path_factory.mktemp("stack")
    with running(redis_url, home, FLOW_CONFIG + "[events]\nallow_private_destinations = true\n") as found:
        found.gateway.apps.set("default", f"{receiver.url}/events")
        yield found


@pytest.fixture(scope="module")
def posted(stack: Stack, receiver: Loopback) -> list[Any]:
    """An intent's whole life, a picture, an opt-out and its end."""
    stack.until(stack.send(PERSON)["id"], "delivered")
    picture = {"NumMedia": "1", "MediaUrl0": PICTURE["url"], "MediaContentType0": PICTURE["content_type"]}
    for sid, text in enumerate(({"Body": "", **picture}, {"Body": "STOP"}, {"Body": "START"})):
        assert _person_writes(stack, f"SM{sid:032d}", text).status_code == 200
    kinds = {"intent.delivered", "message.received", "recipient.opted_out", "recipient.opted_in"}
    found: list[Any] = until(lambda: list(receiver.asked), lambda asked: kinds <= {_type(each) for each in asked})
    return found


def _person_writes(stack: Stack, sid: str, text: Mapping[str, str]) -> requests.Response:
    url, to = f"{stack.url}/webhooks/messages/inbound", sandbox.SANDBOX_FROM_NUMBER
    form = {"MessageSid": sid, "From": PERSON, "To": to, "AccountSid": sandbox.SANDBOX_ACCOUNT_SID, **text}
    signature = RequestValidator(sandbox.SANDBOX_AUTH_TOKEN).compute_signature(url, form)
    return requests.post(url, data=form, headers={"X-Twilio-Signature": signature}, timeout=10)


def _type(asked: Any) -> str:
    found: str = json.loads(asked.body)["type"]
    return found


def test_every_event_fits_its_webhook_in_the_document(posted: list[Any]) -> None:
    spec = document(ENDPOINTS)
    for asked in posted:
        operation = spec["webhooks"][_type(asked)]["post"]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        whole = Draft202012Validator({**schema, "components": spec["components"]})
        assert [error.message for error in whole.iter_errors(json.loads(asked.body))] == []
        for parameter in operation["parameters"]:
            assert re.search(parameter["schema"]["pattern"], asked.headers[parameter["name"]]), parameter["name"]


def test_an_event_that_lacks_something_would_not_fit(posted: list[Any]) -> None:
    spec = document(ENDPOINTS)
    for asked in posted:
        schema = spec["webhooks"][_type(asked)]["post"]["requestBody"]["content"]["application/json"]["schema"]
        whole, body = Draft202012Validator({**schema, "components": spec["components"]}), json.loads(asked.body)
        for wrong in ({**body, "type": "another"}, {**body, "data": {}}, {k: body[k] for k in ("type", "data")}):
            assert not whole.is_valid(wrong)


def test_every_status_and_every_word_of_a_person_stands_in_the_document() -> None:
    kinds = {f"intent.{status.value}" for status in IntentStatus}
    kinds |= {"message.received", "recipient.opted_out", "recipient.opted_in"}
    assert set(document(ENDPOINTS)["webhooks"]) == kinds


def test_a_picture_comes_with_its_address_and_kind_and_a_text_without_has_no_such_field(posted: list[Any]) -> None:
    (told,) = [json.loads(asked.body)["data"] for asked in posted if _type(asked) == "message.received"]
    assert (told["body"], told["media"]) == ("", [PICTURE])
    assert all("media" not in json.loads(asked.body)["data"] for asked in posted if _type(asked) != "message.received")


# ---- the page


@pytest.fixture(scope="module")
def verified() -> Callable[..., dict[str, Any]]:
    """The function as the page prints it."""
    (printed,) = re.findall(r"```python\n(.+?)```", PAGE.read_text(), re.S)
    found: dict[str, Any] = {}
    exec(printed, found)  # the page's own text
    function: Callable[..., dict[str, Any]] = found["verified"]
    return function


def test_the_pages_function_takes_what_is_ours(stack: Stack, posted: list[Any], verified: Any) -> None:
    (secret,) = stack.gateway.apps.signing_secrets("default")
    for asked in posted:
        assert verified(asked.headers, asked.body, secret) == json.loads(asked.body)


def test_the_pages_function_refuses_what_is_not(stack: Stack, posted: list[Any], verified: Any) -> None:
    (secret,) = stack.gateway.apps.signing_secrets("default")
    asked = posted[0]
    later = {**asked.headers, "webhook-timestamp": str(int(asked.headers["webhook-timestamp"]) + 1)}
    stale = {**asked.headers, "webhook-timestamp": "1700000000"}
    garbage = {**asked.headers, "webhook-signature": "v1,%%% v2,x"}
    for headers, body, key in (
        (asked.headers, asked.body + b" ", secret),
        (later, asked.body, secret),
        (stale, asked.body, secret),
        (garbage, asked.body, secret),
        (asked.headers, asked.body, "whsec_" + "A" * 32),
    ):
        with pytest.raises(ValueError, match=r"signature|old"):
            verified(headers, body, key)


def test_both_secrets_are_good_while_one_is_being_rotated(stack: Stack, receiver: Loopback, verified: Any) -> None:
    (old,) = stack.gateway.apps.signing_secrets("default")
    new = stack.gateway.apps.secret("default", rotate=True)
    _person_writes(stack, "SM" + "9" * 32, {"Body": "Thanks!"})
    (told,) = until(lambda: [asked for asked in list(receiver.asked) if b"Thanks!" in asked.body], bool)
    assert verified(told.headers, told.body, old) == verified(told.headers, told.body, new)


def test_the_page_names_every_kind_of_event() -> None:
    page = PAGE.read_text()
    assert {"intent.<status>", "message.received", "recipient.opted_out", "recipient.opted_in"} <= set(
        re.findall(r"^\| `([a-z_.<>]+)`", page, re.M)
    )
