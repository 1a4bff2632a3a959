"""What a process that buys has to know: which fields, for whom, how fast, and where its answers are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Order:
    """`per_second` is the whole batch's, `in_flight` one process's. `journal`: a path; empty: answers go to Redis."""

    batch: str
    fields: tuple[str, ...]
    app: str
    per_second: float
    in_flight: int
    max_age_seconds: float | None = None
    journal: str = ""

    def document(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Order:
        return cls(**{**document, "fields": tuple(document["fields"])})
