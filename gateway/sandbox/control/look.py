"""Looking at the sandbox: requests, counts, callbacks, the outbox, scenarios, health; and starting over."""

from itertools import islice

from aiohttp import web

from gateway.sandbox.control.answers import WORLD, number_in
from gateway.sandbox.index import scenario_rows

FILTERS = ("product", "operation", "method", "path", "to")
USUAL_LIMIT = 1000


async def requests(request: web.Request) -> web.Response:
    """Newest last. `since` is the id of an entry; of more than `limit`, the newest are given."""
    log = request.app[WORLD].log
    wanted = {name: request.query[name] for name in FILTERS if request.query.get(name)}
    limit = number_in(request, "limit", USUAL_LIMIT)
    found = list(log.newest_last(number_in(request, "since", 0), wanted))
    shown = [entry.shown() for entry in found[-limit:]] if limit else []
    return web.json_response({"total": len(found), "requests": shown})


async def clear_requests(request: web.Request) -> web.Response:
    request.app[WORLD].log.clear()
    return web.json_response({"cleared": True})


async def counts(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    return web.json_response(
        {**world.log.counts(), "in_flight": world.in_flight, "most_in_flight": world.most_in_flight}
    )


async def callbacks(request: web.Request) -> web.Response:
    """Every webhook that was sent, newest last, with how it went."""
    record = request.app[WORLD].courier.record
    sid, product = request.query.get("sid"), request.query.get("product")
    found = [one for one in record if sid in (None, one.sid) and product in (None, one.product)]
    limit = number_in(request, "limit", USUAL_LIMIT)
    shown = [one.as_json() for one in islice(found, max(0, len(found) - limit), None)]
    return web.json_response({"total": len(found), "callbacks": shown})


async def outbox(request: web.Request) -> web.Response:
    limit = number_in(request, "limit", USUAL_LIMIT)
    # A plus sign that was not escaped arrives as a space.
    to = request.query.get("to", "").replace(" ", "+") or None
    return web.json_response({"outbox": request.app[WORLD].outbox.shown(to, limit)})


async def scenarios(request: web.Request) -> web.Response:
    return web.json_response({"scenarios": scenario_rows()})


async def health(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    return web.json_response(
        {
            "status": "ok",
            "messages": len(world.messages),
            "calls": len(world.calls),
            "requests": len(world.log),
            "in_flight": world.in_flight,
            "most_in_flight": world.most_in_flight,
        }
    )


async def reset(request: web.Request) -> web.Response:
    request.app[WORLD].reset()
    return web.json_response({"reset": True})


ROUTES = (
    web.get("/_sandbox/requests", requests),
    web.delete("/_sandbox/requests", clear_requests),
    web.get("/_sandbox/counts", counts),
    web.get("/_sandbox/callbacks", callbacks),
    web.get("/_sandbox/outbox", outbox),
    web.get("/_sandbox/scenarios", scenarios),
    web.get("/_sandbox/health", health),
    web.post("/_sandbox/reset", reset),
)
