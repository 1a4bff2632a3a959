"""`gateway suppressions export`: the last good file stays until the next one is whole."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.adapters.store.suppressions import Listed, Suppressions
from gateway.errors import StoreUnavailable
from tests.cli.conftest import Shell

NUMBERS = tuple(f"+1415555{n:04d}" for n in range(20))


@pytest.fixture
def listed(shell: Shell) -> Shell:
    shell.run("suppressions", "import", "-", given="\n".join(("to", *NUMBERS)))
    return shell


def export(shell: Shell, out: Path) -> int:
    return shell.run("suppressions", "export", "-o", str(out)).exit_code


def test_a_store_lost_on_the_way_leaves_the_file_as_it_was(listed: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    out = listed.home / "out" / "list.csv"
    out.parent.mkdir()
    assert export(listed, out) == 0
    good = out.read_text()
    assert all(number in good for number in NUMBERS)
    whole = Suppressions.export

    def lost_on_the_way(self: Suppressions) -> Iterator[Listed]:
        yield next(iter(whole(self)))
        raise StoreUnavailable("Redis does not answer")

    monkeypatch.setattr(Suppressions, "export", lost_on_the_way)
    with pytest.raises(StoreUnavailable):
        export(listed, out)
    assert out.read_text() == good
    assert list(out.parent.iterdir()) == [out], "nothing half-written is left beside it"


def test_the_file_keeps_its_mode_and_a_link_stays_a_link(listed: Shell) -> None:
    out, link = listed.home / "list.csv", listed.home / "latest.csv"
    out.write_text("yesterday's")
    out.chmod(0o640)
    link.symlink_to(out)
    assert export(listed, link) == 0
    assert link.is_symlink() and NUMBERS[0] in out.read_text()
    assert stat.S_IMODE(out.stat().st_mode) == 0o640


def test_a_pipe_is_written_and_not_replaced(listed: Shell) -> None:
    pipe = listed.home / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert export(listed, pipe) == 0
        assert NUMBERS[-1].encode() in os.read(reader, 65_536)
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_without_a_file_it_goes_to_stdout(listed: Shell) -> None:
    done = listed.run("suppressions", "export")
    assert all(number in done.stdout for number in NUMBERS)


def test_a_place_that_cannot_be_written_is_named(listed: Shell) -> None:
    done = listed.run("suppressions", "export", "-o", str(listed.home / "nowhere" / "list.csv"))
    assert done.exit_code == 1
    assert "nowhere" in done.stderr and "No such file" in done.stderr
