"""The words in which the fact tables of this folder say what a request may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Param:
    """`kind` names a format of formats.py. `low` and `high` bound a number's value or a text's length."""

    kind: str = "text"
    choices: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    needed: bool = False
    most: int = 1

    @property
    def required(self) -> Param:
        return replace(self, needed=True)


@dataclass(frozen=True)
class Endpoint:
    """`path` holds `{Name}` for a part that `parts` describes. `one_of`: of each group at least one is there."""

    name: str
    method: str
    host: str
    path: str
    parts: Mapping[str, Param] = field(default_factory=dict)
    query: Mapping[str, Param] = field(default_factory=dict)
    form: Mapping[str, Param] = field(default_factory=dict)
    one_of: tuple[tuple[str, ...], ...] = ()


def text(low: int | None = None, high: int | None = None) -> Param:
    return Param("text", low=low, high=high)


def whole(low: int | None = None, high: int | None = None) -> Param:
    return Param("integer", low=low, high=high)


def choice(*words: str) -> Param:
    return Param("text", choices=words)


def sid(*prefixes: str) -> Param:
    return Param("sid", prefixes=prefixes)


def many(param: Param, most: int = 1000) -> Param:
    return replace(param, most=most)


NUMBER = Param("number")
FLAG = Param("boolean")
WHEN = Param("date-time")
URL = Param("uri")
METHOD = choice("GET", "POST")
PHONE = Param("phone-number")
ENDPOINT = Param("endpoint")
COUNTRY = Param("iso-country-code")
TWIML = Param("twiml", high=4000)
OBJECT = Param("object")
PAGING: Mapping[str, Param] = {"PageSize": whole(1, 1000), "Page": whole(0), "PageToken": text()}
