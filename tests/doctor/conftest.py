"""One running gateway for all examinations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.doctor.house import House
from tests.stack import environment, running


@pytest.fixture(scope="module")
def house(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = tmp_path_factory.mktemp("doctor")
    with running(redis_url, home) as stack:
        stack.until(stack.send("+14155550100")["id"], "delivered")  # a worker was seen
        yield House(stack, home, environment(redis_url, stack.sandbox_url, stack.url))
