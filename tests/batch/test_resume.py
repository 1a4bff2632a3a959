"""A batch that is killed goes on where it was: the same file in the end, and no number paid twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway import sandbox
from gateway.batch import Plan, enrich_file, run
from gateway.batch.shop import OwnShop
from gateway.batch.tally import Tally
from gateway.wiring import Gateway
from tests.batch.conftest import TYPE
from tests.batch.lists import command, done, numbers, paid, read_csv, write_csv

ROWS, DISTINCT = 5_000, 900
KILLED_AT = (150, 300, 450)


@pytest.fixture
def twilio() -> Iterator[sandbox.RunningSandbox]:
    with sandbox.start_in_thread(sandbox.SandboxOptions(port=0, latency_ms=50)) as running:
        yield running


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each number some five times, far apart and close together, and bad rows among them."""
    known = list(numbers(DISTINCT))
    rows = [["id", "phone"]]
    for n in range(ROWS):
        place = n * DISTINCT // ROWS - (n % 7 == 3) * (n % 90)
        rows.append([str(n), "nobody" if n % 50 == 49 else known[max(0, place)]])
    return write_csv(tmp_path_factory.mktemp("list") / "in.csv", rows)


def killed(process: Any, twilio_url: str, at: int) -> None:
    """Once so many numbers were paid for."""
    deadline = time.monotonic() + 60
    while sum(paid(twilio_url).values()) < at:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.communicate()


@pytest.mark.timeout(300)
def test_killed_three_times_it_ends_as_if_it_had_not_been(
    client: Any, redis_url: str, twilio: sandbox.RunningSandbox, source: Path, tmp_path: Path
) -> None:
    whole, broken = tmp_path / "whole.csv", tmp_path / "broken.csv"
    assert done(command(redis_url, twilio.url, "enrich", source, "-o", whole, "--rate", "600"))[0] == 0
    once = paid(twilio.url)
    assert set(once.values()) == {1}

    client.flushall()
    args = ("enrich", source, "-o", broken, "--rate")
    for at in KILLED_AT:
        killed(command(redis_url, twilio.url, *args, "300"), twilio.url, len(once) + at)
    status, _, err = done(command(redis_url, twilio.url, *args, "600"))
    assert status == 0, err
    assert broken.read_bytes() == whole.read_bytes()
    assert paid(twilio.url) == once + once
    assert f"{ROWS:,} rows" in err


def test_what_lies_there_of_another_run_is_not_gone_on_with(
    client: Any, redis_url: str, twilio: sandbox.RunningSandbox, source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    args = ("enrich", source, "-o", out, "--rate", "300")
    process = command(redis_url, twilio.url, *args)
    killed(process, twilio.url, 300)
    status, _, err = done(command(redis_url, twilio.url, *args, "--purpose", "low_risk"))
    assert status == 1
    assert "--restart" in err
    assert "Traceback" not in err
    assert not out.exists()


# ---- killed in its last steps


class Killed(BaseException):
    """As a kill: nothing in the code catches it."""


def killed_at(owner: Any, name: str, after: int, work: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """`owner.name` is done `after` times, and then no more."""
    original, left = getattr(owner, name), iter(range(after))

    def call(*given: Any, **named: Any) -> Any:
        if next(left, None) is None:
            raise Killed
        return original(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, call)
        with pytest.raises(Killed):
            work()


ENDS: dict[str, tuple[Any, str, int]] = {
    "before the rename": (run, "finish", 0),
    "after the rename": (run, "clear", 0),
    **{f"with {n} files gone": (Path, "unlink", n) for n in (1, 2, 4)},
    "with all files gone": (OwnShop, "finished", 0),
}


@pytest.mark.parametrize("end", ENDS)
def test_killed_in_its_last_steps_it_loses_nothing_of_what_it_made(
    end: str,
    enrich: Callable[..., Tally],
    twilio: sandbox.RunningSandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "out.csv"
    source = write_csv(tmp_path / "in.csv", [["phone"], *([number] for number in numbers(5))])
    killed_at(*ENDS[end], lambda: enrich(source), monkeypatch)
    made = (out if out.exists() else tmp_path / "out.csv.part").read_bytes()
    enrich(source)
    if end.endswith("the rename"):
        assert out.read_bytes() == made, "also what was paid for, and how much"
    assert [(row["phone_number"], row["valid"]) for row in read_csv(out)] == [(number, "true") for number in numbers(5)]
    assert sum(paid(twilio.url).values()) == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


@pytest.mark.parametrize("gone", [1, 2])
@pytest.mark.parametrize("restart", [False, True])
def test_answers_for_one_list_are_never_left_for_another(
    restart: bool, gone: int, gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal names rows; whose they are is in the checkpoint alone."""
    mobile, landline = (
        Plan(write_csv(tmp_path / f"{number}.csv", [["phone"], [number]]), tmp_path / "out.csv", (TYPE,), rate=500.0)
        for number in ("+14155550100", "+14155550110")
    )
    if restart:
        killed_at(run, "finish", 0, lambda: enrich_file(gateway, mobile), monkeypatch)
    killed_at(Path, "unlink", gone, lambda: enrich_file(gateway, mobile, restart=restart), monkeypatch)
    enrich_file(gateway, landline, restart=mobile.beside("checkpoint").exists())
    assert [row["line_type"] for row in read_csv(tmp_path / "out.csv")] == ["landline"]
