"""Puts all loggers on one road: structlog's and the standard library's records become the same JSON lines on stderr."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.typing import Processor

from gateway.logs.redaction import redact

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
FORMATS = ("json", "console")
CORRELATION_LENGTH = 12
# They bring handlers of their own, or do not propagate: RQ 3.0 and gunicorn do both.
OWN_WAYS = ("rq", "gunicorn", "werkzeug", "twilio", "urllib3", "flask", "gateway", "opentelemetry")
# At DEBUG and INFO these write what they send, and that is what must not be in a log.
TALKATIVE = ("twilio.http_client", "urllib3", "requests", "werkzeug", "rq")


def configure(level: str = "info", form: str = "json", stream: TextIO | None = None) -> None:
    """For the whole process; again is no error. `level` one of LEVELS, `form` one of FORMATS."""
    number = LEVELS[level]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_formatter(form, colors=(stream or sys.stderr).isatty()))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    for name in _stubborn():
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(number),
        cache_logger_on_first_use=False,
    )
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def correlation(digest: str) -> str:
    """A short name of a recipient for log lines, from the keyed hash of the number: the same each time, no way back."""
    return f"r{digest[:CORRELATION_LENGTH]}"


def _formatter(form: str, *, colors: bool) -> structlog.stdlib.ProcessorFormatter:
    own: Sequence[Processor] = (
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
    )
    written: Processor = structlog.processors.JSONRenderer()
    if form == "console":
        written = structlog.dev.ConsoleRenderer(colors=colors)
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=own,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,  # a text from here on, so that it is masked like any other
            redact,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            written,
        ],
    )


def _stubborn() -> list[str]:
    return [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in OWN_WAYS]


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What would be printed as it is goes through the masks as well."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logging.getLogger("gateway").critical("uncaught", exc_info=(kind, error, trace))


def _uncaught_in_thread(told: Any) -> None:
    if told.exc_value is not None:
        logging.getLogger("gateway").critical("uncaught", exc_info=(told.exc_type, told.exc_value, told.exc_traceback))
