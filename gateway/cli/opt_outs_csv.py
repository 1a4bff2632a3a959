"""The opt-out list as CSV: what a row means, and why one cannot be taken. Writes nothing to the store."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO, TextIO

from gateway.adapters.store.suppressions import Listed, checked_entry
from gateway.answers import moment
from gateway.errors import InvalidRequest
from gateway.model import SuppressionEntry
from gateway.normalize.address import parse_address

COLUMNS = ("to", "scope", "source", "at", "who", "why")
KNOWN = frozenset({*COLUMNS, "country", "reason"})
Row = tuple[str, SuppressionEntry]


class BadHeader(ValueError):
    """The file as a whole cannot be read."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was left out. `given`: the row as it stands in the file."""

    line: int
    reason: str
    given: Mapping[str, str]


@dataclass(slots=True)
class OptOutFile:
    """Reads rows one by one; those that cannot be taken go to `rejected`. What a row does not say is the default."""

    lines: TextIO
    now: datetime
    who: str
    scope: str = "all"
    country: str | None = None
    rejected: list[Rejected] = field(default_factory=list)
    read: int = 0

    def rows(self) -> Iterator[Row]:
        """Raises BadHeader."""
        reader = csv.DictReader(self.lines)
        names = [name.strip().lower() for name in reader.fieldnames or ()]
        if "to" not in names:
            raise BadHeader(f"the first line must name the columns: to, and any of {', '.join(sorted(KNOWN - {'to'}))}")
        unknown = [name for name in names if name not in KNOWN]
        if unknown:
            raise BadHeader(f"unknown column {unknown[0]!r}; known: {', '.join(sorted(KNOWN))}")
        reader.fieldnames = names
        while (given := self._next(reader)) is not None:
            row = self._row(reader.line_num, given)
            if row is not None:
                yield row

    def _next(self, reader: csv.DictReader[str]) -> Mapping[str, str] | None:
        """The next row that is one at all."""
        while True:
            self.read += 1
            try:
                return next(reader)
            except csv.Error as error:
                self.rejected.append(Rejected(reader.line_num, str(error), {}))
            except StopIteration:
                self.read -= 1
                return None

    def _row(self, line: int, given: Mapping[str, str]) -> Row | None:
        try:
            if None in given or None in given.values():
                raise ValueError("has not as many fields as the first line")
            told = {name: value.strip() for name, value in given.items()}
            address = parse_address(told["to"], told.get("country") or self.country)
            return address, checked_entry(self._entry(told))
        except InvalidRequest as error:
            self.rejected.append(Rejected(line, error.detail, given))
        except ValueError as error:
            self.rejected.append(Rejected(line, str(error), given))
        return None

    def _entry(self, told: Mapping[str, str]) -> SuppressionEntry:
        return SuppressionEntry(
            scope=told.get("scope") or self.scope,
            source=told.get("source") or "import",
            at=_moment(told.get("at")) or self.now,
            who=told.get("who") or self.who,
            why=told.get("why") or told.get("reason") or "",
        )


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("at: must be a date or time as in RFC 3339") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def write(listed: Iterable[Listed], file: IO[str]) -> int:
    """The whole list, one row per entry; answers how many."""
    writer, count = csv.writer(file), 0
    writer.writerow(COLUMNS)
    for address, entries in listed:
        for entry in entries:
            writer.writerow([address, entry.scope, entry.source, moment(entry.at), entry.who, entry.why])
            count += 1
    return count


def write_rejected(rejected: Iterable[Rejected], file: TextIO) -> None:
    """Each with its line and why, so that it can be mended and imported again."""
    writer = csv.writer(file)
    writer.writerow(("line", "rejected_because", *COLUMNS))
    for each in rejected:
        writer.writerow((each.line, each.reason, *(each.given.get(name) or "" for name in COLUMNS)))
