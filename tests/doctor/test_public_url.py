"""The address that Twilio calls: each way in which it can be wrong is named."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from werkzeug.serving import make_server

from gateway.app import create_app
from gateway.doctor import Status, probe
from tests.doctor.house import House, only, wrong


def test_an_address_where_nobody_answers_is_named(house: House) -> None:
    found = wrong(probe.public_url(house.patient(PUBLIC_BASE_URL="http://127.0.0.1:9")))
    assert [finding.id for finding in found] == ["public_url"] and "does not answer" in found[0].what


def test_an_address_of_something_else_is_named(house: House) -> None:
    [finding] = probe.public_url(house.patient(PUBLIC_BASE_URL=house.stack.sandbox_url))
    assert finding.status is Status.FAILED and "wrong host or path" in finding.what


@pytest.mark.parametrize(
    ("served", "part"),
    [
        (lambda url: url.replace("http://", "https://"), "scheme"),
        (lambda url: url.replace("127.0.0.1", "localhost"), "host"),
    ],
)
def test_another_address_of_the_web_process_is_named(house: House, served: Callable[[str], str], part: str) -> None:
    """The web process runs as `served`; the doctor was given the address that really answers."""
    with _serving(house, served) as url:
        port = url.rpartition(":")[2]
        found = wrong(probe.public_url(house.patient(PUBLIC_BASE_URL=url, PORT=port)))
    assert [finding.id for finding in found] == ["public_url"] and f"wrong {part}" in found[0].what


def test_another_token_of_the_web_process_is_named(house: House) -> None:
    with _serving(house, lambda url: url, TWILIO_AUTH_TOKEN="f" * 32) as url:
        found = wrong(probe.public_url(house.patient(PUBLIC_BASE_URL=url)))
    assert [finding.id for finding in found] == ["public_url"] and "TWILIO_AUTH_TOKEN" in found[0].todo


@contextmanager
def _serving(house: House, served: Callable[[str], str], **changed: str) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, lambda e, s: app(e, s), threaded=True)
    url = f"http://127.0.0.1:{server.server_port}"
    app = create_app(house.patient(PUBLIC_BASE_URL=served(url), **changed).gateway)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield url
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def test_a_redirect_is_named_with_where_it_goes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = probe.Answer(301, "https://gateway.example.com/healthz", False)
    monkeypatch.setattr(probe, "_asked", lambda *_: moved)
    [finding] = probe.public_url(house.patient())
    assert finding.status is Status.FAILED and "https://gateway.example.com" in finding.what


def test_a_door_that_lets_anybody_in_is_named(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "_post", lambda *_: probe.Answer(200, "", False))
    assert only(probe.public_url(house.patient()), Status.FAILED) == ["unsigned_callback"]


@pytest.mark.parametrize(
    ("base", "status"),
    [
        ("http://127.0.0.1:8000", "failed"),
        ("http://gateway.example.com", "warning"),
        ("https://gateway.example.com", "ok"),
    ],
)
def test_an_address_that_twilio_cannot_use_is_named(base: str, status: str) -> None:
    [finding] = probe._seen_from_outside(base, simulated=False)
    assert (finding.id, finding.status) == ("public_address", status)
