"""A line that cannot be written is lost, and nothing else is."""

from __future__ import annotations

import subprocess
import sys

import pytest

SETTING = """
import io, json, logging, structlog
from gateway import logs

class Stream(io.StringIO):
    fault = None

    def write(self, text):
        if self.fault is not None:
            raise self.fault
        return super().write(text)

stream = Stream()
logs.configure("info", "json", stream)
ours, theirs = structlog.get_logger("gateway"), logging.getLogger("theirs")
"""


def printed(body: str) -> tuple[str, str]:
    """stdout and stderr of a process of its own, because what is configured is the process."""
    done = subprocess.run([sys.executable, "-c", SETTING + body], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param("OSError(28, 'No space left on device')", id="a_full_disk"),
        pytest.param("BrokenPipeError(32, 'Broken pipe')", id="nobody_reads"),
        pytest.param("ValueError('I/O operation on closed file')", id="closed"),
        pytest.param("UnicodeEncodeError('ascii', 'x', 0, 1, 'not in range')", id="a_narrow_encoding"),
    ],
)
def test_a_stream_that_fails_for_a_while_fails_nobody_who_logs(fault: str) -> None:
    told, _ = printed(
        f"stream.fault = {fault}\n"
        "for level in ('info', 'warning', 'error', 'critical'):\n"
        "    getattr(ours, level)('lost'); getattr(theirs, level)('lost')\n"
        "stream.fault = None\n"
        "ours.error('ours again'); theirs.error('theirs again')\n"
        "print([json.loads(line)['event'] for line in stream.getvalue().splitlines()])\n"
    )
    assert told == "['ours again', 'theirs again']\n"


def test_a_record_that_cannot_be_made_is_named_and_shows_nothing() -> None:
    written, beside = printed("theirs.warning('sent to %d', '+14155550100'); print(stream.getvalue())")
    assert "line_lost" in written and '"logger":"theirs"' in written
    assert "4155550100" not in written + beside
