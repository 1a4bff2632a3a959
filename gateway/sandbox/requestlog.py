"""What the sandbox received, bounded, and the counts that stay true when entries have fallen off."""

import json
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from gateway.sandbox.ask import FORM, JSON, Ask, Operation, collect
from gateway.sandbox.times import iso_ms


@dataclass(slots=True)
class Entry:
    """One request; the body is kept raw and read only when somebody looks."""

    id: int
    at: float
    product: str
    operation: str
    method: str
    path: str
    query_string: str
    raw: bytes
    content_type: str
    number: str
    status: int | None = None
    ms: float | None = None
    sid: str | None = None
    paid: tuple[str, ...] = ()

    def shown(self) -> dict[str, Any]:
        form = self.raw.decode("utf-8", "replace") if self.content_type == FORM else ""
        return {
            "id": self.id,
            "at": iso_ms(datetime.fromtimestamp(self.at, UTC)),
            "product": self.product,
            "operation": self.operation,
            "method": self.method,
            "path": self.path,
            "query": _fields(self.query_string),
            "form": _fields(form),
            "json": self._json(),
            "to": self.number or None,
            "status": self.status,
            "paid": list(self.paid),
            "sid": self.sid,
            "ms": self.ms,
        }

    def _json(self) -> Any:
        if self.content_type != JSON:
            return None
        try:
            return json.loads(self.raw)
        except ValueError:
            return None


def _fields(text: str) -> dict[str, str | list[str]]:
    """A form or query by name; a list only where a name is repeated."""
    found = collect(parse_qsl(text, keep_blank_values=True))
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


class RequestLog:
    """Counts are by product and operation and status, messages and calls by recipient, paid lookups by number."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._last = 0
        self.clear()

    def clear(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=self._bound)
        self.statuses: dict[str, Counter[str]] = {}
        self.created: dict[str, Counter[str]] = {}
        self.paid: dict[str, Counter[str]] = {}
        self._cleared = self._last

    def __len__(self) -> int:
        return len(self._entries)

    def open(self, operation: Operation, ask: Ask) -> Entry:
        self._last += 1
        entry = Entry(
            id=self._last,
            at=time.time(),
            product=operation.product,
            operation=operation.name,
            method=ask.method,
            path=ask.path,
            query_string=ask.query_string,
            raw=ask.raw,
            content_type=ask.content_type,
            number=ask.number,
        )
        self._entries.append(entry)
        return entry

    def close(self, entry: Entry, status: int, started: float) -> None:
        """Write down the answer; status 0 means that none was given."""
        entry.status = status or None
        entry.ms = round((time.perf_counter() - started) * 1000, 2)
        if entry.id <= self._cleared:  # it was held when all was forgotten
            return
        name = f"{entry.product}.{entry.operation}"
        self.statuses.setdefault(name, Counter())[str(status or "none")] += 1

    def note_paid(self, number: str, packages: tuple[str, ...]) -> None:
        self.paid.setdefault(number, Counter()).update(packages)
        _trim(self.paid, self._bound)

    def note_created(self, kind: str, to: str) -> None:
        made = self.created.setdefault(kind, Counter())
        made[to] += 1
        _trim(made, self._bound)

    def newest_last(self, since: int, wanted: dict[str, str]) -> Iterator[Entry]:
        """Entries after id `since` whose product, method, path prefix and recipient are the wanted ones."""
        for entry in self._entries:
            if entry.id > since and all(_matches(entry, name, value) for name, value in wanted.items()):
                yield entry

    def counts(self) -> dict[str, Any]:
        return {
            "operations": {name: dict(counted) for name, counted in sorted(self.statuses.items())},
            "messages_to": dict(self.created.get("messages", {})),
            "calls_to": dict(self.created.get("calls", {})),
            "verifications_to": dict(self.created.get("verifications", {})),
            "executions_to": dict(self.created.get("executions", {})),
            "emails_to": dict(self.created.get("emails", {})),
            "paid_lookups": {number: dict(counted) for number, counted in self.paid.items()},
            "entries": len(self._entries),
        }


def _trim(counted: dict[str, Any], bound: int) -> None:
    if len(counted) > bound:
        del counted[next(iter(counted))]


def _matches(entry: Entry, name: str, value: str) -> bool:
    match name:
        case "product":
            return entry.product == value
        case "operation":
            return entry.operation == value
        case "method":
            return entry.method == value.upper()
        case "path":
            return entry.path.startswith(value)
        case _:
            return entry.number == value
