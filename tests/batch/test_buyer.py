"""The process that buys: what it tells, what it keeps, and how it ends."""

from __future__ import annotations

import io
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway import sandbox
from gateway.adapters.store.batches import LIFE, Batches
from gateway.adapters.store.codec import Sealer, to_ms
from gateway.adapters.store.connection import Client
from gateway.adapters.store.slots import Block
from gateway.adapters.twilio.connections import before_request
from gateway.adapters.twilio.wire import Wire
from gateway.batch.buyer import Buyer, Question
from gateway.batch.keeping import Records
from gateway.batch.pace import Pace
from gateway.batch.tally import Tally
from gateway.errors import LookupUnavailable, StoreUnavailable
from gateway.model import Lookup, LookupSource
from gateway.wiring import Gateway
from gateway.wiring.buying import BuyerLost, Order, Till, buy_chunk
from tests.batch.lists import numbers, paid, read_csv, write_csv

TYPE = "line_type_intelligence"
ORDER = Order("b", (TYPE,), "batch", 50.0, 8)


@dataclass
class Kept:
    answers: dict[int, Any] = field(default_factory=dict)

    def keep(self, row: int, answer: Any) -> None:
        self.answers[row] = answer

    def close(self) -> None: ...


@dataclass
class Said:
    """Lookups that say one thing after the other."""

    said: list[Lookup | Exception]
    cache: None = None

    def lookup(self, number: str, fields: Sequence[str], **more: Any) -> Lookup:
        found = self.said.pop(0)
        if isinstance(found, Exception):
            raise found
        return replace(found, number=number)


def told(*said: Lookup | Exception, since_ms: int | None = None) -> Any:
    """What becomes of one question."""
    kept = Kept()
    pace = Pace(lambda wanted: Block(0.0, 0.0, wanted), 100.0, monotonic=lambda: 0.0, sleep=lambda seconds: None)
    buyer: Any = Buyer(Said(list(said)), pace, ORDER, kept)  # type: ignore[arg-type]
    buyer._over.wait = lambda seconds: None
    buyer._answer(Question(1, "+14155550100", since_ms))
    return kept.answers.get(1)


@pytest.mark.parametrize(
    ("source", "minutes", "again", "told_as"),
    [
        (LookupSource.CACHE, 1, True, "live"),
        (LookupSource.SHARED, 1, True, "live"),
        (LookupSource.CACHE, -1, True, "cache"),
        (LookupSource.CACHE, 1, False, "cache"),
    ],
)
def test_what_a_killed_buyer_paid_for_this_batch_is_told_as_bought(
    gateway: Gateway, source: LookupSource, minutes: int, again: bool, told_as: str
) -> None:
    now = gateway.clock.now()
    found = Lookup("", source, now + timedelta(minutes=minutes), valid=True)
    assert told(found, since_ms=to_ms(now) if again else None)["lookup"]["source"] == told_as


def test_what_passes_is_waited_for_and_what_stays_is_told() -> None:
    live = Lookup("", LookupSource.LIVE, None, valid=True)
    assert told(LookupUnavailable("throttled"), LookupUnavailable("breaker_open"), live)["lookup"]["valid"] is True
    assert told(LookupUnavailable("http_500"), live) == {"error": "http_500"}
    assert told(*[LookupUnavailable("throttled")] * 6, live) == {"error": "throttled"}
    assert told(StoreUnavailable("away")) == {"error": "store_unavailable"}
    assert told(RuntimeError("a bug, which may name +14155550100")) == {"error": "internal"}
    assert told(*[LookupUnavailable("refused_not_yet")] * 20, live)["lookup"]["valid"] is True


def test_a_slow_rate_waits_outside_of_its_calls_and_books_each_once(
    enrich: Callable[..., Tally], gateway: Gateway, twilio: sandbox.RunningSandbox, tmp_path: Path
) -> None:
    enrich(write_csv(tmp_path / "in.csv", [["phone"], *([number] for number in numbers(4))]), rate=1.5)
    assert [row["source"] for row in read_csv(tmp_path / "out.csv")] == ["live"] * 4
    assert sum(paid(twilio.url).values()) == 4
    assert gateway.ledger.totals(days=2)["paid"][0] == 4, "it may be about midnight"


def batches_of(gateway: Gateway) -> Batches:
    return Batches(gateway.client, Sealer(gateway.secrets.data))


# ---- as a process


@pytest.fixture
def till(gateway: Gateway, client: Client) -> Iterator[Till]:
    batches_of(gateway).open("b", ORDER.document())
    found = Till(ORDER)
    yield found
    found.close()


def test_a_till_answers_once_what_was_asked_twice_and_its_answers_are_in_the_store(
    till: Till, gateway: Gateway, twilio: sandbox.RunningSandbox
) -> None:
    till._buyer.send_signal(signal.SIGSTOP)
    asked = [till.ask(row, "+14155550100") for row in (1, 1)]
    till._buyer.send_signal(signal.SIGCONT)
    assert asked[0] is asked[1]
    assert asked[0].result(30)["lookup"]["source"] == "live"
    till.close()
    assert batches_of(gateway).answers("b", [1])[1] == {
        name: value for name, value in asked[0].result().items() if name != "row"
    }
    assert paid(twilio.url) == {"+14155550100": 1}


def test_whoever_waits_for_a_till_that_is_killed_learns_it(till: Till, gateway: Gateway) -> None:
    till._buyer.send_signal(signal.SIGSTOP)
    waiting = till.ask(1, "+14155550100")
    till._buyer.kill()
    with pytest.raises(BuyerLost):
        waiting.result(10)
    assert not till.alive
    with pytest.raises(BuyerLost):
        till.ask(2, "+14155550101")


def test_what_is_under_way_when_a_till_is_closed_comes_home_and_what_waited_is_dropped(
    till: Till, gateway: Gateway, twilio: sandbox.RunningSandbox
) -> None:
    asked = [till.ask(row, number) for row, number in enumerate(numbers(400))]
    asked[0].result(30)
    till.close()
    finished = [one for one in asked if one.exception(0) is None]
    assert 0 < len(finished) < 400
    assert sum(paid(twilio.url).values()) == sum(1 for one in finished if one.result()["lookup"]["source"] == "live")


def test_a_chunk_that_somebody_is_at_is_left_alone_and_one_that_is_gone_too(gateway: Gateway, client: Client) -> None:
    batches = batches_of(gateway)
    buy_chunk(gateway, "b_1")
    batches.open("b", ORDER.document())
    assert batches.take("b", 1, "another")
    buy_chunk(gateway, "b_1")
    assert client.llen("gw:batch:b:done") == 0
    assert client.exists("gw:batch:b:at:1") == 1


def test_who_stood_still_past_the_end_of_a_batch_leaves_nothing_of_it(gateway: Gateway, client: Client) -> None:
    batches = batches_of(gateway)
    batches.open("b", ORDER.document())
    assert batches.take("b", 1, "one of two that were rung for")
    assert batches.begun("b", 1, gateway.clock.now()) is None
    batches.close("b")
    assert batches.begun("b", 1, gateway.clock.now()) is None
    batches.answer("b", {1: {"error": "http_500"}})
    batches.put_down("b", 1)
    assert client.keys("gw:batch:b:*") == []


def test_what_a_worker_says_of_a_batch_ends_with_it_or_by_itself(gateway: Gateway, client: Client) -> None:
    batches = batches_of(gateway)
    batches.open("b", ORDER.document())
    batches.begun("b", 1, gateway.clock.now())
    batches.answer("b", {1: {"error": "http_500"}, 2: {"error": "http_500"}})
    batches.put_down("b", 1)
    assert sorted(batches.answers("b", [1, 2])) == [1, 2]
    assert batches.done("b", 1.0) == [1]
    batches.put_down("b", 1)
    assert all(0 < client.ttl(f"gw:batch:b:{part}") <= LIFE.total_seconds() for part in ("begun", "answers", "done"))


def test_answers_wait_for_a_store_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.batch.keeping.TRY_AGAIN_SECONDS", 0.01)
    stored: dict[int, Any] = {}
    failures = [StoreUnavailable("away"), StoreUnavailable("away")]

    class Away:
        def answer(self, batch: str, answers: dict[int, Any]) -> None:
            if failures:
                raise failures.pop()
            stored.update(answers)

    out = io.StringIO()
    records = Records(Away(), "b", out)  # type: ignore[arg-type]
    records.keep(1, {"error": "http_500"})
    records.keep(2, {"error": "store_unavailable"})
    records.close()
    assert stored == {1: {"error": "http_500"}}, "that the store was away is no answer"
    assert out.getvalue().count("\n") == 2


# ---- right before the write


def test_a_turn_is_waited_for_on_an_open_connection_with_nothing_written_yet() -> None:
    came, received = threading.Event(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            caller, _ = server.accept()
            came.set()
            with caller:
                caller.recv(65536)
                received.set()
                caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

        threading.Thread(target=serve, daemon=True).start()

        def turn() -> None:
            assert came.wait(5)
            time.sleep(0.05)
            assert not received.is_set()
            turns.append(1)

        turns: list[int] = []
        token = before_request.set(turn)
        try:
            wire = Wire(base_url=f"http://127.0.0.1:{server.getsockname()[1]}")
            assert wire.exchange("GET", "https://lookups.twilio.com/x", {}).text == "{}"
            wire.close()
        finally:
            before_request.reset(token)
    assert turns == [1]
