"""No name of a key grows with what others send, nor tells it."""

from __future__ import annotations

import pytest

from gateway.adapters.store import names


@pytest.mark.parametrize("made", ["+14155550100", "14155550100", "jane@example.com", "x" * 97, "", "a b", "\udc80"])
def test_a_foreign_id_that_does_not_look_like_one_is_not_told_in_a_name(made: str) -> None:
    for name in (names.sid, names.parked, names.seen):
        found = name(made)
        assert len(found) < 100
        assert not made or made not in found


@pytest.mark.parametrize("made", ["SM" + "0a" * 16, "14c5d75ce93.dfd.64b469.filter0001.16648.55", "EZ" + "1" * 32])
def test_a_providers_id_stands_in_the_name_as_it_is(made: str) -> None:
    for name in (names.sid, names.parked, names.seen):
        assert name(made).endswith(f":{made}")
