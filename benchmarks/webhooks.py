"""Status callbacks through signature check and state change, against a bare Flask no-op that gets the same POST.

    python -m benchmarks.webhooks [--intents 3000]

About a minute: its own Redis with `appendfsync always`, gunicorn with 2 × 16 threads, requests signed with the SDK's
own validator. Each intent gets `sent`, then `delivered`; both change its state.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from werkzeug.test import EnvironBuilder

from benchmarks import load, seeding, send
from benchmarks.processes import started
from gateway import pipeline, sandbox
from gateway.adapters.embedded import EmbeddedRedis
from gateway.channels.shape import ProviderRequest
from gateway.ids import ulid
from gateway.wiring import Gateway
from tests.stack import environment
from tests.webhooks.payloads import MESSAGE_STATUS
from tests.webhooks.signing import FORM, form_post

WORDS = ("sent", "delivered")
ROUNDS = 5


class Accepting:
    """A provider that takes everything at once."""

    def send(self, request: ProviderRequest, *, test: bool) -> Mapping[str, Any]:
        return {"sid": f"SM{ulid().lower():0>32}", "status": "queued"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--intents", type=int, default=3000)
    intents: int = parser.parse_args().intents
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as home, EmbeddedRedis.start(Path(home)) as store:
        file = Path(home) / "gateway.toml"
        file.write_text(send.CONFIG)
        public = f"http://127.0.0.1:{send.PORT}"
        variables = environment(store.url, "http://127.0.0.1:9", public) | {"GATEWAY_CONFIG": str(file)}
        os.environ.update(variables)
        app = send.served_quietly()
        gateway = seeding.gateway_of(variables)
        first, rest = _seeded(gateway, 200 * ROUNDS), _seeded(gateway, intents)
        cpu = _in_process(app, first, public)
        with started(send.gunicorn(), variables, Path(home) / "web.log"):
            send._wait_until_up(public)
            rates = _on_server(rest, public)
        Console(width=110).print(_table(cpu, rates))
        _check(gateway, [intent_id for intent_id, _ in (*first, *rest)])


def _seeded(gateway: Gateway, count: int) -> list[tuple[str, str]]:
    """Intents under way at the provider, each with the SID of its message."""
    object.__setattr__(gateway.house.acting.writes, "calls", Accepting())
    gateway.client.delete("gw:inbound:hold")

    def one(number: int) -> tuple[str, str]:
        progress = pipeline.run(gateway.house, seeding.accept(gateway, number))
        assert progress is not None and progress.attempts and progress.attempts[0].provider_sid
        return progress.intent.id, progress.attempts[0].provider_sid

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(one, range(count)))


def _callback(public: str, intent: tuple[str, str], word: str) -> tuple[str, bytes, dict[str, str]]:
    intent_id, sid = intent
    fields = {**MESSAGE_STATUS, "MessageSid": sid, "SmsSid": sid, "MessageStatus": word, "SmsStatus": word}
    for absent in ("ErrorCode", "ErrorMessage"):
        fields.pop(absent, None)
    target = f"/webhooks/messages/status?intent={intent_id}&attempt=1"
    post = form_post(target, list(fields.items()), token=sandbox.SANDBOX_AUTH_TOKEN, base=public)
    return target, post.body, {**post.headers, "Content-Type": FORM}


def _in_process(app: Any, intents: Sequence[tuple[str, str]], public: str) -> dict[str, float]:
    """Microseconds of the calling thread's CPU for one WSGI call; the median of calls taken in turns."""

    def environ(path: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        made = EnvironBuilder(path=path, method="POST", data=body, headers=headers).get_environ()
        made["wsgi.input"] = io.BytesIO(body)
        return made

    taken: dict[str, list[float]] = {"noop": [], "callback": []}
    size = len(intents) // ROUNDS
    for number in range(ROUNDS):
        chosen = intents[number * size : (number + 1) * size]
        callbacks = [_callback(public, intent, word) for word in WORDS for intent in chosen]
        for name, found in taken.items():
            environs = [environ("/noop" if name == "noop" else t, b, h) for t, b, h in callbacks]
            found += [send.cpu_of(app, each) for each in environs]
    return {name: statistics.median(found) for name, found in taken.items()}


def _on_server(intents: Sequence[tuple[str, str]], public: str) -> dict[str, load.Load]:
    """The better of two halves each, in turn; every callback is new to the gateway."""
    found: dict[str, list[load.Load]] = {"noop": [], "callback": []}
    half = len(intents) // 2
    for part in (intents[:half], intents[half:]):
        callbacks = [_callback(public, intent, word) for word in WORDS for intent in part]
        bare = [load.post(send.PORT, "/noop", body, headers) for _, body, headers in callbacks]
        real = [load.post(send.PORT, target, body, headers) for target, body, headers in callbacks]
        for name, requests in (("noop", bare), ("callback", real)):
            found[name].append(load.run(send.PORT, requests, count=len(requests), connections=16))
    return {name: max(loads, key=lambda one: one.per_second) for name, loads in found.items()}


def _table(cpu: dict[str, float], rates: dict[str, load.Load]) -> Table:
    table = Table(title="Signed status callbacks that change state, against a bare Flask no-op", title_justify="left")
    for column in ("", "no-op", "callback", "ratio", "target"):
        table.add_column(column)
    noop, callback = rates["noop"], rates["callback"]
    times = cpu["callback"] / cpu["noop"]
    table.add_row("CPU in process", f"{cpu['noop']:.0f} µs", f"{cpu['callback']:.0f} µs", f"{times:.1f} ×", "")
    rate = callback.per_second / noop.per_second
    name = "per second, gunicorn gthread 2 × 16"
    table.add_row(name, f"{noop.per_second:,.0f}", f"{callback.per_second:,.0f}", f"{rate:.2f}", "≥ 0.40")
    table.add_row("p99", f"{noop.percentile(0.99):.1f} ms", f"{callback.percentile(0.99):.1f} ms", "", "")
    table.add_row("answers", str(noop.statuses), str(callback.statuses), "", "")
    return table


def _check(gateway: Gateway, intent_ids: list[str]) -> None:
    ended = [progress.status.value for progress in gateway.intents.load_many(intent_ids)]
    wrong = len(ended) - ended.count("delivered")
    if wrong:
        raise SystemExit(f"{wrong} of {len(ended)} intents were not moved")


if __name__ == "__main__":
    main()
