"""L9: with the store away, unsafe or full nothing is accepted, and nobody is told otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from gateway import sandbox, wiring
from gateway.adapters.admission import Admission
from gateway.adapters.embedded import EmbeddedRedis
from gateway.app import create_app
from gateway.errors import StoreUnavailable
from gateway.settings import Settings
from tests.api.conftest import Api, problem_of
from tests.stack import FLOW_CONFIG, environment

HELLO = {"to": "+14155550100", "body": "Hello."}


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[Api, EmbeddedRedis]]:
    """A gateway whose Redis may be taken away."""
    file = tmp_path / "gateway.toml"
    file.write_text(FLOW_CONFIG)
    with (
        EmbeddedRedis.start(tmp_path, maxmemory="32mb") as store,
        sandbox.start_in_thread(sandbox.SandboxOptions(port=0)) as twilio,
    ):
        gateway = wiring.build(Settings.load(file, environment(store.url, twilio.url, "http://127.0.0.1:9")))
        object.__setattr__(gateway, "admission", Admission(gateway.client, 0.5, every_seconds=0))
        yield Api(gateway, create_app(gateway), twilio), store


def test_with_redis_gone_everything_that_writes_says_503(own: tuple[Api, EmbeddedRedis]) -> None:
    api, store = own
    assert api.post("/send", HELLO).status_code == 202
    store.stop()
    for path, body in (("/send", HELLO), ("/route", HELLO), ("/intents/search", {"to": HELLO["to"]})):
        answer = api.post(path, body)
        assert (answer.status_code, problem_of(answer)["code"]) == (503, "store_unavailable"), path
        assert int(answer.headers["Retry-After"]) > 0
    assert api.get("/readyz").status_code == 503
    assert api.get("/healthz").status_code == 200


def test_a_redis_that_may_evict_is_refused_by_name(own: tuple[Api, EmbeddedRedis]) -> None:
    api, _ = own
    api.gateway.client.config_set("maxmemory-policy", "allkeys-lru")
    assert api.post("/send", HELLO).status_code == 503
    ready = api.get("/readyz")
    assert ready.status_code == 503
    assert "allkeys-lru" in ready.get_json()["checks"]["redis"]["detail"]


def test_admission_closes_before_the_store_is_full(own: tuple[Api, EmbeddedRedis]) -> None:
    api, _ = own
    for number in range(20):
        api.gateway.client.set(f"ballast:{number}", b"x" * 1_000_000)
    answer = api.post("/send", HELLO)
    assert (answer.status_code, problem_of(answer)["code"]) == (503, "store_unavailable")
    api.gateway.client.delete(*(f"ballast:{number}" for number in range(20)))
    assert api.post("/send", HELLO).status_code == 202


def test_an_accept_whose_answer_is_lost_twice_says_so(
    own: tuple[Api, EmbeddedRedis], monkeypatch: pytest.MonkeyPatch
) -> None:
    api, _ = own
    intents = api.gateway.intents
    real = intents._accept

    def accept_and_lose_the_answer(*args: object) -> str:
        real(*args)  # type: ignore[arg-type]
        raise StoreUnavailable("the answer was lost")

    monkeypatch.setattr(intents, "_accept", accept_and_lose_the_answer)
    answer = api.post("/send", HELLO, Idempotency_Key="lost-1")
    document = problem_of(answer)
    assert (answer.status_code, document["maybe_accepted"]) == (503, True)
    monkeypatch.undo()
    again = api.post("/send", HELLO, Idempotency_Key="lost-1")
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (202, "true")
    assert again.get_json()["id"] == document["intent_id"]


def test_an_accept_whose_answer_is_lost_once_is_one_intent(
    own: tuple[Api, EmbeddedRedis], monkeypatch: pytest.MonkeyPatch
) -> None:
    api, _ = own
    intents, lost = api.gateway.intents, []
    real = intents._accept

    def lose_the_first(*args: object) -> str:
        verdict = real(*args)  # type: ignore[arg-type]
        if not lost:
            lost.append(True)
            raise StoreUnavailable("the answer was lost")
        return verdict

    monkeypatch.setattr(intents, "_accept", lose_the_first)
    answer = api.post("/send", HELLO)
    assert answer.status_code == 202
    assert len(intents.newest("default", None, 10)) == 1


def test_redis_back_again_is_accepted_into_again(own: tuple[Api, EmbeddedRedis], tmp_path: Path) -> None:
    api, store = own
    first = api.post("/send", HELLO).get_json()["id"]
    store.stop()
    assert api.post("/send", HELLO).status_code == 503
    with EmbeddedRedis.start(tmp_path, maxmemory="32mb") as again:
        assert again.url == store.url
        assert api.post("/send", HELLO).status_code == 202
        assert api.get(f"/intents/{first}").get_json()["id"] == first


def test_the_client_never_repeats_a_write_by_itself(own: tuple[Api, EmbeddedRedis]) -> None:
    api, _ = own
    assert api.gateway.client.get_connection_kwargs()["retry"]._retries == 0
    assert isinstance(api.gateway.client, redis.Redis)
