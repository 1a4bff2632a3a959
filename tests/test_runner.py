"""The process runner, on real processes."""

from __future__ import annotations

import errno
import io
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.runner import ProcfileError, Runner, run_procfile
from gateway.runner.backoff import Backoff
from gateway.runner.output import prefixed
from gateway.runner.procfile import chosen, read_procfile

ROOT = Path(__file__).parents[1]
RUN = """
import os, sys
from pathlib import Path
from gateway.runner import run_procfile
sys.exit(run_procfile(Path(sys.argv[1]), env=os.environ, grace_seconds=float(sys.argv[2])))
"""


def eventually(true: Callable[[], object], within_seconds: float = 20.0) -> None:
    deadline = time.monotonic() + within_seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    """A zombie that nobody has buried yet is not alive."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(found.strip()) and not found.strip().startswith("Z")


class Heard:
    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def __call__(self, name: str, line: str) -> None:
        self.lines.append((name, line))

    def of(self, name: str) -> list[str]:
        return [line for said_by, line in self.lines if said_by == name]


def shell(script: str) -> tuple[str, str, str]:
    return ("sh", "-c", script)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Run a Procfile in a process of its own; ended after the test by its pid."""
    started: list[subprocess.Popen[str]] = []

    def run(procfile: str, grace_seconds: float = 5.0) -> subprocess.Popen[str]:
        path = tmp_path / "Procfile"
        path.write_text(procfile)
        argv = [sys.executable, "-c", RUN, str(path), str(grace_seconds)]
        before = signal.signal(signal.SIGINT, signal.default_int_handler)  # where tests run in the background it is
        try:  # ignored, and what is ignored is inherited
            process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        finally:
            signal.signal(signal.SIGINT, before)
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def line_with(process: subprocess.Popen[str], pattern: str) -> re.Match[str]:
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(pattern, line):
            return found
    raise AssertionError(f"ended without a line like {pattern}")


def test_lines_are_passed_on_with_their_name() -> None:
    heard = Heard()
    with Runner({"one": shell("echo out; echo err >&2; sleep 60"), "two": shell("echo zwei; sleep 60")}, on_line=heard):
        eventually(lambda: len(heard.of("one")) == 2 and heard.of("two"))
    assert heard.of("one") == ["out", "err"]
    assert heard.of("two") == ["zwei"]


def test_the_environment_given_is_the_environment_of_the_processes() -> None:
    heard = Heard()
    env = {"PATH": os.environ["PATH"], "WHO": "me"}
    with Runner({"one": shell('echo "$WHO ${HOME-nowhere}"; sleep 60')}, env=env, on_line=heard):
        eventually(lambda: heard.of("one"))
    assert heard.of("one") == ["me nowhere"]


def test_the_installations_own_commands_are_found_without_an_activated_virtualenv() -> None:
    heard = Heard()
    with Runner({"one": shell("command -v gunicorn; sleep 60")}, env={"PATH": "/usr/bin:/bin"}, on_line=heard):
        eventually(lambda: heard.of("one"))
    assert heard.of("one") == [str(Path(sys.executable).parent / "gunicorn")]


def test_a_process_that_ends_is_started_again(tmp_path: Path) -> None:
    heard = Heard()
    script = f"echo here; if [ ! -e {tmp_path}/once ]; then touch {tmp_path}/once; exit 3; fi; sleep 60"
    with Runner({"one": shell(script), "other": shell("echo up; sleep 60")}, on_line=heard) as runner:
        eventually(lambda: len(heard.of("one")) == 2 and heard.of("other"))
        assert runner.restarts == {"one": 1, "other": 0}
    assert "one ended with status 3; starting again in 1 s" in heard.of("runner")
    assert heard.of("other") == ["up"], "the others are left alone"


def test_a_killed_process_is_started_again_and_what_it_left_behind_is_ended() -> None:
    heard = Heard()
    child = 'trap "echo told >&2; exit" TERM; echo "$$ $PPID"; while :; do sleep 0.05; done'
    with Runner({"one": shell(f"sh -c {shlex.quote(child)} & wait")}, on_line=heard) as runner:
        eventually(lambda: heard.of("one"))
        left_behind, shell_pid = map(int, heard.of("one")[0].split())
        os.kill(shell_pid, signal.SIGKILL)
        eventually(lambda: runner.restarts["one"])
        assert not lives(left_behind)
        assert "told" in heard.of("one")
        assert runner.restarts == {"one": 1}
    assert any("one ended by SIGKILL" in line for line in heard.of("runner"))


def test_a_command_that_does_not_exist_is_named() -> None:
    heard = Heard()
    with Runner({"one": ["no-such-command-here"]}, on_line=heard):
        eventually(lambda: heard.of("one"))
    assert set(heard.of("one")) == {"no-such-command-here: No such file or directory"}


@pytest.mark.parametrize(
    ("lives_of", "waits"),
    [
        pytest.param([0, 0, 0, 0, 0, 0, 0], [1, 2, 4, 8, 8, 8, 8], id="doubles_to_the_longest"),
        pytest.param([0, 0, 29, 30, 0], [1, 2, 4, 1, 2], id="begins_anew_after_a_healthy_life"),
    ],
)
def test_the_wait_before_a_restart(lives_of: list[float], waits: list[float]) -> None:
    backoff = Backoff()
    assert [backoff.after(lived) for lived in lives_of] == waits


def test_stopping_reaches_grandchildren_and_lets_them_finish() -> None:
    heard = Heard()
    grandchild = 'trap "sleep 0.3; echo finished; exit" TERM; echo ready; while :; do sleep 0.05; done'
    runner = Runner({"one": shell(f"sh -c {shlex.quote(grandchild)} & wait")}, on_line=heard, grace_seconds=5.0)
    runner.start()
    eventually(lambda: heard.of("one") == ["ready"])
    group = runner.pids["one"]
    runner.stop()
    assert [line for line in heard.of("one") if line != "Terminated"] == ["ready", "finished"]
    assert not lives(group)
    assert runner.pids == {}


def test_what_does_not_stop_in_the_grace_time_is_killed() -> None:
    heard = Heard()
    runner = Runner(
        {"deaf": shell('trap "" TERM; echo $$; while :; do sleep 0.05; done')}, on_line=heard, grace_seconds=0.5
    )
    runner.start()
    eventually(lambda: heard.of("deaf"))
    began = time.monotonic()
    runner.stop()
    assert 0.4 < time.monotonic() - began < 20
    assert not lives(int(heard.of("deaf")[0]))
    assert "deaf did not stop in 0.5 s: killed" in heard.of("runner")


def test_the_runner_takes_over_no_signal_and_stops_twice_without_harm() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)]
    with Runner({"one": shell("sleep 60")}, on_line=Heard()) as runner:
        during = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)]
        runner.stop()
    assert during == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_a_procfile_with_status_0(running: Callable[..., subprocess.Popen[str]], number: int) -> None:
    process = running("# a comment\n\none: echo $$; exec sleep 60\ntwo: sleep 60 & echo $!; wait\n")
    pids = [int(line_with(process, r"^(?:one|two)    \| (\d+)$")[1]) for _ in range(2)]
    process.send_signal(number)
    assert process.wait(10) == 0
    assert not any(map(lives, pids))


def test_a_signal_that_comes_while_it_stands_still_is_heard(running: Callable[..., subprocess.Popen[str]]) -> None:
    process = running("one: echo $$; exec sleep 60\n")
    pid = int(line_with(process, r"^one    \| (\d+)$")[1])
    for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGCONT):
        process.send_signal(number)
        time.sleep(0.05)
    assert process.wait(10) == 0
    assert not lives(pid)


def test_a_runner_under_nohup_goes_on_when_the_terminal_closes(
    running: Callable[..., subprocess.Popen[str]],
) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # inherited over exec, as from nohup
    try:
        process = running("one: while :; do echo tick; sleep 0.1; done")
    finally:
        signal.signal(signal.SIGHUP, before)
    line_with(process, "tick")
    process.send_signal(signal.SIGHUP)
    for _ in range(3):
        line_with(process, "tick")
    assert process.poll() is None
    process.terminate()
    assert process.wait(10) == 0


def test_a_second_signal_does_not_wait_for_the_grace_time(running: Callable[..., subprocess.Popen[str]]) -> None:
    process = running("""deaf: trap "echo told" TERM; echo $$; while :; do sleep 0.05; done""", grace_seconds=60.0)
    pid = int(line_with(process, r"^deaf   \| (\d+)$")[1])
    process.terminate()
    line_with(process, "told")  # so the first has been heard before the second one comes
    process.terminate()
    assert process.wait(30) == 0
    assert not lives(pid)


def test_nothing_outlives_a_killed_runner(running: Callable[..., subprocess.Popen[str]]) -> None:
    process = running('one: sh -c "echo \\$\\$; sleep 60; true" & echo $$; wait; true\n')
    pids = [int(line_with(process, r"^one    \| (\d+)$")[1]) for _ in range(2)]
    assert all(map(lives, pids))
    process.kill()
    eventually(lambda: not any(map(lives, pids)))


def test_the_deaf_are_killed_after_the_grace_time_when_the_runner_was(
    running: Callable[..., subprocess.Popen[str]],
) -> None:
    process = running("""deaf: trap "" TERM; echo $$; while :; do sleep 0.05; done""", grace_seconds=0.5)
    pid = int(line_with(process, r"^deaf   \| (\d+)$")[1])
    process.kill()
    eventually(lambda: not lives(pid))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("web: a\nnonsense\n", "line 2: expected `name: command`, found 'nonsense'", id="no_command"),
        pytest.param("web:\n", "line 1", id="empty_command"),
        pytest.param("web: a\nweb: b\n", "line 2: the name 'web' is there twice", id="name_twice"),
    ],
)
def test_a_procfile_that_cannot_be_read_names_the_line(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "Procfile"
    path.write_text(text)
    with pytest.raises(ProcfileError, match=re.escape(complaint)):
        run_procfile(path, env={})


def test_a_missing_procfile_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProcfileError, match="No such file"):
        run_procfile(tmp_path / "Procfile", env={})


def test_only_the_named_processes_run() -> None:
    commands = {"web": "a", "worker": "b", "clock": "c"}
    assert chosen(commands, ["clock", "web"]) == {"web": "a", "clock": "c"}
    with pytest.raises(ProcfileError, match="no process named wokrer; there are web, worker, clock"):
        run_procfile(commands, env={}, only=["wokrer"])


def test_colour_is_for_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal, pipe, plain = Terminal(), io.StringIO(), Terminal()
    prefixed(["web"], terminal)("web", "hello")
    prefixed(["web"], pipe)("web", "hello")
    monkeypatch.setenv("NO_COLOR", "1")
    prefixed(["web"], plain)("web", "hello")
    assert terminal.getvalue() == "\x1b[36mweb    |\x1b[0m hello\n"
    assert pipe.getvalue() == plain.getvalue() == "web    | hello\n"


def test_the_projects_procfile_is_one_that_gunicorn_accepts(tmp_path: Path) -> None:
    commands = read_procfile(ROOT / "Procfile")
    assert list(commands) == ["web", "worker"]
    assert commands["worker"] == "gateway worker"
    (tmp_path / "app.py").write_text("def create_app():\n    return lambda environ, start_response: []\n")
    web = commands["web"].replace("gateway.app:", "app:") + " --print-config"
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "WEB_THREADS": "7"}
    printed = subprocess.run(["sh", "-c", web], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert printed.returncode == 0, printed.stderr
    settings = dict(re.findall(r"^(\w+) += (.*)$", printed.stdout, re.MULTILINE))
    assert (settings["workers"], settings["threads"], settings["bind"]) == ("2", "7", "['0.0.0.0:8000']")


def test_a_process_that_cannot_be_started_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[None] = []

    class NoMemoryOnce(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **options: Any) -> None:
            tries.append(None)
            if len(tries) == 1:
                raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
            super().__init__(*args, **options)

    monkeypatch.setattr("gateway.runner.kept.subprocess.Popen", NoMemoryOnce)
    heard = Heard()
    with Runner({"one": shell("echo here; sleep 60")}, on_line=heard):
        eventually(lambda: heard.of("one"))
    assert heard.of("runner")[0] == "one could not be started (Cannot allocate memory); starting again in 1 s"


def test_a_process_that_no_thread_can_read_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    start, refused = threading.Thread.start, list[threading.Thread]()

    def no_reader_once(thread: threading.Thread) -> None:
        if not refused and "_pass_on" in repr(vars(thread)["_target"]):
            refused.append(thread)
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", no_reader_once)
    heard = Heard()
    with Runner({"one": shell("echo here; sleep 60")}, on_line=heard):
        eventually(lambda: heard.of("one"))
    assert "one could not be read (can't start new thread); starting again in 1 s" in heard.of("runner")


class Disk(io.StringIO):
    """A stream that takes nothing while it is full."""

    def __init__(self) -> None:
        super().__init__()
        self.full, self.refused = False, 0

    def write(self, text: str) -> int:
        if self.full:
            self.refused += 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(text)


def test_lines_that_cannot_be_written_are_lost_and_the_later_ones_are_not() -> None:
    disk = Disk()
    ticking = shell("n=0; while :; do n=$((n+1)); echo tick $n || exit 3; sleep 0.05; done")
    with Runner({"one": ticking}, on_line=prefixed(["one"], disk)) as runner:
        eventually(lambda: "tick" in disk.getvalue())
        disk.full = True
        eventually(lambda: disk.refused >= 2)
        before = disk.getvalue()
        disk.full = False
        eventually(lambda: disk.getvalue().count("tick") > before.count("tick") + 2)
        assert runner.restarts == {"one": 0}, "it was not told that nobody reads"


def test_a_process_that_ends_while_no_line_can_be_written_is_started_again(tmp_path: Path) -> None:
    disk = Disk()
    disk.full = True
    script = f"if [ ! -e {tmp_path}/once ]; then touch {tmp_path}/once; exit 3; fi; touch {tmp_path}/again; sleep 60"
    with Runner({"one": shell(script)}, on_line=prefixed(["one"], disk)):
        eventually(lambda: (tmp_path / "again").exists())


def test_what_an_encoding_does_not_know_is_written_all_the_same() -> None:
    written = io.BytesIO()
    narrow = io.TextIOWrapper(written, encoding="iso-8859-1")
    script = r"printf '\342\206\222 \303\251\n'; echo next; sleep 60"
    with Runner({"one": shell(script)}, on_line=prefixed(["one"], narrow)):
        eventually(lambda: b"next" in written.getvalue())
    assert b"| \\u2192 \xe9\n" in written.getvalue()
