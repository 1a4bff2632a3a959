"""Who owns the embedded server: processes that share it, end in any way, and leave it behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.adapters import embedded, redis_server
from gateway.adapters.embedded import EmbeddedRedis, EmbeddedRedisError
from gateway.adapters.redis_home import FileLock, RedisHome
from gateway.runner import tied
from tests.adapters.embedding import ON_LINUX, ROOT, connect, eventually, kept, lives, put


def test_a_second_start_shares_the_server_and_does_not_stop_it(data_dir: Path) -> None:
    with EmbeddedRedis.start(data_dir) as owner:
        with EmbeddedRedis.start(data_dir) as second:
            assert (second.url, second.pid) == (owner.url, None)
            put(second, "shared")
        assert kept(owner) == "shared"


def test_another_process_that_shares_it_may_end_in_any_way(
    data_dir: Path, another_process: Callable[..., tuple[subprocess.Popen[str], int | None]]
) -> None:
    with EmbeddedRedis.start(data_dir) as owner:
        put(owner, "still here")
        killed, pid_seen = another_process()
        killed.kill()
        ended, _ = another_process("leave")
        assert (killed.wait(5), ended.wait(5), pid_seen) == (-signal.SIGKILL, 0, None)
        time.sleep(0.2)  # nothing to await: the server must go on as it is
        assert kept(owner) == "still here"


@pytest.mark.parametrize("how", ["killed", "left without a stop"])
def test_the_server_ends_with_its_owner(
    data_dir: Path, another_process: Callable[..., tuple[subprocess.Popen[str], int | None]], how: str
) -> None:
    owner, pid = another_process(*(["leave"] if how != "killed" else []))
    assert pid is not None
    if how == "killed":
        assert lives(pid)
        owner.kill()
    eventually(lambda: not lives(pid))
    with EmbeddedRedis.start(data_dir) as next_owner:
        assert next_owner.pid is not None


@ON_LINUX
def test_a_server_left_behind_is_ended_and_its_data_taken_over(
    data_dir: Path, another_process: Callable[..., tuple[subprocess.Popen[str], int | None]]
) -> None:
    owner, pid = another_process("untied")
    assert pid is not None
    with connect(f"unix://{data_dir}/redis/redis.sock".replace(" ", "%20").replace("?", "%3F")) as client:
        client.set("kept", "by the one left behind")
    owner.kill()
    owner.wait()
    assert lives(pid)
    with EmbeddedRedis.start(data_dir) as server:
        assert server.pid not in (None, pid)
        assert kept(server) == "by the one left behind"
        eventually(lambda: not lives(pid))


def test_a_server_left_behind_that_does_not_end_is_never_joined_by_a_second(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_server, "_STOP_SECONDS", 0.2)
    hung = FileLock.take(RedisHome.prepare(data_dir).server_lock)
    assert hung is not None
    try:
        with pytest.raises(EmbeddedRedisError, match="a server left behind still holds"):
            EmbeddedRedis.start(data_dir)
    finally:
        hung.let_go()


@ON_LINUX
def test_a_fork_of_the_owner_neither_stops_the_server_nor_keeps_it_owned(data_dir: Path) -> None:
    server = EmbeddedRedis.start(data_dir)
    go_on, tell = os.pipe()
    child = os.fork()
    if child == 0:
        server.stop()
        os.close(tell)
        os.read(go_on, 1)  # until the test is over
        os._exit(0 if server.pid is None else 1)
    try:
        os.close(go_on)
        time.sleep(0.2)  # nothing to await: the server must go on as it is
        with connect(server.url) as client:
            assert client.ping()
        server.stop()
        with EmbeddedRedis.start(data_dir) as again:
            assert again.pid is not None
    finally:
        os.close(tell)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_an_owner_whose_server_says_nothing_is_named(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_SHARE_SECONDS", 0.2)
    lock = FileLock.take(RedisHome.prepare(data_dir).owner_lock)
    assert lock is not None
    try:
        with pytest.raises(EmbeddedRedisError, match="Another process owns the Redis server"):
            EmbeddedRedis.start(data_dir)
    finally:
        lock.let_go()


def test_the_watcher_for_systems_without_a_parent_death_signal_ends_the_server(tmp_path: Path) -> None:
    argv = ["sh", "-c", f"echo $$ > {tmp_path}/pid; exec sleep 60"]
    script = (
        "import subprocess, sys, time; from gateway.runner import tied; "
        f"subprocess.Popen(tied._wrapped('watch', 1.0, {argv!r}), process_group=0); time.sleep(60)"
    )
    owner = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT)
    try:
        eventually(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip())
        pid = int((tmp_path / "pid").read_text())
        assert lives(pid)
    finally:
        owner.kill()
        owner.wait()
    eventually(lambda: not lives(pid))
    assert tied.tied_program(argv)[4] == ("exec" if sys.platform == "linux" else "watch")
