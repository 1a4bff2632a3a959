"""The caller's name of a number: personal and paid for, so only on demand, at a price shown, with a reason kept."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from gateway.console.people import address_in
from gateway.console.visit import Page, Visit, to
from gateway.errors import FieldError, InvalidRequest, LookupUnavailable
from gateway.model import masked

FIELD = "caller_name"
BUDGET = "budget"


def named(visit: Visit, number: str) -> Mapping[str, Any]:
    """What the page shows: the name as the cache has it, or what it would cost to ask."""
    gateway = visit.gateway
    kept = gateway.lookups.kept(number, (FIELD,), max_age=None)
    price: Decimal = gateway.ledger.price((FIELD,))
    return {"naming": kept, "name_price": price}


def name(visit: Visit, token: str) -> Response:
    number, why = address_in(visit.gateway, token), request.form.get("why", "").strip()
    if not why or "@" in number:
        raise InvalidRequest(FieldError("why", "say why"))
    gateway, app = visit.gateway, visit.session.app
    gateway.lookup_audit.note(number, (FIELD,), app=app, who=visit.session.key_id, why=why)
    visit.note("caller_name_asked", masked(number), why)
    try:
        found = gateway.lookups.lookup(number, (FIELD,), app=app, patient=True)
    except LookupUnavailable as err:
        return to("person", "over_budget" if err.cause == BUDGET else "no_lookup", token=token)
    return to("person", "named" if found.caller_name else "nameless", token=token)


PAGES = (Page("POST", "/people/<token>/name", "name", name),)
