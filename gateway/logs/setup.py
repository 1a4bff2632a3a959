"""Puts all loggers on one road: structlog's and the standard library's records become the same JSON lines on stderr.

Ours go straight to the stream: the way through the standard library's handlers costs three times as much for each line.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
from types import TracebackType
from typing import Any, TextIO

import structlog
from pydantic_core import to_json
from structlog.typing import Processor

from gateway.logs.redaction import redact

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
FORMATS = ("json", "console")
CORRELATION_LENGTH = 12
# They bring handlers of their own, or do not propagate: RQ 3.0 and gunicorn do both.
OWN_WAYS = ("rq", "gunicorn", "werkzeug", "twilio", "urllib3", "flask", "gateway", "opentelemetry")
# At DEBUG and INFO these write what they send, and that is what must not be in a log.
TALKATIVE = ("twilio.http_client", "urllib3", "requests", "werkzeug", "rq")

OWN: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
)
"""What every record gets first, whoever wrote it."""


def configure(level: str = "info", form: str = "json", stream: TextIO | None = None) -> None:
    """For the whole process; again is no error. `level` one of LEVELS, `form` one of FORMATS."""
    number = LEVELS[level]
    handler = _Handler(stream or sys.stderr)
    meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    processors = [meta, *_written(form, colors=handler.stream.isatty())]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=OWN, processors=processors))
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
        processors=[*OWN, *_written(form, colors=handler.stream.isatty())],
        logger_factory=_Lines(handler.stream),
        wrapper_class=structlog.make_filtering_bound_logger(number),
        cache_logger_on_first_use=False,
    )
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def correlation(digest: str) -> str:
    """A short name of a recipient for log lines, from the keyed hash of the number: the same each time, no way back."""
    return f"r{digest[:CORRELATION_LENGTH]}"


class _Handler(logging.StreamHandler[TextIO]):
    """The way of the standard library's records."""

    def handleError(self, record: logging.LogRecord) -> None:
        """The record is lost. Its arguments, which would be printed instead, have not been masked."""
        structlog.get_logger(record.name).error("line_lost", where=f"{record.filename}:{record.lineno}")


class _Line(structlog.WriteLogger):
    """Writes a line at a time, whole, among those of other threads. One that cannot be written is lost.

    A full disk or a closed pipe must neither end a thread nor turn an intent that was accepted into an error.
    """

    def __init__(self, name: str, stream: TextIO) -> None:
        super().__init__(stream)
        self.name = name

    def msg(self, message: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # ValueError: closed, or of a narrow encoding
            super().msg(message)

    log = debug = info = warn = warning = msg
    fatal = failure = err = error = critical = exception = msg


class _Lines:
    """The makers of lines, one for each name."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._made: dict[str, _Line] = {}

    def __call__(self, name: str = "gateway") -> _Line:
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = _Line(name, self._stream)
        return found


def _written(form: str, *, colors: bool) -> list[Processor]:
    """From a record's fields to its text. The masks stand last before it."""
    text: Processor = structlog.processors.JSONRenderer(serializer=_json)
    if form == "console":
        text = structlog.dev.ConsoleRenderer(colors=colors)
    return [
        structlog.processors.format_exc_info,  # a text from here on, so that it is masked like any other
        redact,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        text,
    ]


def _json(record: object, **_: object) -> str:
    return to_json(record, fallback=repr).decode()


def _stubborn() -> list[str]:
    return [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in OWN_WAYS]


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What would be printed as it is goes through the masks as well."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logging.getLogger("gateway").critical("uncaught", exc_info=(kind, error, trace))


def _uncaught_in_thread(told: Any) -> None:
    if told.exc_value is not None and told.exc_type is not SystemExit:
        logging.getLogger("gateway").critical("uncaught", exc_info=(told.exc_type, told.exc_value, told.exc_traceback))
