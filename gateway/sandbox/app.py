"""The sandbox as an aiohttp application: every product's operations, the control endpoints, the index page."""

from collections.abc import AsyncIterator

from aiohttp import web

from gateway.sandbox.ask import Ask, Operation, Reply
from gateway.sandbox.control import look, person, settings
from gateway.sandbox.control.answers import WORLD, explain
from gateway.sandbox.door import Door
from gateway.sandbox.index import page
from gateway.sandbox.options import SandboxOptions
from gateway.sandbox.products import (
    account,
    calls,
    lookup,
    messages,
    sendgrid,
    sinks,
    studio,
    totp_challenges,
    totp_factors,
    verifications,
    verify_services,
)
from gateway.sandbox.refusals import Refusal
from gateway.sandbox.world import World

PRODUCTS = (
    messages,
    calls,
    lookup,
    verifications,
    verify_services,
    totp_factors,
    totp_challenges,
    studio,
    sinks,
    sendgrid,
    account,
)
LARGEST_BODY = 32 * 1024 * 1024


def operations() -> tuple[Operation, ...]:
    """Everything the sandbox can be asked by an SDK."""
    return tuple(operation for product in PRODUCTS for operation in product.OPERATIONS)


def create_app(options: SandboxOptions) -> web.Application:
    world = World(options)
    app = web.Application(middlewares=[explain], client_max_size=LARGEST_BODY)
    app[WORLD] = world
    door = Door(world)
    for operation in operations():
        app.router.add_route(operation.method, operation.path, door.opens(operation))
    app.add_routes([*look.ROUTES, *settings.ROUTES, *person.ROUTES, web.get("/", _index)])
    app.router.add_route("*", "/{rest:.*}", door.opens(Operation("unknown", "unknown", "*", "", _unknown)))
    app.cleanup_ctx.append(_lifetime)
    return app


async def _lifetime(app: web.Application) -> AsyncIterator[None]:
    await app[WORLD].open()
    yield
    await app[WORLD].close()


async def _index(request: web.Request) -> web.Response:
    return web.Response(text=page(), content_type="text/html")


def _unknown(world: World, ask: Ask) -> Reply:
    raise Refusal(20404, f"{ask.method} {ask.path}")
