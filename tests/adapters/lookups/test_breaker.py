"""While Lookup fails nobody waits for it, and one call of all processes finds out when it is back."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest

from gateway.adapters.lookups import BreakerRules
from gateway.adapters.store import names
from gateway.errors import LookupUnavailable
from tests.adapters.lookups.scene import Scene, Until, at_once

MINUTE = timedelta(minutes=1)
RULES = BreakerRules(0.5, 4, MINUTE, MINUTE, MINUTE)
DOWN = LookupUnavailable("http_503")


def number(n: int) -> str:
    return f"+1415555{n:04d}"


@pytest.fixture
def scene(client: Any) -> Scene:
    return Scene(client, rules=RULES)


def fail(scene: Scene, numbers: range) -> list[str]:
    scene.provider.answers.update({number(n): DOWN for n in numbers})
    return [scene.cause(number(n)) for n in numbers]


def let_end(client: Any, moment: str) -> None:
    """As if the time had come: `open_until`, or `probe_until`."""
    assert client.hset(names.breaker("lookup"), moment, 1) == 0, "it was not there"


def test_it_opens_after_enough_failures_for_every_process(scene: Scene) -> None:
    assert fail(scene, range(6)) == ["http_503"] * 4 + ["breaker_open"] * 2
    with pytest.raises(LookupUnavailable, match="breaker_open"):
        scene.process().lookup(number(50), ("line_type_intelligence",), app="shop")
    assert len(scene.provider.asked) == 4
    assert scene.changes == ["opened"]


def test_fewer_failures_than_successes_do_not_open_it(scene: Scene) -> None:
    for n in range(5):
        scene.ask(number(100 + n))
    assert fail(scene, range(4)) == ["http_503"] * 4


def test_a_question_of_ours_that_was_wrong_is_no_failure(scene: Scene) -> None:
    scene.provider.answers.update({number(n): LookupUnavailable("refused_20001") for n in range(10)})
    assert {scene.cause(number(n)) for n in range(10)} == {"refused_20001"}


def test_what_it_refuses_costs_nothing(scene: Scene) -> None:
    fail(scene, range(10))
    assert scene.booked() == {("paid", "line_type_intelligence"): 4}  # nobody can say that a 503 was not billed


def test_one_probe_closes_it_again_while_the_others_still_wait(scene: Scene) -> None:
    fail(scene, range(4))
    let_end(scene.client, "open_until")
    said: list[str] = []
    scene.provider.gate = Until(lambda: len(said) >= 7)
    at_once(8, lambda place: said.append(scene.cause(number(200 + place))))
    assert said == ["breaker_open"] * 7 + ["answered: live"]
    assert scene.cause(number(300)) == "answered: live"
    assert scene.changes == ["opened", "closed"]


def test_a_probe_that_fails_opens_it_anew(scene: Scene) -> None:
    fail(scene, range(4))
    let_end(scene.client, "open_until")
    assert fail(scene, range(10, 12)) == ["http_503", "breaker_open"]


def test_the_window_forgets(client: Any) -> None:
    rules = BreakerRules(0.5, 4, timedelta(seconds=0.2), MINUTE, MINUTE)
    scene = Scene(client, rules=rules)
    for n in range(4):
        assert fail(scene, range(n, n + 1)) == ["http_503"]
        time.sleep(0.12)
    assert fail(scene, range(10, 11)) == ["http_503"]


def test_a_probe_that_never_answers_gives_way_to_another(client: Any) -> None:
    scene = Scene(client, rules=BreakerRules(0.5, 1, MINUTE, MINUTE, MINUTE))
    fail(scene, range(1))
    breaker = scene.lookups.breaker
    let_end(client, "open_until")
    assert breaker.admit() is True
    with pytest.raises(LookupUnavailable, match="breaker_open"):
        breaker.admit()
    let_end(client, "probe_until")
    assert breaker.admit() is True
