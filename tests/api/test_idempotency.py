"""`Idempotency-Key`: the first answer again, and never a second intent."""

from __future__ import annotations

import threading

from gateway.adapters.store.idempotency import fingerprint
from gateway.normalize.payload import SendPayload
from tests.api.conftest import Api, problem_of
from tests.stack import KEY

BODY = {"to": "+14155550100", "body": "Your order has shipped."}


def test_a_repeat_gets_the_first_answer_and_makes_nothing(api: Api) -> None:
    first = api.post("/send", BODY, Idempotency_Key="order-1")
    again = api.post("/send", dict(reversed(BODY.items())), Idempotency_Key='"order-1"')
    assert (first.status_code, again.status_code) == (202, 202)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.get_data() == first.get_data()
    assert again.headers["Location"] == first.headers["Location"] == f"/intents/{first.get_json()['id']}"


def test_another_body_under_the_same_key_is_a_mismatch(api: Api) -> None:
    api.post("/send", BODY, Idempotency_Key="order-2")
    answer = api.post("/send", BODY | {"body": "Something else."}, Idempotency_Key="order-2")
    assert (answer.status_code, problem_of(answer)["code"]) == (422, "idempotency_mismatch")


def test_a_refusal_gives_the_key_back(api: Api) -> None:
    refused = api.post("/send", BODY | {"to": "+14155550130"}, Idempotency_Key="order-3")
    assert refused.status_code == 400
    assert api.post("/send", BODY, Idempotency_Key="order-3").status_code == 202


def test_keys_belong_to_one_api_key(api: Api) -> None:
    _, secret = api.gateway.keys.create("other", {"send"})
    first = api.post("/send", BODY, Idempotency_Key="order-4")
    other = api.post("/send", BODY, key=secret, Idempotency_Key="order-4")
    assert other.status_code == 202
    assert other.get_json()["id"] != first.get_json()["id"]


def test_while_the_first_is_running_a_second_is_told_to_wait(api: Api) -> None:
    own = api.gateway.keys.authenticate(KEY)
    assert own is not None
    printed = fingerprint({"path": "/send"} | SendPayload(**BODY).model_dump(mode="json", exclude_defaults=True))
    api.gateway.idempotency.claim(own.id, "order-5", printed, "another request")
    answer = api.post("/send", BODY, Idempotency_Key="order-5")
    assert (answer.status_code, problem_of(answer)["code"]) == (409, "idempotency_in_progress")
    assert int(answer.headers["Retry-After"]) >= 1


def test_twenty_at_once_make_one_intent(api: Api) -> None:
    answers = []

    def send() -> None:
        answers.append(api.post("/send", BODY, Idempotency_Key="order-6"))

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    accepted = {a.get_json()["id"] for a in answers if a.status_code == 202}
    assert len(accepted) == 1
    assert {a.status_code for a in answers} <= {202, 409}


def test_a_bad_key_is_named(api: Api) -> None:
    answer = api.post("/send", BODY, Idempotency_Key="x" * 256)
    document = problem_of(answer)
    assert (answer.status_code, document["errors"][0]["field"]) == (400, "Idempotency-Key")
