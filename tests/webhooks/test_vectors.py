"""The vendors' own published vectors, each judged as asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.webhooks.signing import json_post
from webhooks.keys import Keys
from webhooks.public_url import PublicBase
from webhooks.sendgrid_signature import Window, judge_sendgrid, load_key
from webhooks.signature import Claim, judge

HERE = Path(__file__).parent / "vectors"


def vectors(name: str) -> list[Any]:
    listed = json.loads((HERE / name).read_text())["vectors"]
    return [pytest.param(vector, id=vector["id"]) for vector in listed]


def twilio_verdict(vector: dict[str, Any]) -> bool:
    url = vector["url"]
    parts = urlsplit(url)
    base = PublicBase.parse(f"{parts.scheme}://{parts.netloc}")
    form = vector["params"]
    claim = Claim(
        target=url.partition(parts.netloc)[2],
        body=(vector["body"] or "").encode(),
        form=None if form is None else tuple((name, value or "") for name, value in form),
        signature=vector["signature"] or "",
    )
    return judge(claim, base, Keys(tokens=(vector["token"],))).ok


def body_hash_verdict(vector: dict[str, Any]) -> bool:
    """A bare hash is not a request; ours is judged with the URL it would stand in, signed for it."""
    post = json_post("/hook", vector["body"].encode(), token=vector["token"])
    target = post.target.partition("=")[0] + "=" + vector["signature"]
    claim = Claim(target, post.body, None, post.headers["X-Twilio-Signature"])
    return judge(claim, PublicBase.parse("https://gw.example.com"), Keys(tokens=(vector["token"],))).ok


def sendgrid_verdict(vector: dict[str, Any]) -> bool:
    try:
        key = load_key(vector["public_key"])
    except ValueError:
        return False  # a mistake of the configuration stops the start: nothing is admitted
    timestamp = vector["timestamp"] or ""
    now = float(timestamp) if timestamp.isdigit() else 0.0
    body = vector["payload"].encode()
    return judge_sendgrid(body, vector["signature"] or "", timestamp, (key,), now=now, window=Window()).ok


@pytest.mark.parametrize("vector", vectors("twilio_signatures.json"))
def test_a_twilio_vector_is_judged_as_asked(vector: dict[str, Any]) -> None:
    if vector["kind"] == "body_hash":
        assert body_hash_verdict(vector) is vector["expect_valid"]
        return
    verdict = twilio_verdict(vector)
    assert vector["gateway"] == "either" or verdict is (vector["gateway"] == "accept")


@pytest.mark.parametrize("vector", vectors("sendgrid_signatures.json"))
def test_a_sendgrid_vector_is_judged_as_asked(vector: dict[str, Any]) -> None:
    verdict = sendgrid_verdict(vector)
    assert vector["gateway"] == "either" or verdict is (vector["gateway"] == "accept")


def test_no_vector_was_dropped() -> None:
    assert len(vectors("twilio_signatures.json")) == 128
    assert len(vectors("sendgrid_signatures.json")) == 38
