"""One trace from the request over the queue to Twilio's call, and nothing personal in it; nothing at all while off."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests
import structlog
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gateway import tracing
from tests.stack import KEY, Stack, running, until

NUMBER, BODY = "+14155550100", "Your parcel waits in locker Q"
CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracing.use(provider)
    yield kept
    tracing.use(None)


@pytest.fixture
def stack(exporter: InMemorySpanExporter, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running(redis_url, tmp_path_factory.mktemp("traces")) as found:
        yield found


def _send(stack: Stack, **headers: str) -> str:
    sent = {"Authorization": f"Bearer {KEY}"} | headers
    answer = requests.post(f"{stack.url}/send", json={"to": NUMBER, "body": BODY}, headers=sent, timeout=20)
    intent_id: str = answer.json()["id"]
    stack.until(intent_id, "delivered")
    return intent_id


def _spans(exporter: InMemorySpanExporter, *wanted: str) -> dict[str, ReadableSpan]:
    def by_name() -> dict[str, ReadableSpan]:
        return {span.name: span for span in exporter.get_finished_spans()}

    return until(by_name, lambda found: set(wanted) <= set(found), 10)


def test_accept_and_dispatch_are_one_trace(stack: Stack, exporter: InMemorySpanExporter) -> None:
    _send(stack)
    spans = _spans(exporter, "POST /send", "accept", "twilio lookup", "run", "twilio message")
    story = [spans[name] for name in ("POST /send", "accept", "twilio lookup", "run", "twilio message")]
    assert len({span.context.trace_id for span in story}) == 1
    assert spans["twilio message"].parent.span_id == spans["run"].context.span_id
    assert spans["run"].parent.span_id == spans["accept"].context.span_id


def test_a_callers_trace_goes_on(stack: Stack, exporter: InMemorySpanExporter) -> None:
    _send(stack, traceparent=CALLER)
    spans = _spans(exporter, "POST /send", "twilio message")
    assert {format(spans[name].context.trace_id, "032x") for name in ("POST /send", "twilio message")} == {CALLER[3:35]}


def test_no_span_holds_anything_personal(stack: Stack, exporter: InMemorySpanExporter) -> None:
    intent_id = _send(stack)
    stack.post("/send", {"to": NUMBER, "body": BODY, "unknown": NUMBER})
    _spans(exporter, "twilio message")
    text = "".join(span.to_json() for span in exporter.get_finished_spans())
    assert intent_id in text
    assert all(word not in text for word in (NUMBER[1:], NUMBER[2:], BODY, KEY))


def test_an_error_leaves_its_type_and_not_its_text(exporter: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="no"), tracing.span("failing"):
        raise ValueError(f"no {NUMBER}")
    [span] = exporter.get_finished_spans()
    assert span.attributes == {"error.type": "ValueError"} and NUMBER not in span.to_json()


def test_a_span_is_named_in_the_log(exporter: InMemorySpanExporter) -> None:
    with tracing.span("outer"):
        bound = structlog.contextvars.get_contextvars()["trace_id"]
        assert tracing.traceparent() is not None and bound in str(tracing.traceparent())
    assert "trace_id" not in structlog.contextvars.get_contextvars()


@pytest.mark.parametrize("parent", ["", "nonsense", "00-short-1-01", CALLER + "-more"])
def test_a_parent_that_is_none_begins_a_new_trace(exporter: InMemorySpanExporter, parent: str) -> None:
    with tracing.span("first", parent):
        pass
    [span] = exporter.get_finished_spans()
    assert span.parent is None


def test_while_off_no_exporter_is_imported_and_nothing_is_kept() -> None:
    """redis-py itself imports the API where it is installed."""
    program = (
        "import sys\nfrom gateway import app, tracing, worker\n"
        "assert tracing.start('x', {}) is False and tracing.traceparent() is None\n"
        "with tracing.span('a', b=1): pass\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry.exporter')]"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_it_starts_by_the_usual_variable() -> None:
    program = (
        "from gateway import tracing\n"
        "assert tracing.start('x', {'OTEL_EXPORTER_OTLP_ENDPOINT': 'http://127.0.0.1:9'})\n"
        "with tracing.span('a'): assert tracing.traceparent()\n"
        "import os; os._exit(0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
