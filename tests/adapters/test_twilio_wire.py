"""The wire: kept connections, bounds in time and size, and whether a failed request can have arrived."""

from __future__ import annotations

import datetime as dt
import logging
import select
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.adapters.twilio import connections, wire
from gateway.adapters.twilio.wire import Wire, call_limit
from gateway.errors import ProviderSilent
from tests.adapters.loopback import Reply, loopback

URL = "https://api.twilio.com/2010-04-01/Accounts.json?Page=1"


def silence(line: Wire, url: str = URL) -> ProviderSilent:
    with pytest.raises(ProviderSilent) as caught:
        line.exchange("POST", url, {}, b"To=x")
    return caught.value


@contextmanager
def listening() -> Iterator[socket.socket]:
    """A port that takes connections and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server


def at(server: socket.socket, scheme: str = "http") -> str:
    return f"{scheme}://127.0.0.1:{server.getsockname()[1]}"


def test_the_base_url_takes_the_place_of_the_host_and_keeps_path_query_and_host_header() -> None:
    with loopback(lambda asked: Reply(body={"ok": True})) as server:
        answer = Wire(base_url=server.url + "/").exchange("GET", URL, {"X-A": "b"})
    (asked,) = server.asked
    assert (asked.method, asked.path, asked.query) == ("GET", "/2010-04-01/Accounts.json", {"Page": ["1"]})
    assert asked.headers["Host"] == "api.twilio.com"
    assert asked.headers["X-A"] == "b"
    assert (answer.status, answer.text) == (200, '{"ok": true}')


def test_a_prefix_in_the_base_url_is_kept() -> None:
    with loopback(lambda asked: Reply()) as server:
        Wire(base_url=server.url + "/fake/").exchange("GET", "https://api.twilio.com/a", {})
    assert server.asked[0].path == "/fake/a"


@pytest.mark.parametrize("base", ["localhost:9000", "ftp://127.0.0.1", "http://", "http://127.0.0.1/?a=b"])
def test_a_base_url_that_is_none_is_refused(base: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        Wire(base_url=base)


def test_connections_are_kept_and_shared_by_products_behind_a_base_url() -> None:
    with loopback(lambda asked: Reply()) as server:
        line = Wire(base_url=server.url)
        for host in ("api", "verify", "studio", "api"):
            line.exchange("GET", f"https://{host}.twilio.com/v2/x", {})
    assert (len(server.asked), server.connections) == (4, 1)


def test_threads_up_to_the_pool_size_cost_one_connection_each_and_no_more() -> None:
    size = 8
    gate = threading.Barrier(size)

    def answering(asked: object) -> Reply:
        gate.wait(10)  # all of them in flight at once
        return Reply()

    with loopback(answering) as server:
        line = Wire(base_url=server.url, pool_size=size)
        for _ in range(3):
            threads = [threading.Thread(target=line.exchange, args=("GET", URL, {})) for _ in range(size)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    assert (len(server.asked), server.connections) == (3 * size, size)


def test_a_connection_that_was_idle_for_long_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with loopback(lambda asked: Reply()) as server:
        line = Wire(base_url=server.url)
        line.exchange("GET", URL, {})
        monkeypatch.setattr(connections, "IDLE_SECONDS", -1.0)
        line.exchange("GET", URL, {})
    assert server.connections == 2


def test_a_connection_the_other_side_has_closed_is_replaced_without_a_word() -> None:
    with loopback(lambda asked: Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")) as server:
        line = Wire(base_url=server.url)
        for _ in range(3):
            assert line.exchange("GET", URL, {}).text == "{}"
            until_closed_by_the_other_side(line)
    assert server.connections == 3


def until_closed_by_the_other_side(line: Wire) -> None:
    (pool,) = line._pools.values()
    assert pool.pool is not None
    kept = pool.pool.queue[-1].sock
    assert select.select([kept], [], [], 5)[0]


def test_a_refused_connection_was_certainly_not_sent() -> None:
    with closing(socket.socket()) as deaf:
        deaf.bind(("127.0.0.1", 0))  # nobody else gets the port, and nobody listens
        assert silence(Wire(base_url=at(deaf))).sent is False


def test_a_name_that_does_not_resolve_was_certainly_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: object, **kwargs: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert silence(Wire()).sent is False


def test_a_tls_handshake_that_fails_was_certainly_not_sent() -> None:
    with loopback(lambda asked: Reply()) as server:
        assert silence(Wire(base_url=server.url.replace("http", "https"))).sent is False


def test_a_tls_handshake_that_is_never_answered_was_certainly_not_sent() -> None:
    with listening() as server:
        assert silence(Wire(base_url=at(server, "https"), timeout_seconds=0.2)).sent is False


def test_an_authority_nobody_trusts_is_refused(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    with listening() as server:
        served = threading.Thread(target=handshake, args=(server, context))
        served.start()
        failure = silence(Wire(base_url=at(server, "https").replace("127.0.0.1", "localhost")))
        served.join()
    assert failure.sent is False
    assert "SSL" in str(failure)


def handshake(server: socket.socket, context: ssl.SSLContext) -> None:
    connection, _ = server.accept()
    with connection, pytest.raises(OSError), context.wrap_socket(connection, server_side=True) as secured:
        secured.recv(1)


def self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + dt.timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


def test_silence_after_the_request_may_have_been_sent_and_ends_in_time() -> None:
    with listening() as server:
        began = time.monotonic()
        failure = silence(Wire(base_url=at(server), timeout_seconds=0.3))
    assert failure.sent is True
    assert 0.2 < time.monotonic() - began < 10


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="closed"),
        pytest.param(b"HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\n{", id="cut off"),
        pytest.param(b"not http at all\r\n\r\n", id="not HTTP"),
    ],
)
def test_an_answer_that_breaks_off_may_have_been_sent(raw: bytes) -> None:
    with loopback(lambda asked: Reply(raw=raw)) as server:
        assert silence(Wire(base_url=server.url)).sent is True
    assert len(server.asked) == 1  # and was not tried again


def test_a_limit_around_a_call_is_tighter_than_its_own_and_ends_with_the_block() -> None:
    with listening() as server:
        line = Wire(base_url=at(server), timeout_seconds=30)
        began = time.monotonic()
        with call_limit(0.2):
            assert silence(line).sent is True
        assert time.monotonic() - began < 10
        assert wire._limit.get() is None


def test_a_product_may_have_a_bound_of_its_own() -> None:
    with listening() as server:
        line = Wire(base_url=at(server), timeout_seconds=30, seconds_by_host={"lookups.twilio.com": 0.2})
        began = time.monotonic()
        silence(line, "https://lookups.twilio.com/v2/x")
        assert time.monotonic() - began < 10


def test_a_body_that_drips_is_not_waited_for_past_the_bound() -> None:
    stop = threading.Event()

    def drip(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while not stop.wait(0.05):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

    with listening() as server:
        dripping = threading.Thread(target=drip, args=(server,))
        dripping.start()
        began = time.monotonic()
        failure = silence(Wire(base_url=at(server), timeout_seconds=2.5))
        took = time.monotonic() - began
        stop.set()
        dripping.join()
    assert (failure.sent, str(failure)) == (True, "the answer took too long")
    assert took < 10


def test_a_body_without_end_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_ANSWER_BYTES", 1000)
    with loopback(lambda asked: Reply(body=b"x" * 200_000)) as server:
        assert str(silence(Wire(base_url=server.url))) == "the answer is too long"


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with loopback(lambda asked: Reply(307, headers={"Location": "/elsewhere"})) as server:
        assert Wire(base_url=server.url).exchange("POST", URL, {}, b"a=b").status == 307
    assert len(server.asked) == 1


def test_no_path_is_written_to_a_log_even_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    with loopback(lambda asked: Reply()) as server, caplog.at_level(logging.DEBUG):
        Wire(base_url=server.url).exchange("GET", "https://lookups.twilio.com/v2/PhoneNumbers/+14155550100", {})
    assert "4155550100" not in caplog.text
