"""Reading and steering intents; an application sees its own only, and a test key those of tests alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated

from flask import Response, request
from pydantic import Field

from gateway.act import moves
from gateway.answers import summary, whole
from gateway.api.endpoint import JSON, Call, Endpoint
from gateway.api.texts import dumps
from gateway.errors import FieldError, InvalidRequest, Refused
from gateway.ids import is_ulid
from gateway.model import Channel, Intent, IntentStatus, Progress
from gateway.normalize import parse_phone
from gateway.normalize.payload import Strict
from gateway.paging import Place, Read, Row, cursor_of, older, place_in
from gateway.wiring import retrying

DEFAULT_LIMIT, LARGEST_LIMIT = 50, 200
MOST_READ = 2000


class SearchPayload(Strict):
    """Whom to search for: a number never stands in a URL."""

    to: Annotated[str, Field(min_length=1, max_length=64)] = Field(examples=["+14155550100"])
    country: Annotated[str, Field(pattern=r"^[A-Za-z]{2}$")] | None = None
    limit: Annotated[int, Field(ge=1, le=LARGEST_LIMIT)] = DEFAULT_LIMIT
    cursor: Annotated[str, Field(min_length=1, max_length=128)] | None = Field(
        default=None, description="`next_cursor` of the page before."
    )


def owned(call: Call, intent_id: str) -> Progress:
    """The intent, if it is the caller's; somebody else's is not found either."""
    return _found(call, intent_id, _own)


def shown(call: Call, progress: Progress, status: int = 200) -> Response:
    timeline = call.gateway.intents.timeline(progress.intent.id)
    return Response(dumps(whole(progress, timeline, call.gateway.clock.now())), status, content_type=JSON)


def read(call: Call, id: str) -> Response:
    return shown(call, owned(call, id))


def listed(call: Call) -> Response:
    """Newest first. `cursor` comes from `next_cursor` of the page before."""
    status = _choice("status", [s.value for s in IntentStatus])
    channel = _choice("channel", [c.value for c in Channel])
    limit, before = _limit(), place_in(request.args.get("cursor"))

    def read(until: int | None, at_most: int) -> list[Row]:
        return call.gateway.intents.newest(call.key.app, until, at_most)

    return _page(call, read, lambda p: _own(call, p.intent) and _fits(p, status, channel), limit, before)


def search(call: Call) -> Response:
    """Newest first, as `listed`."""
    default = call.gateway.settings.lookup.default_country_code or None
    hosts = call.gateway.policy.sip_hosts
    to = parse_phone(call.body.to, call.body.country, default_country=default, sip_hosts=hosts)
    before = place_in(call.body.cursor)

    def read(until: int | None, at_most: int) -> list[Row]:
        """The store reads to a number from the newest on."""
        wanted = at_most
        while True:
            rows = call.gateway.intents.newest_to(to.number, wanted)
            found = [row for row in rows if until is None or row[1] < until]
            if len(found) >= at_most or len(rows) < wanted:
                return found[:at_most]
            wanted *= 2

    return _page(call, read, lambda p: _own(call, p.intent), call.body.limit, before)


def cancel(call: Call, id: str) -> Response:
    progress = owned(call, id)
    now = call.gateway.clock.now()

    def change(stored: Progress) -> Progress | None:
        return moves.canceled(stored, now) if moves.cancelable(stored) else None

    after = call.gateway.intents.update(id, change)
    if (
        after is None
        or after.status is not IntentStatus.CANCELED
        or (progress.final and progress.status is not after.status)
    ):
        raise Refused("not_cancelable", "Sending has begun, or the intent has ended.")
    return shown(call, after)


def retry(call: Call, id: str) -> Response:
    """A new intent that wants what this one wanted; an operator may retry any application's."""
    progress = _found(call, id, _in_sight)
    again = retrying.retry(call.gateway, progress, call.key.id)
    response = Response(dumps(summary(again, call.gateway.clock.now())), 202, content_type=JSON)
    response.headers["Location"] = f"/intents/{again.intent.id}"
    return response


def _found(call: Call, intent_id: str, concerns: Callable[[Call, Intent], bool]) -> Progress:
    progress = call.gateway.intents.load(intent_id) if is_ulid(intent_id) else None
    if progress is None or not concerns(call, progress.intent):
        raise Refused("not_found", "There is no such intent.")
    return progress


def _own(call: Call, intent: Intent) -> bool:
    return intent.app == call.key.app and _in_sight(call, intent)


def _in_sight(call: Call, intent: Intent) -> bool:
    """For a test key there is nothing but tests."""
    return intent.test or not call.key.test


def _fits(progress: Progress, status: str | None, channel: str | None) -> bool:
    step = progress.step
    current = progress.attempts[-1].step.channel if progress.attempts else (step.channel if step else None)
    return (status is None or progress.status == status) and (channel is None or current == channel)


def _choice(name: str, accepted: list[str]) -> str | None:
    value = request.args.get(name)
    if value is not None and value not in accepted:
        raise InvalidRequest(FieldError(name, f"must be one of {', '.join(accepted)}"))
    return value


def _limit() -> int:
    text = request.args.get("limit", str(DEFAULT_LIMIT))
    if re.fullmatch("[0-9]{1,4}", text) is None or not 1 <= int(text) <= LARGEST_LIMIT:
        raise InvalidRequest(FieldError("limit", f"must be a whole number from 1 to {LARGEST_LIMIT}"))
    return int(text)


def _page(call: Call, read: Read, fits: Callable[[Progress], bool], limit: int, before: Place | None) -> Response:
    """What fits of the next MOST_READ; a page may hold less than `limit`, and still others follow."""
    found: list[Progress] = []
    more = before
    for _ in range(0, MOST_READ, LARGEST_LIMIT):
        rows, more = older(read, more, LARGEST_LIMIT)
        found += [p for p in call.gateway.intents.load_many([intent_id for intent_id, _ in rows]) if fits(p)]
        if len(found) >= limit or more is None:
            break
    kept, now = found[:limit], call.gateway.clock.now()
    if len(found) > limit:
        more = _place(kept[-1])
    document = {"intents": [summary(p, now) for p in kept], "next_cursor": cursor_of(more)}
    return Response(dumps(document), 200, content_type=JSON)


def _place(progress: Progress) -> Place:
    return round(progress.intent.created_at.timestamp() * 1000), progress.intent.id


OF_ACCEPTING = (
    "invalid_number", "country_not_allowed", "line_type_not_supported", "carrier_not_allowed", "no_route",
    "recipient_opted_out", "recipient_rate_limited", "destination_rate_limited", "budget_exhausted",
    "lookup_unavailable",
)  # fmt: skip

ENDPOINTS = (
    Endpoint("GET", "/intents/{id}", read, ("send",), "An intent with its attempts and timeline.",
             gives={200: "IntentWhole"}, problems=("not_found",)),
    Endpoint("GET", "/intents", listed, ("send",), "The application's intents, newest first.",
             gives={200: "IntentPage"}, problems=("invalid_request",),
             query={"status": "only this status", "channel": "only this channel",
                    "limit": "1 to 200, default 50", "cursor": "`next_cursor` of the page before"}),
    Endpoint("POST", "/intents/search", search, ("send",), "The application's intents to one number, newest first.",
             takes=SearchPayload, gives={200: "IntentPage"},
             problems=("invalid_request", "invalid_number", "ambiguous_number", "short_code", "too_large",
                       "unsupported_media_type")),
    Endpoint("POST", "/intents/{id}/cancel", cancel, ("send",), "Cancel an intent that has not begun to be sent.",
             gives={200: "IntentWhole"}, problems=("not_found", "not_cancelable")),
    Endpoint("POST", "/intents/{id}/retry", retry, ("admin",),
             "Try once more what ended without success, as a new intent.",
             gives={202: "Intent"}, problems=("not_found", "not_retryable", *OF_ACCEPTING)),
)  # fmt: skip
