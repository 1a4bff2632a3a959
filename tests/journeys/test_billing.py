"""What an intent cost is known some time after its end, and is fetched then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import FLOW_CONFIG, Stack, running, until


@pytest.fixture(scope="module")
def stack(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    home: Path = tmp_path_factory.mktemp("stack")
    with running(redis_url, home, FLOW_CONFIG + "[dispatch]\nbill_after_seconds = 1\n") as found:
        yield found


@pytest.mark.parametrize(("number", "segments"), [("+14155550100", 1), ("+14155550110", None)], ids=["text", "call"])
def test_segments_and_price_are_filled_in_after_the_end(stack: Stack, number: str, segments: int | None) -> None:
    accepted = stack.send(number)
    done = stack.until(accepted["id"], "delivered")
    billed = until(lambda: stack.intent(accepted["id"]), lambda i: i["attempts"][0]["price"] is not None)
    assert (billed["status"], billed["final"]) == (done["status"], True)
    attempt = billed["attempts"][0]
    assert (attempt["segments"], attempt["price_unit"]) == (segments, "USD")
    assert stack.gateway.client.zscore("gw:open:normal|default", accepted["id"]) is None
