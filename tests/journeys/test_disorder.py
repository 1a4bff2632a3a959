"""L2, L3: whatever befalls calls and reports, each intent ends as the provider says, and nobody gets anything twice.

`python -m benchmarks.disorder --intents 1000` is the long run.
"""

from __future__ import annotations

from pathlib import Path

from tests.disorder import disorderly, play


def test_a_hundred_and_fifty_intents_in_disorder(redis_url: str, tmp_path: Path) -> None:
    with disorderly(redis_url, tmp_path) as stack:
        found = play(stack, 150, seconds=75)
    assert found.lost == []
    assert found.extra == []
    assert found.differing == []
    assert found.statuses == {"delivered": 150}
    assert found.attempts > 170, "the faults must have struck"
