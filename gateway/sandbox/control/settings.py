"""Setting what the sandbox does: faults, senders, and where events of all kinds go."""

import json
from typing import Any

from aiohttp import web

from gateway.sandbox.control.answers import WORLD, BadField, read_object, required, url_in
from gateway.sandbox.faults import BadFault, Faults, read_fault
from gateway.sandbox.forms import is_e164
from gateway.sandbox.world import World


async def set_faults(request: web.Request) -> web.Response:
    """One fault, or `{"faults": […], "seed": n, "replace": true}`; added to those in force unless `replace`."""
    world = request.app[WORLD]
    try:
        body = json.loads(await request.read())
        rules, seed, replace = _read(body)
    except ValueError as wrong:
        raise BadField(getattr(wrong, "field", "body"), str(wrong) or "must be JSON") from None
    if seed is not None:
        world.faults, earlier = Faults(seed), world.faults
        world.faults.rules = earlier.rules
    world.faults.rules = rules if replace else world.faults.rules + rules
    return _shown(world)


def _read(body: Any) -> tuple[list[Any], int | None, bool]:
    if not isinstance(body, dict) or "faults" not in body:
        return [read_fault(body)], None, False
    unknown = sorted(set(body) - {"faults", "seed", "replace"})
    if unknown:
        raise BadFault(unknown[0], "unknown field; known are faults, seed, replace")
    seed, replace = body.get("seed"), body.get("replace", False)
    if not isinstance(body["faults"], list):
        raise BadFault("faults", "must be a list")
    if seed is not None and not isinstance(seed, int):
        raise BadFault("seed", "must be a whole number")
    if not isinstance(replace, bool):
        raise BadFault("replace", "must be true or false")
    return [read_fault(one, f"faults[{place}].") for place, one in enumerate(body["faults"])], seed, replace


def _shown(world: World) -> web.Response:
    return web.json_response({"faults": world.faults.shown()})


async def list_faults(request: web.Request) -> web.Response:
    return _shown(request.app[WORLD])


async def clear_faults(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    world.faults.rules = []
    return _shown(world)


async def set_sender(request: web.Request) -> web.Response:
    """Make a number or a Messaging Service the account's own, or set where its inbound texts go."""
    world = request.app[WORLD]
    body = await read_object(request, {"sender": str, "inbound_url": str})
    sender = required(body, "sender")
    if not sender.startswith("MG") and not is_e164(sender.removeprefix("whatsapp:")):
        raise BadField("sender", "must be a number in E.164, whatsapp: and one, or a Messaging Service SID")
    world.senders[sender] = url_in(body, "inbound_url")
    return await list_senders(request)


async def list_senders(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    rows = [{"sender": sender, "inbound_url": url or world.inbound_url} for sender, url in world.senders.items()]
    return web.json_response({"senders": rows})


async def set_inbound(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    world.inbound_url = url_in(await read_object(request, {"webhook_url": str}), "webhook_url")
    return web.json_response({"webhook_url": world.inbound_url})


async def set_events(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    world.events_url = url_in(await read_object(request, {"destination": str}), "destination")
    return web.json_response({"destination": world.events_url})


async def set_sendgrid(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    world.sendgrid_webhook_url = url_in(await read_object(request, {"webhook_url": str}), "webhook_url")
    return web.json_response({"webhook_url": world.sendgrid_webhook_url})


async def set_verify(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    world.verify_webhook_url = url_in(await read_object(request, {"webhook_url": str}), "webhook_url")
    return web.json_response({"webhook_url": world.verify_webhook_url})


ROUTES = (
    web.post("/_sandbox/faults", set_faults),
    web.get("/_sandbox/faults", list_faults),
    web.delete("/_sandbox/faults", clear_faults),
    web.post("/_sandbox/senders", set_sender),
    web.get("/_sandbox/senders", list_senders),
    web.post("/_sandbox/inbound_url", set_inbound),
    web.post("/_sandbox/events", set_events),
    web.post("/_sandbox/sendgrid", set_sendgrid),
    web.post("/_sandbox/verify", set_verify),
)
