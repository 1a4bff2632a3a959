"""What every source must withstand; the list of sources is the registered one, so a new source is tested or fails."""

from __future__ import annotations

import json
from io import BytesIO

import pytest
from werkzeug.test import TestResponse

from gateway.inbox import Event, Reply
from tests.webhooks.payloads import POSTS, TWILIO_POSTS
from tests.webhooks.signing import SECONDARY, SUBACCOUNT, Post, form_post, sendgrid_post
from tests.webhooks.worlds import KEYS, Door, World, world_of
from webhooks.keys import Keys
from webhooks.sources import SOURCES, Signer

SIGNATURES = {
    Signer.TWILIO: "X-Twilio-Signature",
    Signer.SENDGRID: "X-Twilio-Email-Event-Webhook-Signature",
}
ALL = [source.name for source in SOURCES]
BY_TWILIO = [source.name for source in SOURCES if source.signer is Signer.TWILIO]
HEADER = {source.name: SIGNATURES[source.signer] for source in SOURCES}


def refused(world: World, answer: TestResponse) -> bool:
    """403 with the one problem there is, and nothing behind the door."""
    assert answer.status_code == 403
    assert answer.mimetype == "application/problem+json"
    assert answer.json is not None
    assert answer.json["code"] == "bad_signature"
    assert not world.door.events
    assert not world.received
    return len(world.rejected) == 1


def signed_with(post: Post, name: str, signature: str | None) -> Post:
    return post.with_headers(**{HEADER[name].replace("-", "_"): signature})


@pytest.mark.parametrize("name", ALL)
class TestEverySource:
    def test_a_good_signature_is_admitted(self, name: str) -> None:
        world = world_of()
        answer = world.send(POSTS[name]())
        assert answer.status_code in (200, 204)
        assert len(world.door.events) == 1
        assert not world.rejected

    def test_a_bad_signature_is_refused(self, name: str) -> None:
        world = world_of()
        post = POSTS[name]()
        good = post.headers[HEADER[name]]
        other = ("A" if good[5] != "A" else "B").join((good[:5], good[6:]))
        assert refused(world, world.send(signed_with(post, name, other)))

    @pytest.mark.parametrize(
        "signature", [None, "", " ", "x", "é", "=" * 28, "A" * 60_000, "\U0001f600".encode().decode("latin-1")]
    )
    def test_no_signature_or_nonsense_is_refused(self, name: str, signature: str | None) -> None:
        world = world_of()
        assert refused(world, world.send(signed_with(POSTS[name](), name, signature)))
        assert world.rejected[0][1] in ("missing", "malformed")

    def test_a_changed_body_is_refused(self, name: str) -> None:
        world = world_of()
        post = POSTS[name]()
        changed = Post(post.target, post.body.replace(b"a", b"b", 1), post.headers)
        assert refused(world, world.send(changed))

    def test_a_body_cut_off_is_refused(self, name: str) -> None:
        world = world_of()
        post = POSTS[name]()
        assert refused(world, world.send(Post(post.target, post.body[:-5], post.headers)))

    def test_without_any_key_nothing_is_admitted(self, name: str) -> None:
        world = world_of(Keys())
        assert refused(world, world.send(POSTS[name]()))
        assert world.rejected == [(name, "unknown_token")]

    def test_an_over_long_body_is_refused_unread(self, name: str) -> None:
        world = world_of(max_body=64)
        answer = world.send(POSTS[name]())
        assert answer.status_code == 413
        assert answer.json is not None
        assert answer.json["code"] == "too_large"
        assert world.rejected == [(name, "too_large")]

    def test_an_over_long_body_of_unknown_length_is_refused(self, name: str) -> None:
        world = world_of(max_body=64)
        post = POSTS[name]()
        answer = world.app.test_client().post(
            post.target,
            input_stream=BytesIO(post.body),
            headers={**post.headers, "Transfer-Encoding": "chunked"},
            environ_overrides={"wsgi.input_terminated": True},
        )
        assert answer.status_code == 413

    def test_a_chunked_body_is_read_whole(self, name: str) -> None:
        world = world_of()
        post = POSTS[name]()
        answer = world.app.test_client().post(
            post.target,
            input_stream=BytesIO(post.body),
            headers={**post.headers, "Transfer-Encoding": "chunked"},
            environ_overrides={"wsgi.input_terminated": True},
        )
        assert answer.status_code in (200, 204)

    @pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
    def test_another_method_gets_no_further(self, name: str, method: str) -> None:
        world = world_of()
        assert world.send(POSTS[name](), method=method).status_code == 405
        assert not world.door.events

    @pytest.mark.parametrize(
        "body", [b"\xff\xfe", b"Body=%FF", b"\x00" * 100, b"%", b"=&=&=", b"&" * 5000, b"[" * 50_000, b"{}"]
    )
    def test_bytes_that_mean_nothing_are_refused(self, name: str, body: bytes) -> None:
        world = world_of()
        post = POSTS[name]()
        assert refused(world, world.send(Post(post.target, body, post.headers)))

    @pytest.mark.parametrize(
        "kind", ["", "text/plain", "application/json", "multipart/form-data; boundary=x", "é", ";;;"]
    )
    def test_another_content_type_does_not_open_the_door(self, name: str, kind: str) -> None:
        world = world_of()
        answer = world.send(POSTS[name]().with_headers(Content_Type=kind))
        if name in ("events", "sendgrid"):  # whose signature covers the raw bytes, whatever they are called
            assert answer.status_code == 204
        else:
            assert refused(world, answer)

    def test_a_replay_gets_the_same_answer_and_reaches_the_door_which_decides(self, name: str) -> None:
        world = world_of()
        first, second = world.send(POSTS[name]()), world.send(POSTS[name]())
        assert (first.status_code, first.data) == (second.status_code, second.data)
        assert world.door.events[0] == world.door.events[1]

    def test_what_could_not_be_made_durable_is_asked_for_again(self, name: str) -> None:
        world = world_of()
        world.door.unavailable_from = 1
        answer = world.send(POSTS[name]())
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.json is not None
        assert answer.json["code"] == "store_unavailable"
        assert world.received[0].effects == ("unavailable",)

    def test_the_caller_is_told_nothing_about_the_cause(self, name: str) -> None:
        world = world_of()
        answers = [world.send(signed_with(POSTS[name](), name, s)).json for s in (None, "x", "A" * 27 + "=")]
        stripped = [{**(answer or {}), "request_id": ""} for answer in answers]
        assert stripped[0] == stripped[1] == stripped[2]


@pytest.mark.parametrize("name", BY_TWILIO)
class TestEverySourceOfTwilio:
    def test_a_rotated_token_is_admitted_and_named(self, name: str) -> None:
        world = world_of()
        assert world.send(TWILIO_POSTS[name](token=SECONDARY)).status_code in (200, 204)
        assert world.received[0].key == "secondary"

    def test_a_token_of_nobody_is_refused(self, name: str) -> None:
        world = world_of()
        assert refused(world, world.send(TWILIO_POSTS[name](token="another0token")))
        assert world.rejected == [(name, "unknown_token")]

    def test_a_tampered_query_is_refused(self, name: str) -> None:
        world = world_of()
        post = TWILIO_POSTS[name]()
        for target in (
            post.target + "&x=1" if "?" in post.target else post.target + "?x=1",
            post.target.replace("attempt=1", "attempt=2"),
        ):
            if target != post.target:
                assert world.send(post, target=target).status_code == 403
        assert not world.door.events

    def test_the_host_that_the_client_claims_counts_for_nothing(self, name: str) -> None:
        world = world_of()
        forwarded = {"X_Forwarded_Host": "evil.example.com", "X_Forwarded_Proto": "http", "X_Forwarded_Prefix": "/x"}
        post = TWILIO_POSTS[name]().with_headers(**forwarded)
        assert world.send(post, host="evil.example.com").status_code in (200, 204)
        for_another = TWILIO_POSTS[name](base="http://evil.example.com").with_headers(**forwarded)
        assert world.send(for_another, host="evil.example.com").status_code == 403


@pytest.mark.parametrize("name", BY_TWILIO)
def test_any_configured_subaccounts_token_is_admitted_though_the_body_does_not_name_it(name: str) -> None:
    world = world_of()
    assert world.send(TWILIO_POSTS[name](token=SUBACCOUNT)).status_code in (200, 204)
    assert world.received[0].key == "subaccount"


@pytest.mark.parametrize("name", [name for name in BY_TWILIO if name not in ("studio", "verify")])
class TestSubaccounts:
    def test_a_subaccounts_own_token_is_admitted_for_it(self, name: str) -> None:
        world = world_of()
        assert world.send(TWILIO_POSTS[name](token=SUBACCOUNT, sub=True)).status_code in (200, 204)
        assert world.received[0].key == "subaccount"

    def test_the_main_token_still_signs_for_a_subaccount(self, name: str) -> None:
        world = world_of()
        assert world.send(TWILIO_POSTS[name](sub=True)).status_code in (200, 204)

    def test_a_subaccount_that_is_not_configured_has_no_token(self, name: str) -> None:
        world = world_of(Keys(tokens=KEYS.tokens))
        assert refused(world, world.send(TWILIO_POSTS[name](token=SUBACCOUNT, sub=True)))


@pytest.mark.parametrize("name", [name for name in BY_TWILIO if name in ("verify", "studio", "events")])
def test_json_without_the_bodys_hash_is_refused(name: str) -> None:
    """A signature over the URL alone says nothing about the body that came with it."""
    world = world_of()
    target = TWILIO_POSTS[name]().target.partition("?bodySHA256")[0]
    empty_form = form_post(target, [])
    forged = Post(
        target,
        json.dumps({"outcome": "delivered"}).encode(),
        {**empty_form.headers, "Content-Type": "application/json"},
    )
    assert refused(world, world.send(forged))
    assert world.rejected == [(name, "body_hash")]


def test_every_registered_source_is_in_these_tests() -> None:
    assert set(POSTS) == set(ALL)


def test_sendgrid_outside_its_window_is_stale() -> None:
    world = world_of()
    for timestamp in (1_790_000_000 - 26 * 3600, 1_790_000_000 + 3600):
        post = sendgrid_post("/webhooks/sendgrid", b"[]", timestamp=timestamp)
        assert world.send(post).status_code == 403
    assert world.rejected == [("sendgrid", "stale")] * 2


def test_sendgrids_late_retry_is_admitted() -> None:
    world = world_of()
    assert (
        world.send(sendgrid_post("/webhooks/sendgrid", b"[]", timestamp=1_790_000_000 - 24 * 3600)).status_code == 204
    )


def test_the_door_may_only_raise_what_it_says() -> None:
    """A defect behind the door is not taken for an outage."""
    world = world_of()

    class Broken(Door):
        def receive(self, event: Event) -> Reply:
            raise KeyError("a defect")

    world.door = Broken()
    with pytest.raises(KeyError):
        world.send(POSTS["messages_status"]())
