"""The webhook client by itself: every way in which an answer can end, or not come."""

import asyncio
import contextlib

import pytest

from gateway.sandbox import wire
from gateway.sandbox.wire import Answer, BrokenOff, NoConnection, Wire, target_of

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\n"


async def _read(reader: asyncio.StreamReader) -> bytes:
    """What came; nothing when the client has gone, whichever way."""
    try:
        return await reader.read(65_536)
    except ConnectionError:
        return b""


def ask(
    answers: list[bytes], times: int = 1, hang_up: bool = False, path: str = "/", read_seconds: float = 20
) -> tuple[list[Answer], list[bytes]]:
    """Post `times` to a server that gives the answers in turn; returns what came back and each connection's input."""
    connections: list[bytes] = []
    ended: list[asyncio.Event] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        place = len(connections)
        connections.append(b"")
        ended.append(asyncio.Event())
        while head := await _read(reader):
            connections[place] += head
            writer.write(answers.pop(0))
            if hang_up:
                break
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        ended[place].set()

    async def run() -> list[Answer]:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        client = Wire()
        try:
            return [
                await client.post(f"http://127.0.0.1:{port}{path}", {"X-One": "1"}, b"a=b", 20, read_seconds)
                for _ in range(times)
            ]
        finally:
            client.close()
            server.close()
            await server.wait_closed()
            for one in ended:
                await one.wait()

    return asyncio.run(run()), connections


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (OK + b"Content-Length: 5\r\n\r\nhello", b"hello"),
        (OK + b"Content-Length: 0\r\n\r\n", b""),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n", b"hello"),
    ],
    ids=["length", "empty", "chunked"],
)
def test_an_answer_ends_where_it_says(raw: bytes, body: bytes) -> None:
    [answer], _ = ask([raw])
    assert answer == Answer(200, "text/xml", body)


def test_an_answer_without_length_ends_with_the_connection() -> None:
    [answer], _ = ask([OK + b"\r\nhello"], hang_up=True)
    assert answer.body == b"hello"


def test_no_content_has_no_body() -> None:
    [answer], _ = ask([b"HTTP/1.1 204 No Content\r\n\r\n"])
    assert (answer.status, answer.body) == (204, b"")


def test_a_connection_serves_again_unless_the_server_closes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "IDLE_SECONDS", 60.0)
    kept = OK + b"Content-Length: 0\r\n\r\n"
    assert len(ask([kept, kept, kept], times=3)[1]) == 1
    closed = OK + b"Connection: close\r\nContent-Length: 0\r\n\r\n"
    assert len(ask([closed, closed], times=2)[1]) == 2


def test_the_request_is_whole() -> None:
    _, [sent] = ask([OK + b"Content-Length: 0\r\n\r\n"], path="/status?a=b%20c")
    head, _, body = sent.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /status?a=b%20c HTTP/1.1"
    assert b"X-One: 1" in lines
    assert b"Content-Length: 3" in lines
    assert body == b"a=b"


@pytest.mark.parametrize(
    ("raw", "hang_up"),
    [
        (b"", False),
        (b"", True),
        (OK + b"Content-Length: 9\r\n\r\nhello", True),
        (OK + b"Content-Length: nine\r\n\r\nhello", False),
        (b"nonsense\r\n\r\n", False),
        (OK + b"Content-Length: 200000\r\n\r\n" + b"x" * 200_000, False),
    ],
    ids=["silence", "closed at once", "closed in the middle", "wrong length", "no HTTP", "too large"],
)
def test_what_is_no_whole_answer_is_broken_off(raw: bytes, hang_up: bool) -> None:
    with pytest.raises(BrokenOff):
        ask([raw], hang_up=hang_up, read_seconds=0.3)


def test_nobody_there_is_no_connection() -> None:
    async def run() -> None:
        await Wire().post("http://127.0.0.1:1/", {}, b"", 1.0, 1.0)

    with pytest.raises(NoConnection):
        asyncio.run(run())


def test_a_target_knows_its_port_and_its_user() -> None:
    target = target_of("https://us%40er:p@h.example/a")
    assert (target.host, target.port, target.tls) == ("h.example", 443, True)
    assert b"Host: h.example\r\nAuthorization: Basic dXNAZXI6cA==" in target.head
    with pytest.raises(ValueError, match="not an http"):
        target_of("ftp://h.example/")
