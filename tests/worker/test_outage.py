"""A thread of the worker lives through whatever comes, also where it cannot say so."""

from __future__ import annotations

import errno
import io
import os
import threading

import pytest
import structlog

from gateway.errors import StoreUnavailable
from gateway.logs import setup
from gateway.worker import outage
from gateway.worker.outage import kept_up


class FullDisk(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("fault", [StoreUnavailable("away"), RuntimeError("a bug")])
def test_a_log_that_cannot_be_written_ends_no_thread(monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    line = setup._Lines(FullDisk())("gateway.worker")
    monkeypatch.setattr(outage, "log", structlog.wrap_logger(line, processors=[structlog.processors.JSONRenderer()]))
    monkeypatch.setattr(outage, "LONGEST_PAUSE_SECONDS", 0.1)
    stopping, calls = threading.Event(), list[int]()

    def work() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise fault
        if len(calls) == 3:  # after it has said that all is well again
            stopping.set()

    kept_up(work, stopping, "feed-normal")
    assert len(calls) == 3
