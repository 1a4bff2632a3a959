"""A Twilio that only takes messages, after a while: lean enough not to be what is measured.

    python -m benchmarks.fake_twilio --latency-ms 200

It prints its address. `GET /_counts` tells how many messages it took, how many calls are open, and the most at once.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
from dataclasses import asdict, dataclass

ACCOUNT = "AC" + "0" * 31 + "1"
NOTHING_LISTED: dict[str, object] = {"messages": [], "next_page_uri": None, "page": 0, "page_size": 50}


@dataclass(slots=True)
class Counts:
    taken: int = 0
    open: int = 0
    most_open: int = 0


class Caller(asyncio.Protocol):
    """One kept connection: one request after the other, each answered after the latency."""

    sids = itertools.count(1)

    def __init__(self, counts: Counts, latency: float) -> None:
        self._counts = counts
        self._latency = latency
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator or len(body) < _length(head):
            return
        self._received = b""
        if head.startswith(b"GET /"):
            asked: dict[str, object] = asdict(self._counts) if head.startswith(b"GET /_counts ") else NOTHING_LISTED
            self._answer(b"200 OK", json.dumps(asked).encode())
            return
        self._counts.open += 1
        self._counts.most_open = max(self._counts.most_open, self._counts.open)
        asyncio.get_running_loop().call_later(self._latency, self._take)

    def _take(self) -> None:
        self._counts.open -= 1
        self._counts.taken += 1
        message = {
            "sid": f"SM{next(self.sids):032x}",
            "status": "accepted",
            "account_sid": ACCOUNT,
            "num_segments": "1",
        }
        self._answer(b"201 Created", json.dumps(message).encode())

    def _answer(self, status: bytes, body: bytes) -> None:
        head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
        self._transport.write(head + body)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def serve(latency: float, port: int) -> None:
    counts = Counts()
    server = await asyncio.get_running_loop().create_server(lambda: Caller(counts, latency), "127.0.0.1", port)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency-ms", type=int, default=200)
    parser.add_argument("--port", type=int, default=0)
    chosen = parser.parse_args()
    asyncio.run(serve(chosen.latency_ms / 1000, chosen.port))
