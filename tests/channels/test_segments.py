"""Segments of a text, at the edges where one becomes two."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.channels.segments import segments

UNHURRIED = settings(deadline=None)  # a busy machine is no failure

CASES = [
    ("nothing", "", 0),
    ("one", "a", 1),
    ("gsm_full", "a" * 160, 1),
    ("gsm_over", "a" * 161, 2),
    ("gsm_two_full", "a" * 306, 2),
    ("gsm_three", "a" * 307, 3),
    ("accents_of_gsm", "é" * 160, 1),
    ("euro_is_two", "€" * 80, 1),
    ("euro_over", "€" * 81, 2),
    ("escape_not_split", "a" * 152 + "€" + "a" * 152, 3),
    ("escape_that_fits", "a" * 151 + "€" + "a" * 153, 2),
    ("ucs_full", "Ж" * 70, 1),
    ("ucs_over", "Ж" * 71, 2),
    ("ucs_two_full", "Ж" * 134, 2),
    ("ucs_three", "Ж" * 135, 3),
    ("one_curly_quote", "a" * 70 + "’", 2),
    ("backtick_is_not_gsm", "`" * 71, 2),
    ("small_cedilla_is_not_gsm", "ç" * 71, 2),
    ("emoji_is_two", "😀" * 35, 1),
    ("emoji_over", "😀" * 36, 2),
    ("emoji_not_split", "Ж" * 66 + "😀" + "Ж" * 66, 3),
    ("form_feed_is_two", "\f" * 81, 2),
]


@pytest.mark.parametrize(("text", "count"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_text_has_so_many_segments(text: str, count: int) -> None:
    assert segments(text) == count


@UNHURRIED
@given(st.text(alphabet="aé€[Ж😀", min_size=1, max_size=400), st.sampled_from("a€Ж😀"))
def test_more_text_never_costs_less(text: str, more: str) -> None:
    assert segments(text + more) >= segments(text) >= 1
