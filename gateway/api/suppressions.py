"""The opt-out list over HTTP: who must not be written to. The list belongs to the gateway, not to one application.

It is a real one, also where a test's intent is held against it, so no test key reads or changes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from flask import Response, request
from pydantic import Field

from gateway.adapters.store.suppressions import SCOPES, WHY_BOUND
from gateway.answers import moment
from gateway.api.endpoint import JSON, Call, Endpoint
from gateway.api.texts import dumps
from gateway.errors import FieldError, InvalidRequest
from gateway.model import SuppressionEntry
from gateway.normalize.address import parse_address
from gateway.normalize.payload import Strict
from gateway.optout import PROVIDER_BLOCKS

EVERYTHING = "all"
PAGE, LARGEST_PAGE = 100, 1000
Scope = Annotated[str, Field(pattern=f"^({'|'.join(sorted(SCOPES))})$")]


class AddressPayload(Strict):
    """A number (E.164, or national with `country`) or an e-mail address."""

    to: Annotated[str, Field(min_length=1, max_length=254)] = Field(examples=["+14155550100"])
    country: Annotated[str, Field(pattern=r"^[A-Za-z]{2}$")] | None = None


class AddPayload(AddressPayload):
    """`scope` all: nothing is sent there any more, on no channel."""

    scope: Scope = EVERYTHING
    reason: Annotated[str, Field(max_length=WHY_BOUND)] = ""


class RemovePayload(AddressPayload):
    """`scope` all: every entry of the address; a channel: those of that channel alone."""

    scope: Scope = EVERYTHING
    reason: Annotated[str, Field(max_length=WHY_BOUND)] = ""


def check(call: Call) -> Response:
    return _answered(_standing(call.gateway.suppressions.entries(_address(call))))


def add(call: Call) -> Response:
    """Adding what stands already changes nothing."""
    gateway, body, address = call.gateway, call.body, _address(call)
    entry = SuppressionEntry(body.scope, "api", gateway.clock.now(), call.key.app, body.reason)
    gateway.suppressions.add(address, entry)
    return _answered(_standing(gateway.suppressions.entries(address)))


def remove(call: Call) -> Response:
    gateway, body, address = call.gateway, call.body, _address(call)
    scopes = None if body.scope == EVERYTHING else frozenset({body.scope})
    _, taken = gateway.suppressions.remove(
        address, scopes=scopes, sources=None, who=call.key.app, why=body.reason or "api"
    )
    blocked = any(entry.source in PROVIDER_BLOCKS for entry in taken)
    document = _standing(gateway.suppressions.entries(address))
    document |= {"removed": _shown(taken), "provider_block": "may remain" if blocked else None}
    return _answered(document)


def listed(call: Call) -> Response:
    page, cursor = call.gateway.suppressions.page(request.args.get("cursor"), _limit())
    rows = [{"to": masked, "entries": [_noted(entry) for entry in entries]} for masked, entries in page]
    return _answered({"suppressions": rows, "next_cursor": cursor})


def _address(call: Call) -> str:
    default = call.gateway.settings.lookup.default_country_code or None
    return parse_address(call.body.to, call.body.country, default_country=default)


def _standing(entries: tuple[SuppressionEntry, ...]) -> dict[str, Any]:
    return {"suppressed": bool(entries), "entries": _shown(entries)}


def _shown(entries: Iterable[SuppressionEntry]) -> list[dict[str, Any]]:
    return [{"scope": entry.scope, "source": entry.source, "at": moment(entry.at)} for entry in entries]


def _noted(entry: SuppressionEntry) -> dict[str, Any]:
    return {"scope": entry.scope, "source": entry.source, "at": moment(entry.at), "who": entry.who, "why": entry.why}


def _answered(document: dict[str, Any]) -> Response:
    return Response(dumps(document), 200, content_type=JSON)


def _limit() -> int:
    text = request.args.get("limit", str(PAGE))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= LARGEST_PAGE:
        raise InvalidRequest(FieldError("limit", f"must be a whole number from 1 to {LARGEST_PAGE}"))
    return int(text)


SCOPE = ("suppressions",)
OF_ADDRESSES = (
    "invalid_request", "invalid_number", "ambiguous_number", "short_code", "too_large", "unsupported_media_type",
)  # fmt: skip

ENDPOINTS = (
    Endpoint("POST", "/suppressions/check", check, SCOPE, "Whether an address is on the opt-out list.",
             takes=AddressPayload, gives={200: "Suppressions"}, problems=OF_ADDRESSES, tag="suppressions",
             admits_tests=False),
    Endpoint("PUT", "/suppressions", add, SCOPE, "Put an address on the opt-out list.",
             takes=AddPayload, gives={200: "Suppressions"}, problems=OF_ADDRESSES, tag="suppressions",
             admits_tests=False),
    Endpoint("POST", "/suppressions/remove", remove, SCOPE, "Take an address off the opt-out list.",
             takes=RemovePayload, gives={200: "SuppressionsRemoved"}, problems=OF_ADDRESSES, tag="suppressions",
             admits_tests=False),
    Endpoint("DELETE", "/suppressions", remove, SCOPE, "The same as POST /suppressions/remove.",
             takes=RemovePayload, gives={200: "SuppressionsRemoved"}, problems=OF_ADDRESSES, tag="suppressions",
             admits_tests=False),
    Endpoint("GET", "/suppressions", listed, SCOPE, "The opt-out list, page by page, addresses masked.",
             gives={200: "SuppressionPage"}, problems=("invalid_request",), tag="suppressions", admits_tests=False,
             query={"cursor": "`next_cursor` of the page before", "limit": "1 to 1000, default 100"}),
)  # fmt: skip
