"""`POST /send` against a bare Flask no-op, side by side: CPU in process, requests per second and latency on one server.

    python -m benchmarks.send [--threads 16]

About a minute: its own Redis with `appendfsync always`, a local Twilio, gunicorn with two processes. Everything is on:
auth, validation, policy, opt-outs, idempotency, caps, durable accept by RQ's enqueue, metrics, log line. No worker is
there, so the queue is emptied all the time: in front of a long one acceptance would leave the ringing to the sweep.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from rich.table import Table
from werkzeug.test import EnvironBuilder

from benchmarks import load
from benchmarks.processes import started
from gateway import logs, sandbox
from gateway.adapters.embedded import EmbeddedRedis
from gateway.adapters.store.connection import connect
from gateway.adapters.store.lanes import LANES
from tests.stack import KEY, environment

AREAS = (201, 212, 213, 303, 305, 312, 404, 415, 503, 512, 602, 617, 702, 713, 818, 917)
NUMBERS = [f"+1{area}55501{last:02}" for area in AREAS for last in range(10)]
CONFIG = """
[limits]
requests_per_second = 100000
recipient_per_hour = 100000
recipient_same_body_per_hour = 100000
"""
PORT = 8717
ROUNDS = 5


def body(number: int) -> bytes:
    return json.dumps({"to": NUMBERS[number % len(NUMBERS)], "body": f"Order {number} has shipped."}).encode()


def headers(number: int) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {KEY}",
        "Content-Type": "application/json",
        "Idempotency-Key": f"bench-{os.getpid()}-{time.monotonic_ns()}-{number}",
    }


def in_process(serve: Callable[..., Any], count: int) -> dict[str, float]:
    """Microseconds of the calling thread's CPU for one WSGI call; the median of calls taken in turns."""
    taken: dict[str, list[float]] = {"/noop": [], "/send": []}
    for _ in range(ROUNDS):
        for path, found in taken.items():
            found += [cpu_of(serve, _environ(path, n)) for n in range(count)]
    return {path: statistics.median(found) for path, found in taken.items()}


def cpu_of(serve: Callable[..., Any], environ: dict[str, Any]) -> float:
    begun = time.thread_time_ns()
    _call(serve, environ)
    return (time.thread_time_ns() - begun) / 1e3


@contextlib.contextmanager
def bells_answered(store_url: str) -> Iterator[None]:
    """Empties the queues, as workers would."""
    client, over = connect(store_url), threading.Event()
    queues = [f"rq:queue:{lane}" for lane in LANES]

    def empty() -> None:
        while not over.wait(0.02):
            client.delete(*queues)

    thread = threading.Thread(target=empty)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        client.close()


def served_quietly() -> Any:
    """The application in this process, with its log lines made and thrown away."""
    from benchmarks.served import app

    logs.configure("info", "json", Path(os.devnull).open("w"))  # noqa: SIM115  open as long as the process is
    return app


def _environ(path: str, number: int) -> dict[str, Any]:
    data = body(number)
    made = EnvironBuilder(path=path, method="POST", data=data, headers=headers(number)).get_environ()
    made["wsgi.input"] = io.BytesIO(data)
    return made


def _call(serve: Callable[..., Any], environ: dict[str, Any]) -> str:
    seen: list[str] = []
    answer = serve(environ, lambda status, headers, exc_info=None: seen.append(status))
    for _ in answer:
        pass
    if hasattr(answer, "close"):
        answer.close()
    return seen[0]


def on_server(port: int, path: str, count: int, per_second: float | None = None) -> load.Load:
    requests_made = [load.post(port, path, body(n), headers(n)) for n in range(count)]
    return load.run(port, requests_made, count=count, connections=16, per_second=per_second)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=16, help="request threads of each web process")
    threads: int = parser.parse_args().threads
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as home:
        folder = Path(home)
        (folder / "gateway.toml").write_text(CONFIG)
        options = sandbox.SandboxOptions(port=0)
        with EmbeddedRedis.start(folder) as store, sandbox.start_in_thread(options) as twilio:
            public = f"http://127.0.0.1:{PORT}"
            variables = environment(store.url, twilio.url, public) | {"GATEWAY_CONFIG": str(folder / "gateway.toml")}
            os.environ.update(variables)
            app = served_quietly()
            for number in range(len(NUMBERS)):
                assert _call(app, _environ("/send", number)).startswith("202")
            with bells_answered(store.url):
                cpu = in_process(app, 300)
            with started(gunicorn(threads), variables, folder / "web.log"), bells_answered(store.url):
                _wait_until_up(public)
                rates = {path: [] for path in ("/noop", "/send")}  # type: dict[str, list[load.Load]]
                for _ in range(3):
                    for path in rates:
                        rates[path].append(on_server(PORT, path, 6000 if path == "/noop" else 3000))
                best = {path: max(found, key=lambda one: one.per_second) for path, found in rates.items()}
                half = on_server(PORT, "/send", 2000, best["/send"].per_second / 2)
        Console(width=110).print(_table(cpu, best, half, threads))


def gunicorn(threads: int = 16) -> list[str]:
    return [
        "-m", "gunicorn", "-c", "python:gateway.webserver", "--workers", "2", "--threads", str(threads),
        "--log-level", "warning", "--bind", f"127.0.0.1:{PORT}", "benchmarks.served:app",
    ]  # fmt: skip


def _wait_until_up(url: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if requests.get(f"{url}/healthz", timeout=1).ok:
                return
        except requests.RequestException:
            time.sleep(0.1)
    raise SystemExit("the server does not come up")


def _table(cpu: dict[str, float], best: dict[str, load.Load], half: load.Load, threads: int) -> Table:
    table = Table(title="POST /send against a bare Flask no-op, same run", title_justify="left")
    for column in ("", "no-op", "/send", "ratio", "target (goal)"):
        table.add_column(column)
    ratio = cpu["/send"] / cpu["/noop"]
    table.add_row(
        "CPU per request in process",
        f"{cpu['/noop']:.0f} µs",
        f"{cpu['/send']:.0f} µs",
        f"{ratio:.1f} ×",
        "≤ 6 × (4 ×)",
    )
    share = best["/send"].per_second / best["/noop"].per_second
    table.add_row(
        f"requests per second, gunicorn gthread 2 × {threads}",
        f"{best['/noop'].per_second:.0f}",
        f"{best['/send'].per_second:.0f}",
        f"{share:.2f}",
        "≥ 0.15 (0.20)",
    )
    table.add_row("p99 at half of its own ceiling", "", f"{half.percentile(0.99):.1f} ms", "", "< 20 ms")
    table.add_row("statuses", str(best["/noop"].statuses), str(best["/send"].statuses), "", "")
    return table


if __name__ == "__main__":
    main()
