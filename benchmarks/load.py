"""A small load of POSTs over keep-alive connections: one process, so that the server keeps the rest of the machine.

Bounded in count and time, loopback only. Each connection has one request under way.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

LONGEST_SECONDS = 60.0


@dataclass
class Load:
    """What a run showed. `latencies` in seconds, in no order."""

    seconds: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(self.statuses.values())

    @property
    def per_second(self) -> float:
        return self.count / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """In milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


class _Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.begun = 0.0

    def send(self, request: bytes) -> None:
        self.received, self.begun = b"", time.perf_counter()
        self.socket.sendall(request)

    def read(self) -> int | None:
        """The status, once the answer is whole."""
        piece = self.socket.recv(65536)
        if not piece:
            raise ConnectionError("the server closed a connection")
        self.received += piece
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator:
            return None
        lowered = head.lower()
        length = 0
        if b"content-length:" in lowered:
            length = int(lowered.partition(b"content-length:")[2].partition(b"\r\n")[0])
        return int(head[9:12]) if len(body) >= length else None


def post(port: int, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """A request as it goes over the wire."""
    named = {"Host": f"127.0.0.1:{port}", "Content-Length": str(len(body)), "Connection": "keep-alive"} | headers
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


def run(
    port: int,
    requests: Callable[[int], bytes] | Sequence[bytes],
    *,
    count: int,
    connections: int = 16,
    per_second: float | None = None,
) -> Load:
    """`count` requests as fast as they are answered, or at a rate. Stops by itself after LONGEST_SECONDS."""
    make = requests if callable(requests) else lambda n: requests[n % len(requests)]
    open_connections = [_Connection(port) for _ in range(connections)]
    ready, load, sent = list(open_connections), Load(), 0
    with selectors.DefaultSelector() as selector:
        for each in open_connections:
            selector.register(each.socket, selectors.EVENT_READ, each)
        begun = time.perf_counter()
        while load.count < count and time.perf_counter() - begun < LONGEST_SECONDS:
            while ready and sent < count and _due(begun, sent, per_second):
                ready.pop(0).send(make(sent))  # in turn, so that none is idle until the server closes it
                sent += 1
            for key, _ in selector.select(0.0005 if per_second else 1.0):
                each = key.data
                status = each.read()
                if status is not None:
                    load.statuses[status] = load.statuses.get(status, 0) + 1
                    load.latencies.append(time.perf_counter() - each.begun)
                    ready.append(each)
        load.seconds = time.perf_counter() - begun
    for each in open_connections:
        each.socket.close()
    return load


def _due(begun: float, sent: int, per_second: float | None) -> bool:
    return per_second is None or time.perf_counter() - begun >= sent / per_second
