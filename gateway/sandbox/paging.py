"""Lists, page by page and newest first, in the two shapes of Twilio's APIs."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import urlencode

from gateway.sandbox.ask import Ask, Reply
from gateway.sandbox.forms import whole_number
from gateway.sandbox.refusals import Refusal
from gateway.sandbox.shelf import Resource

R = TypeVar("R", bound=Resource)
MOST = 1000
TOKEN = "PT"


def legacy_page(ask: Ask, key: str, rows: Iterable[R], show: Callable[[R], object]) -> Reply:
    """A page of the 2010-04-01 API, which links by relative URI. Source: twilio_api_v2010, list responses."""
    size, number = _size(ask), _number(ask)
    taken, following = _cut(ask, rows, size)
    body: dict[str, object] = {
        key: [show(row) for row in taken],
        "page": number,
        "page_size": size,
        "start": number * size,
        "end": number * size + max(len(taken) - 1, 0),
        "uri": _link(ask, size, number, ask.asked("PageToken")),
        "first_page_uri": _link(ask, size, 0, None),
        "previous_page_uri": None,
        "next_page_uri": _link(ask, size, number + 1, following) if following else None,
    }
    return Reply(200, body)


def meta_page(ask: Ask, key: str, rows: Iterable[R], show: Callable[[R], object]) -> Reply:
    """A page of the newer APIs, which link by absolute URL in `meta`."""
    size, number = _size(ask), _number(ask)
    taken, following = _cut(ask, rows, size)
    meta: dict[str, object] = {
        "key": key,
        "page": number,
        "page_size": size,
        "url": ask.origin + _link(ask, size, number, ask.asked("PageToken")),
        "first_page_url": ask.origin + _link(ask, size, 0, None),
        "previous_page_url": None,
        "next_page_url": ask.origin + _link(ask, size, number + 1, following) if following else None,
    }
    return Reply(200, {key: [show(row) for row in taken], "meta": meta})


def _size(ask: Ask) -> int:
    size = whole_number(ask.asked("PageSize") or "50", 1, 10**9)
    if size is None:
        raise Refusal(20001, "PageSize")
    return min(size, MOST)


def _number(ask: Ask) -> int:
    return whole_number(ask.asked("Page") or "0", 0, 10**9) or 0


def _cut(ask: Ask, rows: Iterable[R], size: int) -> tuple[list[R], str | None]:
    token = ask.asked("PageToken")
    if token is not None:
        older_than = whole_number(token.removeprefix(TOKEN), 0, 10**9)
        if older_than is None:
            raise Refusal(20001, "PageToken")
        rows = (row for row in rows if row.seq < older_than)
    taken: list[R] = list(islice(iter(rows), size + 1))
    if len(taken) <= size:
        return taken, None
    return taken[:size], f"{TOKEN}{taken[size - 1].seq}"


def _link(ask: Ask, size: int, number: int, token: str | None) -> str:
    kept: list[tuple[str, Any]] = [
        (name, value)
        for name, values in ask.query.items()
        for value in values
        if name not in ("PageSize", "Page", "PageToken")
    ]
    kept += [("PageSize", size), ("Page", number)]
    if token:
        kept.append(("PageToken", token))
    return f"{ask.path}?{urlencode(kept)}"
