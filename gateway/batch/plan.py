"""What one batch shall do, as frozen words; and the files that lie beside its output."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from gateway.errors import FieldError, InvalidRequest

PHONE_COLUMNS = ("phone_number", "phone", "to", "number", "msisdn", "mobile", "telephone")
ADDED = ("phone_number", "valid", "country", "line_type", "carrier", "route", "source", "cost", "error")
PREFIX = "lookup_"
HOW = frozenset({"out", "rate", "in_flight", "distributed"})
"""What changes nothing of the output: a run may go on with others."""
_BUDGET = re.compile(r"\$?(?P<amount>\d+(\.\d+)?)\s*(?P<unit>usd|lookups|x|)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Budget:
    """Dollars, or a number of lookups (each field of a number is one). Both None: no limit."""

    usd: Decimal | None = None
    lookups: int | None = None

    @classmethod
    def parse(cls, text: str) -> Budget:
        """`12.50` and `12.50usd` are dollars, `500lookups` and `500x` are lookups."""
        found = _BUDGET.fullmatch(text.strip())
        counts = found is not None and found["unit"].lower() in ("lookups", "x")
        if found is None or (counts and "." in found["amount"]):
            raise InvalidRequest(FieldError("budget", "is an amount like 12.50 (US dollars) or 500lookups"))
        return cls(lookups=int(found["amount"])) if counts else cls(usd=Decimal(found["amount"]))

    def allows(self, usd: Decimal, lookups: int) -> bool:
        """Whether so much may have been spent in all."""
        return (self.usd is None or usd <= self.usd) and (self.lookups is None or lookups <= self.lookups)


@dataclass(frozen=True, slots=True)
class Plan:
    """`country_column` wins over `country` in rows that fill it. `max_age`: older answers are bought again.

    `in_flight`: calls at once; 0: as many as the rate needs. `distributed`: the workers buy, not this machine.
    """

    source: Path
    out: Path
    fields: tuple[str, ...]
    app: str = "batch"
    purpose: str = "notification"
    column: str | None = None
    country: str | None = None
    country_column: str | None = None
    rate: float = 20.0
    budget: Budget = Budget()
    max_age: timedelta | None = None
    in_flight: int = 0
    distributed: bool = False

    def beside(self, kind: str) -> Path:
        """`checkpoint`, `journal`, `lock` and `part` lie beside the output while it is made."""
        return self.out.with_name(f"{self.out.name}.{kind}")

    @property
    def fingerprint(self) -> str:
        """Two runs with the same one make the same file; a changed input or question makes another."""
        stat = self.source.stat()
        said = {key: str(value) for key, value in asdict(self).items() if key not in HOW}
        said |= {"size": str(stat.st_size), "mtime": str(stat.st_mtime_ns)}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def phone_at(self, columns: Sequence[str]) -> int:
        if self.column is not None:
            return _place(columns, self.column, "column")
        lower = [name.strip().lower() for name in columns]
        found = [lower.index(name) for name in PHONE_COLUMNS if name in lower]
        if found:
            return found[0]
        if len(columns) == 1:
            return 0
        raise InvalidRequest(FieldError("column", f"name the column with the numbers, one of: {', '.join(columns)}"))

    def country_at(self, columns: Sequence[str]) -> int | None:
        return None if self.country_column is None else _place(columns, self.country_column, "country-column")


def added_columns(columns: Sequence[str]) -> list[str]:
    """Ours, with a prefix where the input has a column of that name."""
    return [PREFIX + name if name in columns else name for name in ADDED]


def _place(columns: Sequence[str], name: str, option: str) -> int:
    if name not in columns:
        raise InvalidRequest(FieldError(option, f"{name} is not a column; there are: {', '.join(columns)}"))
    return list(columns).index(name)
