"""Where an event may go, and how long it may take: judged on real sockets, because the guard sits below the library."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.adapters.posting import ANSWER_BOUND, Answer, EventPoster
from tests.adapters.loopback import Reply, loopback

SECRET = "whsec_" + "c2VjcmV0" * 5
PRIVATE = (
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "017700000001", "localhost", "[::1]", "[::ffff:127.0.0.1]",
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "[fe80::1]",
    "[fc00::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
)  # fmt: skip


def post(url: str, *, allow_private: bool = True, seconds: float = 5.0) -> Answer:
    poster = EventPoster(allow_private=allow_private, total_seconds=seconds)
    return poster.post(url, "evt_1", "{}", [SECRET], datetime.now(UTC))


@contextlib.contextmanager
def listening(answer: bytes = b"", every: float = 0.0) -> Iterator[tuple[int, list[bytes]]]:
    """A server that says `answer` byte by byte, and all it was told."""
    told: list[bytes] = []
    over = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection, contextlib.suppress(OSError):
                    told.append(connection.recv(65536))
                    for byte in answer:
                        connection.sendall(bytes([byte]))
                        over.wait(every)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1], told
    finally:
        over.set()
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(10)


@pytest.mark.parametrize("host", PRIVATE)
def test_a_private_address_is_never_connected_to(host: str) -> None:
    with listening() as (port, told):
        answer = post(f"https://{host}:{port}/", allow_private=False, seconds=1.0)
        assert answer.status is None
        assert not told


def test_a_private_address_is_named_as_such() -> None:
    assert post("https://127.0.0.1/", allow_private=False) == Answer(None, "private_address")


def test_a_name_that_leads_to_a_private_address_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening() as (port, told):
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        assert post(f"https://hooks.example.com:{port}/", allow_private=False).problem == "private_address"
        assert not told


def test_the_address_that_was_judged_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that answers differently the second time is asked once only."""
    asked: list[str] = []

    def lookup(host: str, port: int, *_: object, **__: object) -> list[object]:
        asked.append(host)
        address = "203.0.113.9" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    connected: list[tuple[str, int]] = []

    def refuse(self: socket.socket, address: tuple[str, int]) -> None:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert post("https://hooks.example.com/", allow_private=False).status is None
    assert all(host != "127.0.0.1" for host, *_ in connected)
    assert "hooks.example.com" in asked


def test_plain_http_is_refused_unless_private_places_are_allowed() -> None:
    assert post("http://hooks.example.com/", allow_private=False) == Answer(None, "not_https", forbidden=True)


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    with loopback(lambda asked: Reply(307, headers={"Location": "/elsewhere"})) as server:
        assert post(server.url + "/first") == Answer(307)
        assert [asked.path for asked in server.asked] == ["/first"]


def test_an_answer_is_read_only_so_far() -> None:
    with loopback(lambda _: Reply(200, body=b"x" * (20 * ANSWER_BOUND))) as server:
        assert post(server.url).taken


def test_no_answer_in_time_is_slow() -> None:
    with listening(b"x", every=5) as (port, _):
        began = time.monotonic()
        answer = post(f"http://127.0.0.1:{port}/", seconds=0.3)
        assert (answer.status, answer.slow) == (None, True)
        assert time.monotonic() - began < 15


def test_an_answer_that_only_drips_is_ended_as_a_whole() -> None:
    """Each read is quick, so only the total bounds it."""
    with listening(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 500, every=0.05) as (port, _):
        began = time.monotonic()
        answer = post(f"http://127.0.0.1:{port}/", seconds=0.5)
        assert (answer.status, answer.slow) == (None, True)
        assert time.monotonic() - began < 15


def test_a_connection_that_comes_about_too_late_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """When time is up there is no socket yet that could be shut: the name takes that long to be found."""
    seconds, found = 0.123, socket.getaddrinfo

    def slow(*asked: Any, **more: Any) -> Any:
        for each in threading.enumerate():
            if isinstance(each, threading.Timer) and each.interval == seconds:
                each.join(10)
        return found(*asked, **more)

    with loopback(lambda _: Reply(204)) as server:
        monkeypatch.setattr(socket, "getaddrinfo", slow)
        answer = post(server.url, seconds=seconds)
        assert (answer.status, answer.slow, server.asked) == (None, True, [])


def test_a_refused_connection_is_a_problem_and_not_slow() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # nobody else gets the port, and nobody listens
        answer = post(f"http://127.0.0.1:{deaf.getsockname()[1]}/")
    assert (answer.status, answer.slow, answer.taken) == (None, False, False)


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with loopback(lambda _: Reply(204)) as server:
        assert post(server.url).taken
