"""A Lookup that only answers, after a while, and remembers when it was asked: lean enough not to be what is measured.

    python -m benchmarks.fake_lookup --latency-ms 200

It prints its address. `GET /_paid` tells for how many numbers was paid so far, and takes no time. `GET
/_seen?allowed=500` tells how many requests came, how many numbers were paid for twice, the most requests in any one
second (sliding), how many came beyond what a second is allowed, and how long it was itself held up at most: by so much
may an arrival have been noted late.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Sequence

_ASKED = re.compile(rb"GET [^ ]*/v2/PhoneNumbers/(?:%2B|\+)(\d+)(\?\S*Fields=)?")
_SEEN = re.compile(rb"GET /_seen\?allowed=(\d+)")
LOOK_SECONDS = 0.005


class Memory:
    """Arrivals as they were read from the sockets, and what was paid for."""

    def __init__(self) -> None:
        self.arrivals: list[float] = []
        self.paid: Counter[str] = Counter()
        self.held_up = 0.0

    def told(self, allowed: int) -> dict[str, object]:
        return {
            "requests": len(self.arrivals),
            "paid": sum(self.paid.values()),
            "paid_twice": sum(times - 1 for times in self.paid.values()),
            "span": self.arrivals[-1] - self.arrivals[0] if self.arrivals else 0.0,
            "kept": kept(self.arrivals),
            "busiest_second": busiest(self.arrivals),
            "beyond": beyond(self.arrivals, allowed),
            "held_up": self.held_up,
        }


def busiest(moments: Sequence[float]) -> int:
    """The most of these sorted moments that any span of one second holds."""
    first = most = 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= 1.0:
            first += 1
        most = max(most, last - first + 1)
    return most


def beyond(moments: Sequence[float], allowed: int) -> int:
    """How many of them came as one too many within the second that they end."""
    return sum(1 for early, late in zip(moments, moments[allowed:], strict=False) if late - early < 1.0)


def kept(moments: Sequence[float]) -> float:
    """Per second, over all of the time but the last second, which is a tail."""
    end = moments[-1] - 1.0 if moments else 0.0
    steady = [moment for moment in moments if moment <= end]
    return (len(steady) - 1) / (steady[-1] - steady[0]) if len(steady) > 1 else 0.0


class Caller(asyncio.Protocol):
    """One kept connection: one request after the other, each answered after the latency."""

    def __init__(self, memory: Memory, latency: float) -> None:
        self._memory = memory
        self._latency = latency
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._received.endswith(b"\r\n\r\n"):
            return
        head, self._received = self._received, b""
        if head.startswith(b"GET /_paid "):
            self._answer(b"%d" % len(self._memory.paid))
        elif seen := _SEEN.match(head):
            self._answer(json.dumps(self._memory.told(int(seen[1]))).encode())
        elif asked := _ASKED.match(head):
            self._memory.arrivals.append(time.monotonic())
            number = "+" + asked[1].decode()
            if asked[2]:
                self._memory.paid[number] += 1
            asyncio.get_running_loop().call_later(self._latency, self._answer, answer(number, bool(asked[2])))

    def _answer(self, body: bytes) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        self._transport.write(head + body)


def answer(number: str, paid: bool) -> bytes:
    line = {"type": "mobile", "carrier_name": "T-Mobile USA, Inc.", "error_code": None} if paid else None
    return json.dumps(
        {
            "phone_number": number,
            "valid": True,
            "validation_errors": [],
            "country_code": "US",
            "national_format": f"({number[2:5]}) {number[5:8]}-{number[8:]}",
            "line_type_intelligence": line,
        }
    ).encode()


async def watch(memory: Memory) -> None:
    """How late this process is with what it wants to do every LOOK_SECONDS."""
    while True:
        due = time.monotonic() + LOOK_SECONDS
        await asyncio.sleep(LOOK_SECONDS)
        memory.held_up = max(memory.held_up, time.monotonic() - due)


async def serve(latency: float, port: int) -> None:
    memory = Memory()
    watching = asyncio.get_running_loop().create_task(watch(memory))
    server = await asyncio.get_running_loop().create_server(lambda: Caller(memory, latency), "127.0.0.1", port)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.gather(server.serve_forever(), watching)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency-ms", type=int, default=200)
    parser.add_argument("--port", type=int, default=0)
    chosen = parser.parse_args()
    asyncio.run(serve(chosen.latency_ms / 1000, chosen.port))
