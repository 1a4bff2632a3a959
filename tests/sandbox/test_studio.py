"""Studio: what the flow reads, one execution for each contact, and the outcome that it calls back with."""

import json
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
    SANDBOX_FLOW_SID,
    SANDBOX_FROM_NUMBER,
    SANDBOX_MESSAGING_SERVICE_SID,
    RunningSandbox,
    SandboxOptions,
    start_in_thread,
)

TO = "+14155550180"


def flow(client: Client) -> Any:
    return client.studio.v2.flows(SANDBOX_FLOW_SID)


def execute(client: Client, to: str = TO, **more: Any) -> Any:
    return flow(client).executions.create(to=to, from_=SANDBOX_FROM_NUMBER, **more)


def test_the_flow_reads_the_parameters_that_it_is_given(client: Client) -> None:
    found = flow(client).fetch()
    assert found.status == "published"
    text = json.dumps(found.definition)
    for name in ("line_type", "carrier", "callback_url", "intent_id"):
        assert f"{{{{flow.data.{name}}}}}" in text


@pytest.mark.parametrize(("digits", "outcome"), [("80", "delivered"), ("81", "failed"), ("00", "delivered")])
def test_the_flow_calls_back_with_its_outcome(client: Client, hooks: Any, digits: str, outcome: str) -> None:
    url = f"{hooks.url}/studio?token=abc"
    made = execute(client, f"+141555501{digits}", parameters={"callback_url": url, "line_type": "mobile"})
    assert made.status == "active"
    [callback] = hooks.wait("/studio", 1)
    assert callback.form["outcome"] == outcome
    assert RequestValidator(SANDBOX_AUTH_TOKEN).validate(url, callback.form, callback.headers["X-Twilio-Signature"])
    assert flow(client).executions(made.sid).fetch().status == "ended"
    context = flow(client).executions(made.sid).execution_context().fetch().context
    assert context["flow"]["data"]["line_type"] == "mobile"


def test_without_a_callback_url_the_flow_just_ends(client: Client, hooks: Any, eventually: Any) -> None:
    made = execute(client)
    eventually(lambda: flow(client).executions(made.sid).fetch().status == "ended")
    assert hooks.received == []


@pytest.mark.parametrize("digits", ["82", "83"])
def test_one_active_execution_for_each_contact(aim: Any, digits: str) -> None:
    to = f"+141555501{digits}"
    with start_in_thread(SandboxOptions(port=0, step_ms=1000)) as running:
        client = aim(running.url)
        first = execute(client, to)
        with pytest.raises(TwilioRestException) as refused:
            execute(client, to)
        assert (refused.value.status, refused.value.code) == (409, 20409)
        assert flow(client).executions(first.sid).update(status="ended").status == "ended"
        assert execute(client, to).sid != first.sid


def test_a_contact_may_be_busy_at_first(client: Client, control: Any) -> None:
    with pytest.raises(TwilioRestException) as refused:
        execute(client, "+14155550184")
    assert refused.value.code == 20409
    assert execute(client, "+14155550184").status == "active"
    assert control.get("counts")["executions_to"] == {"+14155550184": 1}


def test_executions_list_by_date_newest_first(client: Client) -> None:
    made = [execute(client, f"+1415555010{n}").sid for n in range(3)]
    now, day = datetime.now(UTC), timedelta(days=1)
    executions = flow(client).executions
    assert [one.sid for one in executions.list(date_created_from=now - day, page_size=2)] == made[::-1]
    assert executions.list(date_created_to=now - day) == []


WRONG = {
    "invalid to": ({"To": "0100"}, 400, 21211),
    "foreign from": ({"From": "+14155550199"}, 400, 21212),
    "parameters no object": ({"Parameters": "[1]"}, 400, 20001),
    "parameters no json": ({"Parameters": "x=1"}, 400, 20001),
    "unknown parameter": ({"Colour": "red"}, 400, 20001),
    "long addresses": ({"From": "x" * 300}, 400, 81023),
}


@pytest.mark.parametrize(("change", "status", "code"), WRONG.values(), ids=WRONG)
def test_create_is_as_strict_as_twilio(sandbox: RunningSandbox, change: dict[str, str], status: int, code: int) -> None:
    answer = requests.post(
        f"{sandbox.url}/v2/Flows/{SANDBOX_FLOW_SID}/Executions",
        data={"To": TO, "From": SANDBOX_MESSAGING_SERVICE_SID, **change},
        auth=(SANDBOX_ACCOUNT_SID, SANDBOX_AUTH_TOKEN),
        timeout=5,
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_an_unknown_flow_is_404(client: Client) -> None:
    with pytest.raises(TwilioRestException) as refused:
        client.studio.v2.flows("FW" + "9" * 32).fetch()
    assert refused.value.code == 20404
