"""A batch that is killed goes on where it was: the same file in the end, and no number paid twice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway import sandbox
from tests.batch.lists import command, done, numbers, paid, write_csv

ROWS, DISTINCT = 5_000, 900
KILLED_AT = (150, 400, 700)


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
    args = ("enrich", source, "-o", broken, "--rate", "600")
    for at in KILLED_AT:
        killed(command(redis_url, twilio.url, *args), twilio.url, len(once) + at)
    status, _, err = done(command(redis_url, twilio.url, *args))
    assert status == 0, err
    assert broken.read_bytes() == whole.read_bytes()
    assert paid(twilio.url) == once + once
    assert f"{ROWS:,} rows" in err


def test_what_lies_there_of_another_run_is_not_gone_on_with(
    client: Any, redis_url: str, twilio: sandbox.RunningSandbox, source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    args = ("enrich", source, "-o", out, "--rate", "600")
    process = command(redis_url, twilio.url, *args)
    killed(process, twilio.url, 300)
    status, _, err = done(command(redis_url, twilio.url, *args, "--purpose", "low_risk"))
    assert status == 1
    assert "--restart" in err
    assert "Traceback" not in err
    assert not out.exists()
