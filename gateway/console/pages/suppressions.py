"""The opt-out list: who, what about, who said so, when and why."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from gateway.console.pages.person import SCOPES, added
from gateway.console.people import token_for, typed_address
from gateway.console.visit import Page, Visit, to
from gateway.errors import Refused
from gateway.model import masked

ROWS = 50


def listed(visit: Visit) -> Response:
    return _page(visit, 200, "")


def add(visit: Visit) -> Response:
    try:
        address = typed_address(visit.gateway, request.form.get("to", ""), request.form.get("country", ""))
        word = added(visit, address)
    except Refused as err:
        return _page(visit, 400, err.detail)
    return to("person", word, token=token_for(visit.gateway, address))


def _page(visit: Visit, status: int, message: str) -> Response:
    store = visit.gateway.suppressions
    rows, cursor = store.page_in_full(request.args.get("cursor") or None, ROWS)
    people = [(token_for(visit.gateway, address), masked(address), entries) for address, entries in rows]
    return visit.page(
        "suppressions.html",
        status,
        people=people,
        cursor=cursor,
        count=store.count(),
        changes=store.changes(limit=20),
        scopes=SCOPES,
        message=message,
    )


PAGES = (
    Page("GET", "/suppressions", "suppressions", listed),
    Page("POST", "/suppressions", "add_suppression", add),
)
