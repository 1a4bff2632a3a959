"""The URL map, walked: no webhook route does anything for a body that nobody signed."""

from __future__ import annotations

import json

import pytest
from flask import Flask, g
from werkzeug.routing import Rule

from gateway.inbox import Event, Reply, StatusReported
from tests.webhooks.payloads import MESSAGE_STATUS, POSTS, QUERY, TWILIO_POSTS, array, encoded
from tests.webhooks.signing import Post, form_post, json_post, sendgrid_post
from tests.webhooks.worlds import world_of
from webhooks.blueprint import create_blueprint
from webhooks.keys import Keys

PROMISED_PATHS = {
    "/webhooks/messages/status",
    "/webhooks/messages/inbound",
    "/webhooks/voice/status",
    "/webhooks/voice/gather",
    "/webhooks/verify",
    "/webhooks/studio",
    "/webhooks/events",
    "/webhooks/sendgrid",
}
BODIES = [post().body for post in POSTS.values()] + [b"", b"{}", b"[]", b"[{}]", b"a=b", b"\xff"]


def webhook_rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("webhooks.")]


def test_the_paths_are_those_of_the_contract() -> None:
    assert {rule.rule for rule in webhook_rules(world_of().app)} == PROMISED_PATHS


def test_every_route_takes_post_and_nothing_else() -> None:
    assert all(rule.methods == {"POST"} for rule in webhook_rules(world_of().app))


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/json", "", "multipart/form-data"])
@pytest.mark.parametrize("query", ["", QUERY, QUERY + "&token=guessed", "?bodySHA256=" + "0" * 64])
def test_no_route_does_anything_for_an_unsigned_body(kind: str, query: str) -> None:
    called: list[Event] = []
    app = Flask("walked")

    def receive(event: Event) -> Reply:
        called.append(event)
        return Reply("applied")

    keys = Keys(tokens=("primary0token",))
    blueprint = create_blueprint(receive, keys, "https://gw.example.com", studio_token_ok=lambda *_: False)
    app.register_blueprint(blueprint)
    rules = webhook_rules(app)
    assert len(rules) == len(PROMISED_PATHS)
    for rule in rules:
        for body in BODIES:
            answer = app.test_client().post(rule.rule + query, data=body, content_type=kind)
            assert (answer.status_code, rule.rule) == (403, rule.rule)
    assert called == []


@pytest.mark.parametrize(
    ("post", "field"),
    [
        (form_post("/webhooks/messages/status", [("MessageStatus", "sent")]), "MessageSid"),
        (form_post("/webhooks/messages/status", [("MessageSid", "SM1"), ("MessageStatus", "")]), "MessageStatus"),
        (form_post("/webhooks/messages/inbound", [("MessageSid", "SM1"), ("From", "+14155550123")]), "To"),
        (form_post("/webhooks/voice/status", [("CallSid", "CA1")]), "CallStatus"),
        (form_post("/webhooks/voice/gather" + QUERY, [("Digits", "9")]), "CallSid"),
        (form_post("/webhooks/verify", [("type", "factor.verified"), ("identity", "x")]), "factorsid"),
        (json_post("/webhooks/verify", b"[]"), "body"),
        (json_post("/webhooks/studio", b'{"detail":"x"}'), "outcome"),
        (json_post("/webhooks/studio", b'{"outcome":{"nested":1}}'), "outcome"),
        (json_post("/webhooks/studio", b"[" * 50_000), "body"),
        (json_post("/webhooks/events", b"1" * 5000), "body"),
        (json_post("/webhooks/events", b'"text"'), "body"),
        (sendgrid_post("/webhooks/sendgrid", b"{}"), "body"),
        (sendgrid_post("/webhooks/sendgrid", b"\xff\xfe"), "body"),
        (json_post("/webhooks/messages/status", b'{"MessageSid":"SM1"}'), "MessageSid"),
    ],
)
def test_a_signed_body_that_is_malformed_is_a_problem_that_names_the_field(post: Post, field: str) -> None:
    world = world_of()
    answer = world.send(post)
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["code"] == "invalid_request"
    assert answer.json["detail"].startswith(field)
    assert not world.door.events
    assert world.received[0].effects == ("malformed",)


def test_a_problem_document_has_every_member() -> None:
    answer = world_of().send(TWILIO_POSTS["verify"](token="another0token"))
    assert answer.json is not None
    assert set(answer.json) == {"type", "title", "status", "detail", "code", "request_id"}
    assert answer.json["type"] == "/problems/bad_signature"
    assert answer.json["status"] == 403


def test_a_problem_carries_the_applications_request_id() -> None:
    world = world_of()
    world.app.before_request(lambda: setattr(g, "request_id", "req-1"))
    answer = world.send(TWILIO_POSTS["verify"](token="another0token"))
    assert answer.json is not None
    assert answer.json["request_id"] == "req-1"


def test_without_one_log_and_answer_still_share_an_id(capsys: pytest.CaptureFixture[str]) -> None:
    answer = world_of().send(TWILIO_POSTS["verify"](token="another0token"))
    assert answer.json is not None
    assert answer.json["request_id"] in capsys.readouterr().out


def test_a_batch_is_asked_for_again_when_any_event_was_not_made_durable() -> None:
    world = world_of()
    world.door.unavailable_from = 2
    events = [{"event": "delivered", "sg_message_id": f"m{n}.x", "email": "ann@example.com"} for n in range(3)]
    assert world.send(sendgrid_post("/webhooks/sendgrid", array(*events))).status_code == 503
    assert len(world.door.events) == 1
    assert world.received[0].effects == ("applied", "unavailable")


def test_a_refusal_is_logged_for_the_operator_without_anything_of_the_body(capsys: pytest.CaptureFixture[str]) -> None:
    world_of().send(form_post("/webhooks/messages/status" + QUERY, list(MESSAGE_STATUS.items()), token="another0token"))
    line = capsys.readouterr().out
    assert "webhook_rejected" in line
    assert "/webhooks/messages/status" in line
    assert "unknown_token" in line
    assert not any(value in line for value in (*MESSAGE_STATUS.values(), "01JABC") if len(value) > 5)


class TestStudiosToken:
    TARGET = "/webhooks/studio" + QUERY

    @pytest.mark.parametrize("body", [b"outcome=delivered", b'{"outcome":"delivered"}'])
    def test_the_token_admits_without_a_signature(self, body: bytes) -> None:
        world = world_of()
        kind = "application/json" if body[:1] == b"{" else "application/x-www-form-urlencoded"
        answer = world.app.test_client().post(self.TARGET + "&token=good-token", data=body, content_type=kind)
        assert answer.status_code == 204
        assert world.received[0].key == "studio_token"
        assert len(world.door.events) == 1

    @pytest.mark.parametrize(
        "query",
        [
            "?intent=01JABC&attempt=1&token=bad-token",
            "?intent=01JABC&attempt=2&token=good-token",
            "?intent=01JABD&attempt=1&token=good-token",
            "?intent=01JABC&attempt=0&token=good-token",
            "?attempt=1&token=good-token",
            "?intent=01JABC&token=good-token",
            "?intent=01JABC&attempt=1&token=",
            "?intent=01JABC&attempt=1",
            "?intent=01JABC&attempt=1&token=%FF",
        ],
    )
    def test_another_token_or_attempt_does_not(self, query: str) -> None:
        world = world_of()
        assert (
            world.app.test_client().post("/webhooks/studio" + query, json={"outcome": "delivered"}).status_code == 403
        )
        assert not world.door.events

    def test_the_token_admits_nowhere_else(self) -> None:
        world = world_of()
        for rule in webhook_rules(world.app):
            if rule.rule != "/webhooks/studio":
                answer = world.app.test_client().post(rule.rule + QUERY + "&token=good-token", data=b"x=y")
                assert answer.status_code == 403

    def test_an_admitted_body_that_is_malformed_is_a_problem(self) -> None:
        answer = world_of().app.test_client().post(self.TARGET + "&token=good-token", data=json.dumps([]))
        assert answer.status_code == 400


def test_half_a_surrogate_pair_does_not_reach_the_store() -> None:
    world = world_of()
    body = encoded({"outcome": "delivered"})[:-1] + b', "detail": "\\ud800", "x": "\\udfff"}'
    assert world.send(json_post("/webhooks/studio" + QUERY, body)).status_code == 204
    event = world.door.events[0]
    assert isinstance(event, StatusReported)
    assert (event.error_detail, dict(event.fields)) == ("?", {"x": "?"})
