"""The overview's figures: today's counters arranged for reading, and the week's samples as lines of a chart. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from gateway.adapters.store.series import Sample

GOOD = frozenset({"delivered", "verified"})
OUTCOMES = ("delivered", "verified", "failed", "suppressed", "canceled", "expired")
COLUMNS = ("started", "sent", "delivered", "failed", "unknown")


@dataclass(frozen=True, slots=True)
class Today:
    """`channels`: attempts by channel and status. `lines`: ended intents by line type and outcome.

    `classes` and `codes`: (channel, what, how often), most frequent first.
    """

    accepted: int
    outcomes: Mapping[str, int]
    channels: Mapping[str, Mapping[str, int]]
    lines: Mapping[str, Mapping[str, int]]
    classes: Sequence[tuple[str, str, int]]
    codes: Sequence[tuple[str, str, int]]

    @property
    def ended(self) -> int:
        return sum(self.outcomes.values())

    @property
    def good_share(self) -> float | None:
        """Of what has ended; None when nothing has."""
        return sum(self.outcomes.get(word, 0) for word in GOOD) / self.ended if self.ended else None


def today(counts: Mapping[str, int]) -> Today:
    accepted, outcomes = 0, Counter[str]()
    channels: dict[str, Counter[str]] = defaultdict(Counter)
    lines: dict[str, Counter[str]] = defaultdict(Counter)
    classes, codes = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for name, count in counts.items():
        match name.split(":"):
            case ["intents", "accepted", _]:
                accepted += count
            case ["ended", status, _, line_type]:
                outcomes[status] += count
                lines[line_type][status] += count
            case ["attempts", status, channel, *rest]:
                channels[channel][status] += count
                if rest and rest[0]:
                    classes[channel, rest[0]] += count
            case ["codes", channel, code]:
                codes[channel, code] += count
    return Today(accepted, outcomes, _sorted(channels), _sorted(lines), _ranked(classes), _ranked(codes))


def _sorted(table: Mapping[str, Counter[str]]) -> dict[str, Counter[str]]:
    return dict(sorted(table.items(), key=lambda row: -sum(row[1].values())))


def _ranked(counted: Counter[tuple[str, str]], most: int = 12) -> list[tuple[str, str, int]]:
    return [(channel, what, count) for (channel, what), count in counted.most_common(most)]


def flows(samples: Sequence[Sample], prefix: str, names: Iterable[str]) -> Mapping[str, Any]:
    """What was added between each sample and the next, one line per name. A counter that fell began anew."""
    pairs = list(pairwise(samples))
    found: list[Mapping[str, Any]] = []
    for name in names:
        key = prefix + name
        values = [max(0, after.figures.get(key, 0) - before.figures.get(key, 0)) for before, after in pairs]
        if any(values):
            found.append({"name": name.replace("_", " "), "values": values})
    return {"at": [round(after.at.timestamp()) for _, after in pairs], "lines": found}


def levels(samples: Sequence[Sample], names: Mapping[str, str]) -> Mapping[str, Any]:
    """What stood at each sample. `names`: figure → what it is called."""
    lines = [
        {"name": label, "values": [sample.figures.get(name, 0) for sample in samples]} for name, label in names.items()
    ]
    return {"at": [round(sample.at.timestamp()) for sample in samples], "lines": lines}
