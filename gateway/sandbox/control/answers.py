"""How the control endpoints read JSON and say what is wrong with it: 400, and the field's name."""

import json
from typing import Any

from aiohttp import web

from gateway.sandbox.forms import is_callback_url
from gateway.sandbox.world import World

WORLD: web.AppKey[World] = web.AppKey("world", World)


class BadField(Exception):
    """`field` is what is wrong; `body` where it is the whole."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field

    def response(self) -> web.Response:
        return web.json_response({"error": str(self), "field": self.field}, status=400)


@web.middleware
async def explain(request: web.Request, handler: Any) -> web.StreamResponse:
    """Turns BadField into its answer."""
    try:
        response: web.StreamResponse = await handler(request)
    except BadField as bad:
        return bad.response()
    return response


async def read_object(request: web.Request, known: dict[str, type | tuple[type, ...]]) -> dict[str, Any]:
    """The JSON object in the body, with known fields of the right type only; null counts as absent."""
    try:
        body = json.loads(await request.read() or b"{}")
    except ValueError:
        raise BadField("body", "must be JSON") from None
    if not isinstance(body, dict):
        raise BadField("body", "must be a JSON object")
    for name, value in body.items():
        if name not in known:
            raise BadField(name, f"unknown field; known are {', '.join(known)}")
        if value is not None and not isinstance(value, known[name]):
            raise BadField(name, "has the wrong type")
    return {name: value for name, value in body.items() if value is not None}


def required(body: dict[str, Any], name: str) -> str:
    if not body.get(name):
        raise BadField(name, "is required")
    return str(body[name])


def url_in(body: dict[str, Any], name: str) -> str | None:
    url = body.get(name)
    if url is not None and not is_callback_url(url):
        raise BadField(name, "must be an absolute http or https URL")
    return url


def number_in(request: web.Request, name: str, usual: int) -> int:
    text = request.query.get(name)
    if text is None:
        return usual
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BadField(name, "must be a whole number")
    return int(text)
