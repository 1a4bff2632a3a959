"""A lean HTTP/1.1 client for webhooks: one POST, one answer, connections kept for the next.

It exists because a load test's callbacks outnumber its sends three to one, and aiohttp's client costs more for each
than the whole rest of the sandbox. No redirects, no cookies, no streaming.
"""

import asyncio
import base64
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote, urlsplit

MOST_ANSWER_BYTES = 65_536
MOST_CONNECTIONS = 256
# The service behind a webhook may close an idle connection; ours are dropped before it does.
IDLE_SECONDS = 1.0
WITHOUT_BODY = (204, 304)


class NoConnection(Exception):
    """Nobody answers at the address: refused, unknown, or the handshake took too long."""


class BrokenOff(Exception):
    """Connected, but no whole answer came: closed, garbled, too large, or too late."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads, and the fixed lines of a request to it."""

    host: str
    port: int
    tls: bool
    head: bytes


@lru_cache(maxsize=4096)
def target_of(url: str) -> Target:
    """Raises ValueError for what is no http or https URL."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("not an http or https URL")
    tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"POST {path} HTTP/1.1", f"Host: {parts.netloc.rpartition('@')[2]}"]
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        lines.append(f"Authorization: Basic {base64.b64encode(pair.encode()).decode()}")
    return Target(parts.hostname, parts.port or (443 if tls else 80), tls, "\r\n".join(lines).encode())


class _Connection(asyncio.Protocol):
    """One connection, one exchange at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._waiting: asyncio.Future[Answer] | None = None
        self.idle_since = 0.0
        self.reusable = True

    @property
    def answered(self) -> bool:
        waiting = self._waiting
        return waiting is not None and waiting.done() and not waiting.cancelled() and waiting.exception() is None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def exchange(self, request: bytes) -> "asyncio.Future[Answer]":
        self._waiting = asyncio.get_running_loop().create_future()
        if self._transport is None or self._transport.is_closing():
            self._waiting.set_exception(BrokenOff("the connection is closed"))
        else:
            self._transport.write(request)
        return self._waiting

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._waiting is None or self._waiting.done():
            self.close()
            return
        try:
            answer = self._read(ended=False)
        except (ValueError, BrokenOff) as garbled:
            self._waiting.set_exception(BrokenOff(str(garbled)))
            self.close()
            return
        if answer is not None:
            self._received.clear()
            self._waiting.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        self.reusable = False
        if self._waiting is None or self._waiting.done():
            return
        try:
            answer = self._read(ended=True)
        except (ValueError, BrokenOff):
            answer = None
        if answer is None:
            self._waiting.set_exception(BrokenOff("the connection was closed"))
        else:
            self._waiting.set_result(answer)

    def _read(self, ended: bool) -> Answer | None:
        """The answer, once all of it is there. Raises ValueError or BrokenOff for what is none."""
        head, gap, rest = self._received.partition(b"\r\n\r\n")
        if not gap:
            return None
        first, *lines = bytes(head).decode("latin-1").split("\r\n")
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        version, status = first.split(" ")[0], int(first.split(" ")[1])
        if version != "HTTP/1.1" or fields.get("connection", "").lower() == "close":
            self.reusable = False
        body = self._body(status, fields, bytes(rest), ended)
        return None if body is None else Answer(status, fields.get("content-type", "").partition(";")[0].strip(), body)

    def _body(self, status: int, fields: Mapping[str, str], rest: bytes, ended: bool) -> bytes | None:
        if len(rest) > 2 * MOST_ANSWER_BYTES:
            raise BrokenOff("the answer is too large")
        if status in WITHOUT_BODY:
            return b""
        if fields.get("transfer-encoding", "").lower() == "chunked":
            return _unchunked(rest)
        if "content-length" in fields:
            length = int(fields["content-length"])
            return rest[:length] if len(rest) >= length else None
        return rest if ended else None

    def close(self) -> None:
        self.reusable = False
        if self._transport is not None:
            self._transport.abort()


def _unchunked(rest: bytes) -> bytes | None:
    """The body of a chunked answer, or None while chunks are missing. Trailers are not expected."""
    body, place = b"", 0
    while True:
        line_end = rest.find(b"\r\n", place)
        if line_end < 0:
            return None
        size = int(rest[place:line_end].partition(b";")[0], 16)
        start = line_end + 2
        if len(rest) < start + size + 2:
            return None
        if size == 0:
            return body
        body += rest[start : start + size]
        place = start + size + 2


class Wire:
    """A pool of connections, by target."""

    def __init__(self) -> None:
        self._idle: dict[tuple[str, int, bool], list[_Connection]] = {}
        self._room = asyncio.Semaphore(MOST_CONNECTIONS)
        self._tls: ssl.SSLContext | None = None

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes, connect_seconds: float, read_seconds: float
    ) -> Answer:
        """Raises NoConnection, BrokenOff, or ValueError for a URL that cannot be called."""
        target = target_of(url)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = target.head + f"\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body
        async with self._room:
            connection = self._kept(target) or await self._connected(target, connect_seconds)
            try:
                async with asyncio.timeout(read_seconds):
                    answer = await connection.exchange(request)
            except TimeoutError:
                raise BrokenOff("no answer in time") from None
            finally:
                self._keep(target, connection)
        return answer

    def _kept(self, target: Target) -> _Connection | None:
        waiting = self._idle.get((target.host, target.port, target.tls), [])
        while waiting:
            connection = waiting.pop()
            if connection.reusable and time.monotonic() - connection.idle_since < IDLE_SECONDS:
                return connection
            connection.close()
        return None

    def _keep(self, target: Target, connection: _Connection) -> None:
        """For the next, if its exchange came to a good end."""
        if not connection.reusable or not connection.answered:
            connection.close()
            return
        connection.idle_since = time.monotonic()
        self._idle.setdefault((target.host, target.port, target.tls), []).append(connection)

    async def _connected(self, target: Target, connect_seconds: float) -> _Connection:
        if target.tls and self._tls is None:
            self._tls = ssl.create_default_context()
        try:
            async with asyncio.timeout(connect_seconds):
                _, connection = await asyncio.get_running_loop().create_connection(
                    _Connection, target.host, target.port, ssl=self._tls if target.tls else None
                )
        except (OSError, TimeoutError) as unreachable:
            raise NoConnection(type(unreachable).__name__) from unreachable
        return connection

    def close(self) -> None:
        for waiting in self._idle.values():
            for connection in waiting:
                connection.close()
        self._idle.clear()
