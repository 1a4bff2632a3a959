"""OpenTelemetry spans from the request over the queue to the provider's call; nothing is imported or made while off.

On when OTEL_EXPORTER_OTLP_ENDPOINT is set and the extra `otel` is installed. Attributes are identifiers and words of
ours: no number, no address, no text. Source: W3C Trace Context for `traceparent`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import structlog

VARIABLE = "OTEL_EXPORTER_OTLP_ENDPOINT"
PARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

_NOTHING: AbstractContextManager[None] = nullcontext()
_tracer: Any = None


def start(service: str, environ: Mapping[str, str] | None = None) -> bool:
    """Begin to export if the environment asks for it. Gives whether it does. After a fork, not before."""
    variables = os.environ if environ is None else environ
    if not variables.get(VARIABLE):
        return False
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        structlog.get_logger("gateway").warning("traces_off", detail=f"{VARIABLE} is set, the extra otel is missing")
        return False
    provider = TracerProvider(resource=Resource.create({"service.name": variables.get("OTEL_SERVICE_NAME", service)}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    use(provider)
    return True


def use(provider: Any) -> None:
    """Make spans with this TracerProvider; None: none any more."""
    global _tracer
    _tracer = None if provider is None else provider.get_tracer("gateway")


def span(name: str, parent: str | None = None, **attributes: str | int) -> AbstractContextManager[None]:
    """A span around what is done inside. `parent`: a `traceparent` from elsewhere; else the span that is open here."""
    return _NOTHING if _tracer is None else _open(name, parent, attributes)


def traceparent() -> str | None:
    """The open span, to be handed on to whoever goes on with the work."""
    if _tracer is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent")


@contextmanager
def _open(name: str, parent: str | None, attributes: Mapping[str, str | int]) -> Iterator[None]:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    context = None
    if parent is not None and PARENT.fullmatch(parent):
        context = TraceContextTextMapPropagator().extract({"traceparent": parent})
    # An exception's text may hold anything: its type is in the log, and the span says only that it failed.
    opened = _tracer.start_as_current_span(
        name, context=context, attributes=dict(attributes), record_exception=False, set_status_on_exception=False
    )
    with opened as current:
        trace_id = format(current.get_span_context().trace_id, "032x")
        with structlog.contextvars.bound_contextvars(trace_id=trace_id):
            try:
                yield
            except BaseException as err:
                current.set_attribute("error.type", type(err).__name__)
                raise
