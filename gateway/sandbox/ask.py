"""What an operation is given (Ask) and what it gives back (Reply), free of the web framework."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from gateway.sandbox.world import World

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


@dataclass
class Ask:
    """One request, read once. `number` is the recipient in it, where it names one."""

    method: str
    path: str
    query_string: str
    raw: bytes
    content_type: str
    params: Mapping[str, str]
    origin: str
    authorization: str = ""
    account_sid: str = ""

    @cached_property
    def form(self) -> dict[str, list[str]]:
        if self.content_type != FORM:
            return {}
        return collect(parse_qsl(self.raw.decode("utf-8", "replace"), keep_blank_values=True))

    @cached_property
    def query(self) -> dict[str, list[str]]:
        return collect(parse_qsl(self.query_string, keep_blank_values=True))

    @cached_property
    def number(self) -> str:
        named = self.params.get("number") or self.one("To") or self._first_address() or ""
        return named.removeprefix("whatsapp:")

    def _first_address(self) -> str | None:
        """The first recipient of a mail, or None for anything that is not shaped like one."""
        if self.content_type != JSON:
            return None
        try:
            return str(self.json["personalizations"][0]["to"][0]["email"])
        except (ValueError, LookupError, TypeError):
            return None

    def one(self, name: str) -> str | None:
        """A form parameter, or None when it is absent or empty."""
        values = self.form.get(name)
        return values[-1] or None if values else None

    def many(self, name: str) -> list[str]:
        return [value for value in self.form.get(name, ()) if value]

    def asked(self, name: str) -> str | None:
        """A query parameter, or None when it is absent or empty."""
        values = self.query.get(name)
        return values[-1] or None if values else None

    @cached_property
    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return json.loads(self.raw.decode("utf-8"))


def collect(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; `sid` names the resource it is about, `paid` the Lookup packages that are billed."""

    status: int
    body: object | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    sid: str | None = None
    paid: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing a product can be asked to do. `creates` marks those whose outcome a lost answer leaves unknown."""

    product: str
    name: str
    method: str
    path: str
    act: "Callable[[World, Ask], Reply]"
    creates: bool = False
