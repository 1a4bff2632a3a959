"""From an intent to a delivery report, over every part of the gateway."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import Stack, running


@pytest.fixture(scope="module")
def stack(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    home: Path = tmp_path_factory.mktemp("stack")
    with running(redis_url, home) as found:
        yield found


def test_a_mobile_gets_a_text_and_its_report(stack: Stack) -> None:
    accepted = stack.send("+14155550100")
    assert (accepted["status"], accepted["route"], accepted["channel"]) == ("queued", ["sms", "voice"], "sms")
    done = stack.until(accepted["id"], "delivered")
    assert [a["status"] for a in done["attempts"]] == ["delivered"]


def test_a_landline_is_called(stack: Stack) -> None:
    accepted = stack.send("+14155550110")
    assert accepted["route"] == ["voice"]
    stack.until(accepted["id"], "delivered")
