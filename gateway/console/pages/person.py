"""Find a person by number, and all that is known of them: typed once, posted, and masked everywhere after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from gateway.console.pages.naming import named
from gateway.console.people import address_in, token_for, typed_address
from gateway.console.visit import Page, Visit, to
from gateway.enrich import weighed
from gateway.errors import FieldError, InvalidRequest, LookupUnavailable, Refused
from gateway.model import Channel, SuppressionEntry, masked
from gateway.optout import PROVIDER_BLOCKS

SCOPES = ("all", *(channel.value for channel in Channel))
SOURCE = "console"
INTENTS, CHANGES = 30, 30


def find(visit: Visit) -> Response:
    return visit.page("people.html", message="")


def found(visit: Visit) -> Response:
    try:
        address = typed_address(visit.gateway, request.form.get("to", ""), request.form.get("country", ""))
    except Refused as err:
        return visit.page("people.html", 400, message=err.detail.partition(": ")[2] or err.detail)
    return to("person", token=token_for(visit.gateway, address))


def person(visit: Visit, token: str) -> Response:
    address = address_in(visit.gateway, token)
    visit.note("person_opened", masked(address))
    is_number = "@" not in address
    intents = _intents(visit, address) if is_number else []
    return visit.page(
        "person.html",
        token=token,
        shown=masked(address),
        is_number=is_number,
        entries=visit.gateway.suppressions.entries(address),
        changes=visit.gateway.suppressions.changes(address, CHANGES),
        intents=intents,
        scopes=SCOPES,
        **(_known(visit, address) if is_number else {}),
    )


def _intents(visit: Visit, number: str) -> list[Any]:
    rows = visit.gateway.intents.newest_to(number, INTENTS)
    return visit.gateway.intents.load_many([intent_id for intent_id, _ in rows])


def _known(visit: Visit, number: str) -> Mapping[str, Any]:
    """What the cache and the state know, free of charge."""
    gateway = visit.gateway
    known = gateway.reads.known(visit.session.app, number, None, None)
    fields = tuple(gateway.settings.lookup.default_fields)
    try:
        lookup = gateway.reads.lookup(number, fields, max_age=None, allow_stale=True, app=visit.session.app)
    except LookupUnavailable:
        lookup = gateway.reads.offline(number)
    return {"lookup": weighed(lookup, known), "known": known, **named(visit, number)}


def suppress(visit: Visit, token: str) -> Response:
    address = address_in(visit.gateway, token)
    return to("person", added(visit, address), token=token)


def unsuppress(visit: Visit, token: str) -> Response:
    address = address_in(visit.gateway, token)
    scope, source = request.form.get("scope", ""), request.form.get("source", "")
    if scope not in SCOPES or not source:
        raise InvalidRequest(FieldError("scope", "choose an entry"))
    visit.note("suppression_removed", masked(address), f"{scope} by {source}")
    changed, taken = visit.gateway.suppressions.remove(
        address,
        scopes=frozenset({scope}),
        sources=frozenset({source}),
        who=visit.session.key_id,
        why=request.form.get("why", ""),
    )
    return to("person", _word(changed, taken), token=token)


def added(visit: Visit, address: str) -> str:
    """Adds the entry that the form describes; gives the word for what came of it."""
    scope = request.form.get("scope", "")
    if scope not in SCOPES:
        raise InvalidRequest(FieldError("scope", "choose what it is about"))
    why = request.form.get("why", "").strip()
    if not why:
        raise InvalidRequest(FieldError("why", "say why"))
    entry = SuppressionEntry(scope, SOURCE, visit.gateway.clock.now(), visit.session.key_id, why)
    visit.note("suppression_added", masked(address), f"{scope}")
    return "suppressed" if visit.gateway.suppressions.add(address, entry) else "standing"


def _word(changed: bool, taken: Iterable[SuppressionEntry]) -> str:
    if not changed:
        return "nothing"
    return "unsuppressed_here" if any(entry.source in PROVIDER_BLOCKS for entry in taken) else "unsuppressed"


PAGES = (
    Page("GET", "/people", "people", find),
    Page("POST", "/people", "find", found),
    Page("GET", "/people/<token>", "person", person),
    Page("POST", "/people/<token>/suppress", "suppress", suppress),
    Page("POST", "/people/<token>/unsuppress", "unsuppress", unsuppress),
)
