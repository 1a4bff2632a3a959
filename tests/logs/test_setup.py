"""All loggers go one road: JSON lines on stderr, masked, with what is bound to the request."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

SETTING = "import logging, structlog\nfrom gateway import logs\nlogs.configure({level!r}, {form!r})\n"


def _lines(body: str, level: str = "info", form: str = "json") -> list[dict[str, Any]]:
    """In a process of its own, because what is configured is the process."""
    text = _written(body, level, form)
    return [json.loads(line) for line in text.splitlines()]


def _written(body: str, level: str, form: str) -> str:
    program = SETTING.format(level=level, form=form) + body
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert done.stdout == "", "logs are not for stdout"
    return done.stderr


def test_our_records_are_one_json_object_each() -> None:
    [line] = _lines("structlog.get_logger('gateway').info('intent_accepted', intent='01M8', ms=3)")
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "intent_accepted", "intent": "01M8", "ms": 3, "level": "info", "logger": "gateway"}


def test_the_standard_librarys_records_are_the_same() -> None:
    lines = _lines("logging.getLogger('anything.else').warning('lost %s', 'x')")
    assert [(line["event"], line["level"], line["logger"]) for line in lines] == [
        ("lost x", "warning", "anything.else")
    ]


def test_loggers_that_go_their_own_way_are_brought_back() -> None:
    lines = _lines(
        "from rq.logutils import setup_loghandlers\n"
        "import gunicorn.glogging, gunicorn.config\n"
        "setup_loghandlers('INFO'); gunicorn.glogging.Logger(gunicorn.config.Config())\n"
        "logs.configure('info', 'json')\n"
        "for name in ('rq.worker', 'gunicorn.error', 'werkzeug', 'twilio.http_client', 'urllib3.connectionpool'):\n"
        "    logging.getLogger(name).warning('here')\n"
    )
    assert [line["logger"] for line in lines] == [
        "rq.worker", "gunicorn.error", "werkzeug", "twilio.http_client", "urllib3.connectionpool",
    ]  # fmt: skip


def test_what_is_bound_to_the_request_is_in_every_record() -> None:
    lines = _lines(
        "structlog.contextvars.bind_contextvars(request_id='r1')\n"
        "structlog.get_logger('gateway').info('a'); logging.getLogger('b').info('b')"
    )
    assert [line["request_id"] for line in lines] == ["r1", "r1"]


def test_a_traceback_is_masked_like_any_text() -> None:
    text = _written(
        "try:\n    raise ValueError('no route to +14155550100, code=123456')\n"
        "except ValueError:\n"
        "    structlog.get_logger('gateway').exception('defect'); logging.getLogger('x').exception('too')",
        "info",
        "json",
    )
    assert text.count("Traceback") == 2 and text.count("+1415555****") == 2
    assert "14155550100" not in text and "123456" not in text


def test_what_nobody_caught_is_masked_too() -> None:
    text = _written("raise RuntimeError('mail to jane@example.com')", "info", "json")
    assert "uncaught" in text and "RuntimeError" in text and "jane" not in text


def test_an_uncaught_error_of_a_thread_is_masked_too() -> None:
    body = (
        "import threading\n"
        "def fail(): raise RuntimeError('to +14155550100')\n"
        "thread = threading.Thread(target=fail); thread.start(); thread.join()"
    )
    text = _written(body, "info", "json")
    assert "RuntimeError" in text and "14155550100" not in text


def test_the_level_is_kept_and_the_console_is_for_eyes() -> None:
    assert _written("structlog.get_logger('g').info('unheard')", "warning", "json") == ""
    text = _written("structlog.get_logger('g').warning('heard', number='+14155550100')", "warning", "console")
    assert "heard" in text and not text.startswith("{") and "14155550100" not in text
