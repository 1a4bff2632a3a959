"""Our signature against the vendor's own code, and what the guard says about one that does not fit."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from tests.webhooks.payloads import MESSAGE_STATUS, QUERY, TWILIO_POSTS
from tests.webhooks.signing import BASE, FORM, PRIMARY, SECONDARY, Post, form_post, json_post
from tests.webhooks.worlds import KEYS, world_of
from webhooks.explain import MAX_TRIES
from webhooks.forms import MAX_FIELDS, pairs_of
from webhooks.keys import Key, Keys
from webhooks.public_url import PublicBase
from webhooks.signature import Claim, judge

TARGET = "/webhooks/messages/status" + QUERY
FIELDS = list(MESSAGE_STATUS.items())
text = st.text(st.characters(codec="utf-8"), max_size=20)


def cause_of(
    post: Post, *, base: str = BASE, keys: Keys = KEYS, host: str = "localhost", target: str | None = None
) -> str:
    world = world_of(keys, base)
    assert world.send(post, host=host, target=target).status_code == 403
    return world.rejected[0][1]


@given(
    st.lists(st.tuples(text, text), max_size=12),
    st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#"), max_size=20),
)
def test_a_form_is_signed_as_the_vendors_code_signs_it(fields: list[tuple[str, str]], query: str) -> None:
    """Blank, repeated and unknown parameters, any characters, through a form body and back."""
    target = f"/webhooks/messages/status?{query}"
    signature = RequestValidator(PRIMARY).compute_signature(BASE + target, MultiDict(fields))
    body = urlencode(fields)
    claim = Claim(target, body.encode(), pairs_of(body), signature)
    assert judge(claim, PublicBase.parse(BASE), KEYS).ok


@given(st.binary(max_size=200))
def test_a_body_of_any_bytes_is_admitted_by_its_hash_and_by_no_other(body: bytes) -> None:
    post = json_post("/webhooks/events", body)
    claim = Claim(post.target, body, None, post.headers["X-Twilio-Signature"])
    base = PublicBase.parse(BASE)
    assert judge(claim, base, KEYS).ok
    assert not judge(Claim(claim.target, body + b" ", None, claim.signature), base, KEYS).ok


@settings(max_examples=200)
@given(
    body=st.binary(max_size=300),
    content_type=st.sampled_from([FORM, "application/json", "text/plain", "", "\xff", FORM + "; charset=\xff"]),
    signature=st.one_of(
        st.none(),
        st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=40),
        st.binary(min_size=20, max_size=20).map(lambda b: b64encode(b).decode()),
    ),
    path=st.sampled_from([post().target for post in TWILIO_POSTS.values()] + ["/webhooks/sendgrid"]),
    raw=st.one_of(st.none(), st.text(st.characters(max_codepoint=255), max_size=40)),
)
def test_whatever_comes_is_refused_and_never_an_error(
    body: bytes, content_type: str, signature: str | None, path: str, raw: str | None
) -> None:
    world = world_of()
    environ = {"CONTENT_TYPE": content_type}
    if signature is not None:
        environ["HTTP_X_TWILIO_SIGNATURE"] = environ["HTTP_X_TWILIO_EMAIL_EVENT_WEBHOOK_SIGNATURE"] = signature
        environ["HTTP_X_TWILIO_EMAIL_EVENT_WEBHOOK_TIMESTAMP"] = signature
    if raw is not None:
        environ["RAW_URI"] = environ["HTTP_HOST"] = environ["HTTP_X_TWILIO_WEBHOOKS_SIGNATURE_SETTINGS"] = raw
    answer = world.app.test_client().post(path, data=body, environ_overrides=environ)
    assert answer.status_code in (403, 400 if raw is not None else 403)  # 400: Werkzeug's, for a Host that is none
    assert not world.door.events


@pytest.mark.parametrize("length", ["", "-1", "x", "9" * 30, "1e3", "٣", "+5"])
def test_a_length_that_is_none_is_refused(length: str) -> None:
    post = form_post(TARGET, FIELDS)
    world = world_of()
    overrides = {"CONTENT_LENGTH": length}
    answer = world.app.test_client().post(TARGET, data=post.body, headers=post.headers, environ_overrides=overrides)
    assert answer.status_code in (403, 413)
    assert not world.door.events


def test_every_field_counts_also_blank_and_repeated_ones() -> None:
    world = world_of()
    assert (
        world.send(
            form_post(TARGET, [*FIELDS, ("Blank", ""), ("Twice", "b"), ("Twice", "a"), ("Twice", "b")])
        ).status_code
        == 204
    )


def test_more_fields_than_twilio_ever_sends_are_not_sorted() -> None:
    assert cause_of(form_post(TARGET, [("a", str(n)) for n in range(MAX_FIELDS + 1)])) == "malformed"


def test_a_signature_made_for_json_does_not_admit_an_emptied_form() -> None:
    post = json_post("/webhooks/studio" + QUERY, b'{"outcome":"delivered"}')
    emptied = Post(post.target, b"", post.headers).with_headers(Content_Type=FORM)
    assert cause_of(emptied) == "body_hash"


def test_a_form_that_names_its_hash_is_admitted_either_way() -> None:
    """Whether Studio signs a hashed form over its fields too is not documented; both vouch for the body."""
    body = urlencode({"outcome": "delivered"}).encode()
    target = "/webhooks/studio" + QUERY + "&bodySHA256=" + sha256(body).hexdigest()
    with_fields = form_post(target, [("outcome", "delivered")])
    without = Post(target, body, form_post(target, []).headers)
    assert [world_of().send(post).status_code for post in (with_fields, without)] == [204, 204]


class TestTheExplanation:
    """The caller hears `bad_signature`; the operator learns which part of the URL is wrong."""

    def test_signed_for_http_behind_a_proxy_that_ends_tls(self) -> None:
        assert cause_of(form_post(TARGET, FIELDS, base="http://gw.example.com")) == "scheme"

    def test_signed_for_the_host_that_the_client_names(self) -> None:
        assert cause_of(form_post(TARGET, FIELDS, base="https://abc.ngrok.example"), host="abc.ngrok.example") == "host"

    def test_signed_for_the_host_that_a_proxy_names(self) -> None:
        post = form_post(TARGET, FIELDS, base="https://abc.ngrok.example").with_headers(
            X_Forwarded_Host="abc.ngrok.example"
        )
        assert cause_of(post) == "host"

    def test_signed_for_another_port_of_ours(self) -> None:
        assert (
            cause_of(form_post(TARGET, FIELDS, base="https://gw.example.com:8443"), host="gw.example.com:8443")
            == "port"
        )

    def test_signed_without_the_path_prefix(self) -> None:
        assert cause_of(form_post(TARGET, FIELDS), base=BASE + "/sms") == "path"

    def test_signed_with_a_trailing_slash(self) -> None:
        signed = form_post("/webhooks/messages/status/" + QUERY, FIELDS)
        assert cause_of(signed, target=TARGET) == "path"

    def test_signed_without_the_query(self) -> None:
        assert cause_of(form_post("/webhooks/messages/status", FIELDS), target=TARGET) == "query"

    def test_signed_with_another_spelling_of_a_space(self) -> None:
        assert cause_of(form_post(TARGET + "&x=a+b", FIELDS), target=TARGET + "&x=a%20b") == "query"

    def test_signed_with_the_secondary_token_for_http(self) -> None:
        assert cause_of(form_post(TARGET, FIELDS, token=SECONDARY, base="http://gw.example.com")) == "scheme"

    def test_signed_by_somebody_else(self) -> None:
        assert cause_of(form_post(TARGET, FIELDS, token="another0token")) == "unknown_token"

    def test_a_flood_costs_a_bounded_number_of_tries(self, monkeypatch: pytest.MonkeyPatch) -> None:
        tried = []
        fits = Key.fits

        def counted(key: Key, url: str, ending: bytes, signature: bytes) -> bool:
            tried.append(url)
            return fits(key, url, ending, signature)

        monkeypatch.setattr(Key, "fits", counted)
        keys = Keys(tokens=tuple(f"token{n}" for n in range(6)))
        post = form_post(TARGET + "&x=a+b", FIELDS, token="another0token").with_headers(X_Forwarded_Host="a.example")
        cause_of(post, keys=keys, base=BASE + "/sms", host="b.example")
        assert len(tried) <= 6 * 2 + MAX_TRIES

    def test_a_large_body_is_not_explained(self) -> None:
        fields = [*FIELDS, ("Large", "x" * 100_000)]
        assert cause_of(form_post(TARGET, fields, base="http://gw.example.com")) == "unknown_token"


class TestSharedKeys:
    SETTINGS = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"

    def post(self, *, secret: str = "shared0secret", algorithm: str = "HMAC_SHA256", said: str = SETTINGS) -> Post:
        signed = form_post(TARGET, FIELDS, token=secret, algorithm=algorithm)
        return signed.with_headers(X_Twilio_Webhooks_Signature_Settings=said)

    def test_a_configured_key_is_admitted_and_named(self) -> None:
        world = world_of()
        assert world.send(self.post()).status_code == 204
        assert world.received[0].key == "webhooks_sharedkey_1"

    @pytest.mark.parametrize(
        "said",
        [
            "key=webhooks_sharedkey_1,algorithm=HMAC_SHA1",
            "key=webhooks_sharedkey_1",
            "key=webhooks_sharedkey_1,algorithm=none",
        ],
    )
    def test_a_request_cannot_lower_the_algorithm(self, said: str) -> None:
        assert cause_of(self.post(algorithm="HMAC_SHA1", said=said)) == "unknown_token"

    @pytest.mark.parametrize("said", ["key=another,algorithm=HMAC_SHA256", "x", "algorithm=HMAC_SHA1", "é=" * 9000])
    def test_an_unknown_key_is_refused_even_with_the_auth_tokens_signature(self, said: str) -> None:
        post = form_post(TARGET, FIELDS).with_headers(X_Twilio_Webhooks_Signature_Settings=said)
        assert cause_of(post) == "unknown_token"

    def test_an_auth_token_does_not_stand_in_for_a_shared_key(self) -> None:
        assert cause_of(self.post(secret=PRIMARY)) == "unknown_token"


class TestConfiguration:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"tokens": ("",)},
            {"tokens": ("a", "")},
            {"subaccounts": {"AC1": ("",)}},
            {"shared": {"k": ("", "HMAC_SHA1")}},
            {"shared": {"k": ("s", "MD5")}},
            {"sendgrid": ("",)},
        ],
    )
    def test_a_key_that_anyone_could_use_stops_the_start(self, wrong: dict[str, object]) -> None:
        with pytest.raises(ValueError, match=r"empty|MD5"):
            Keys(**wrong)  # type: ignore[arg-type]

    def test_no_secret_is_ever_shown(self) -> None:
        assert not any(secret in repr(KEYS) for secret in (PRIMARY, SECONDARY, "shared0secret", *KEYS.sendgrid))

    @pytest.mark.parametrize("text", ["x", "AAAA", "MEIwDQYJKoZIhvcNAQEB"])
    def test_a_sendgrid_key_that_is_none_stops_the_start(self, text: str) -> None:
        with pytest.raises(ValueError, match="SendGrid"):
            world_of(Keys(sendgrid=(text,)))
