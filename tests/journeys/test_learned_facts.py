"""What a failed send teaches, the next intent knows: at no cost, and it says from which error and how long ago."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stack import Stack, running, until

NO_LANDLINE_BY_LOOKUP, OUT_OF_REACH = "+12125550149", "+12125550148"
CONFIG = '[purposes.text]\nmobile = ["sms"]\n'


@pytest.fixture(scope="module")
def stack(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    home: Path = tmp_path_factory.mktemp("stack")
    with running(redis_url, home, CONFIG) as found:
        yield found


def reason(answer: dict[str, Any], code: str) -> str:
    return str({each["code"]: each["detail"] for each in answer["reasons"]}[code])


def failed_once(intent: dict[str, Any]) -> bool:
    """One more try comes later, spaced."""
    return [attempt["status"] for attempt in intent["attempts"]] == ["failed"]


def bought(stack: Stack, number: str) -> int:
    return len(stack.received(product="lookup", to=number))


def test_a_landline_that_lookup_took_for_a_mobile_goes_by_voice_from_then_on(stack: Stack) -> None:
    first = stack.send(NO_LANDLINE_BY_LOOKUP, purpose="notification")
    assert (first["line_type"], first["route"]) == ("mobile", ["sms", "voice"])
    stack.until(first["id"], "delivered")
    again = stack.send(NO_LANDLINE_BY_LOOKUP, "Another text.", purpose="notification")
    assert (again["line_type"], again["route"], again["lookup"]["source"]) == ("landline", ["voice"], "learned")
    assert again["carrier"] == first["carrier"], "what the cache knows beside it is not lost"
    assert reason(again, "learned_lookup") == "landline: learned less than a minute ago from error 30006"
    assert bought(stack, NO_LANDLINE_BY_LOOKUP) == 1


def test_a_number_that_is_not_reached_is_held_back_and_the_reason_names_the_error(stack: Stack) -> None:
    for n in range(3):
        sent = stack.send(OUT_OF_REACH, f"Text {n}.", purpose="text")
        until(lambda: stack.intent(sent["id"]), failed_once)  # noqa: B023 - asked before the next is sent
    body = {"to": OUT_OF_REACH, "body": "A fourth.", "purpose": "notification"}
    answer = until(lambda: stack.post("/route", body).json(), lambda found: found["route"] == ["voice"])
    told = "sms passed over: the number was not reachable by it lately, learned less than a minute ago from error 30005"
    assert reason(answer, "unreachable_lately") == told
