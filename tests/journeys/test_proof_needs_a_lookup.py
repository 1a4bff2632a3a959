"""Where the proof is the message, the line type must be known; a SIM that was swapped lately proves nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.codes import CONFIG, code_sent, enter, post, problem, start
from tests.stack import Stack, running

WARY = """
[purposes.wary]
mobile = ["verify"]
deny_sim_swapped_within_hours = 24
on_lookup_failure = "reject"
"""


@pytest.fixture(scope="module")
def stack(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    home: Path = tmp_path_factory.mktemp("stack")
    with running(redis_url, home, CONFIG + WARY) as found:
        yield found


def test_without_lookup_no_code_is_sent(stack: Stack) -> None:
    answer = post(stack, "/send", {"to": "+12125550133", "purpose": "mfa"})
    assert problem(answer) == (503, "lookup_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert stack.received(product="verify", to="+12125550133") == []


@pytest.mark.parametrize(
    ("to", "route"),
    [("+12125550100", ["verify"]), ("+12125550110", ["verify:call"])],
    ids=["mobile", "landline"],
)
def test_the_line_type_decides_how_the_code_comes(stack: Stack, to: str, route: list[str]) -> None:
    answer = post(stack, "/route", {"to": to, "purpose": "mfa"})
    assert (answer.status_code, answer.json()["proof"], answer.json()["route"]) == (200, route, [])


def test_a_sim_swapped_lately_proves_nobody_where_the_purpose_says_so(stack: Stack) -> None:
    refused = post(stack, "/send", {"to": "+12125550138", "purpose": "wary"})
    assert problem(refused) == (422, "no_route")
    assert "SIM" in refused.json()["detail"]
    assert enter(stack, start(stack, "+12125550101", "wary"), code_sent(stack, "+12125550101")).status_code == 200
    assert post(stack, "/route", {"to": "+12125550138", "purpose": "mfa"}).status_code == 200
