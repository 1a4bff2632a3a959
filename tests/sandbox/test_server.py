"""Running: the module as a program, in a thread, and how both end."""

import signal
import subprocess
import sys
import time

import pytest
import requests

from gateway.sandbox import SandboxOptions, start_in_thread


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_program_serves_until_a_signal_and_ends_quickly(how: signal.Signals) -> None:
    command = [sys.executable, "-m", "gateway.sandbox", "--port", "0", "--seed", "7"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        url = program.stdout.readline().split()[-1]
        assert requests.get(f"{url}_sandbox/health", timeout=5).json()["status"] == "ok"
        started = time.perf_counter()
        program.send_signal(how)
        assert program.wait(20) == 0
        assert time.perf_counter() - started < 10


def test_a_taken_port_is_said_at_once() -> None:
    with start_in_thread(SandboxOptions(port=0)) as running, pytest.raises(OSError, match="address already in use"):
        start_in_thread(SandboxOptions(port=running.port))


def test_a_stopped_sandbox_answers_no_more_and_may_be_stopped_again() -> None:
    running = start_in_thread(SandboxOptions(port=0))
    assert running.url.endswith(str(running.port))
    running.stop()
    running.stop()
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(running.url, timeout=1)
