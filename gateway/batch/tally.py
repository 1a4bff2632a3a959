"""What a batch found, counted as rows are written; kept in the checkpoint, so that a resumed run counts on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

KINDS = ("validity", "line_type", "route", "source", "error")


@dataclass(slots=True)
class Tally:
    """`spent` and `spared` in US dollars, by the configured prices."""

    rows: int = 0
    spent: Decimal = Decimal(0)
    spared: Decimal = Decimal(0)
    counts: dict[str, Counter[str]] = field(default_factory=lambda: {kind: Counter() for kind in KINDS})

    def add(self, columns: Mapping[str, str], price: Decimal) -> None:
        self.rows += 1
        self.spent += Decimal(columns["cost"] or 0)
        if columns["source"] in ("cache", "shared", "learned", "stale"):
            self.spared += price
        self.counts["validity"][{"true": "valid", "false": "invalid"}.get(columns["valid"], "not known")] += 1
        for kind in ("line_type", "route", "source"):
            self.counts[kind][columns[kind] or "none"] += 1
        if columns["error"]:
            self.counts["error"][columns["error"].partition(":")[0]] += 1

    def document(self) -> dict[str, Any]:
        counts = {kind: dict(counter) for kind, counter in self.counts.items()}
        return {"rows": self.rows, "spent": str(self.spent), "spared": str(self.spared), "counts": counts}

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Tally:
        counts = {kind: Counter(document["counts"][kind]) for kind in KINDS}
        return cls(document["rows"], Decimal(document["spent"]), Decimal(document["spared"]), counts)
