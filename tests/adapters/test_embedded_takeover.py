"""The owner of the embedded server ends, and one of those that share it takes over where it was."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.adapters import embedded
from gateway.adapters.embedded import EmbeddedRedis
from tests.adapters.embedding import answers, connect, eventually, kept, put

AnotherProcess = Callable[..., tuple[subprocess.Popen[str], int | None]]
PATIENCE_SECONDS = 40.0


def comes_about(true: Callable[[], object]) -> None:
    eventually(true, PATIENCE_SECONDS)


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()


def test_a_client_finds_the_server_again_when_its_owner_was_killed(
    data_dir: Path, another_process: AnotherProcess
) -> None:
    owner, pid = another_process()
    with EmbeddedRedis.start(data_dir, takes_over=True) as sharer, connect(sharer.url) as client:
        assert (pid is None, sharer.pid) == (False, None)
        put(sharer, "over its owner's end")
        end(owner)
        comes_about(lambda: sharer.pid is not None and answers(client))
        assert kept(sharer) == "over its owner's end"
    with EmbeddedRedis.start(data_dir) as next_owner:
        assert next_owner.pid is not None, "it stopped what it had taken over"


def test_a_client_finds_the_server_again_when_its_owner_has_stopped_it(data_dir: Path) -> None:
    owner = EmbeddedRedis.start(data_dir)
    with EmbeddedRedis.start(data_dir, takes_over=True) as sharer, connect(sharer.url) as client:
        put(owner, "over its owner's end")
        owner.stop()
        comes_about(lambda: answers(client))
        assert kept(sharer) == "over its owner's end"


def test_a_socket_in_a_private_directory_stays_there(data_dir: Path) -> None:
    deep = data_dir / ("d" * 60) / ("e" * 60)
    owner = EmbeddedRedis.start(deep)
    with EmbeddedRedis.start(deep, takes_over=True) as sharer, connect(sharer.url) as client:
        assert owner._owned is not None
        owner._owned.keeper.stop()  # as when it is killed: nothing is tidied up
        owner._owned.lock.let_go()
        comes_about(lambda: answers(client))
        with EmbeddedRedis.start(deep) as another:
            assert another.url == sharer.url


def test_of_two_sharers_one_takes_over_and_then_the_other(data_dir: Path, another_process: AnotherProcess) -> None:
    owner, _ = another_process()
    with (
        EmbeddedRedis.start(data_dir, takes_over=True) as one,
        EmbeddedRedis.start(data_dir, takes_over=True) as other,
        connect(one.url) as client,
    ):
        end(owner)
        comes_about(lambda: (one.pid or other.pid) and answers(client))
        assert (one.pid is None) != (other.pid is None)
        first, second = (one, other) if one.pid is not None else (other, one)
        first.stop()
        comes_about(lambda: second.pid is not None and answers(client))
        assert first.pid is None


def test_who_has_stopped_sharing_takes_nothing_over(data_dir: Path) -> None:
    owner = EmbeddedRedis.start(data_dir)
    stopped = EmbeddedRedis.start(data_dir, takes_over=True)
    stopped.stop()
    owner.stop()
    assert not stopped._next.is_alive() and stopped.pid is None
    with EmbeddedRedis.start(data_dir) as next_owner:
        assert next_owner.pid is not None


def test_a_takeover_that_fails_is_tried_again(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find, refused = embedded.find_server, list[None]()

    def not_at_first() -> object:
        if not refused:
            refused.append(None)
            raise OSError("too many open files")
        return find()

    owner = EmbeddedRedis.start(data_dir)
    with EmbeddedRedis.start(data_dir, takes_over=True) as sharer, connect(sharer.url) as client:
        monkeypatch.setattr(embedded, "find_server", not_at_first)
        owner.stop()
        comes_about(lambda: refused and answers(client))
