"""The door that every API request comes through: who is it, what befalls it, what is the answer.

Operations know nothing of HTTP, latency or faults; all of that happens here.
"""

import asyncio
import base64
import binascii
import json
import secrets
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from functools import lru_cache

from aiohttp import web

from gateway.sandbox.ask import Ask, Operation, Reply
from gateway.sandbox.plans import Mishap
from gateway.sandbox.refusals import Declined, Refusal
from gateway.sandbox.scenarios import scenario_for
from gateway.sandbox.world import World

BEFORE = ("latency", "429", "5xx_before", "reset_before", "timeout_before")
RETRY_AFTER_SECONDS = 1
CODES = {500: 20500, 503: 20503}
JSON_TYPE = "application/json"


class NoAnswer(Exception):
    """The request ends without an answer: the connection is broken off."""


async def read_ask(request: web.Request) -> Ask:
    host = request.host or ""
    scheme = "https" if host.endswith((".twilio.com", ".sendgrid.com")) else request.scheme
    return Ask(
        method=request.method,
        path=request.path,
        query_string=request.rel_url.raw_query_string,
        raw=await request.read(),
        content_type=request.content_type,
        params=request.match_info,
        origin=f"{scheme}://{host}",
        authorization=request.headers.get("Authorization", ""),
    )


class Door:
    """Turns an Operation into an aiohttp handler."""

    def __init__(self, world: World) -> None:
        self._world = world

    def opens(self, operation: Operation) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            return await self._answer(operation, request)

        return answer

    async def _answer(self, operation: Operation, request: web.Request) -> web.StreamResponse:
        world, started = self._world, time.perf_counter()
        ask = await read_ask(request)
        entry = world.log.open(operation, ask)
        world.in_flight += 1
        world.most_in_flight = max(world.most_in_flight, world.in_flight)
        status = 0
        try:
            reply = await self._perform(operation, ask)
            entry.sid, entry.paid = reply.sid, reply.paid
            status = reply.status
            return self._response(reply)
        except NoAnswer:
            break_off(request)
            return web.Response(status=500)
        finally:
            world.in_flight -= 1
            world.log.close(entry, status, started)

    async def _perform(self, operation: Operation, ask: Ask) -> Reply:
        world = self._world
        try:
            admit(world, operation, ask)
            if 0 < world.options.concurrency_limit < world.in_flight:
                raise Refusal(20429)
            await self._slow_down()
            mishaps = world.faults.on_request(operation.product, operation.name, ask.number)
            mishaps += ordered_by_scenario(world, operation, ask)
            await self._befall_before(mishaps)
            reply = operation.act(world, ask)
        except Declined as declined:
            return declined.reply()
        return await self._befall_after(mishaps, reply)

    async def _slow_down(self) -> None:
        options = self._world.options
        if options.latency_ms or options.latency_jitter_ms:
            spread = self._world.faults.random.uniform(-options.latency_jitter_ms, options.latency_jitter_ms)
            await asyncio.sleep(max(0.0, options.latency_ms + spread) / 1000)

    async def _befall_before(self, mishaps: list[Mishap]) -> None:
        """What keeps the request from being acted on."""
        for mishap in mishaps:
            match mishap.kind:
                case "latency":
                    await self._world.hold(mishap.milliseconds / 1000)
                case "429":
                    raise Refusal(20429, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
                case "5xx_before":
                    raise Broken(mishap.status)
                case "reset_before":
                    raise NoAnswer
                case "timeout_before":
                    await self._never_answer()

    async def _befall_after(self, mishaps: list[Mishap], reply: Reply) -> Reply:
        """What happens to an answer when the request has been acted on."""
        for mishap in mishaps:
            match mishap.kind:
                case "early":
                    await self._wait_for_callback(reply.sid)
                case "5xx_after":
                    return Broken(mishap.status).reply()
                case "reset_after":
                    raise NoAnswer
                case "timeout_after":
                    await self._never_answer()
        return reply

    async def _never_answer(self) -> None:
        await self._world.hold(self._world.options.hold_ms / 1000)
        raise NoAnswer

    async def _wait_for_callback(self, sid: str | None) -> None:
        if sid is None:
            return
        callbacks = self._world.callbacks
        try:
            await asyncio.wait_for(callbacks.first_of(sid).wait(), 2 + 10 * self._world.step)
        except TimeoutError:
            return
        finally:
            callbacks.forget(sid)

    def _response(self, reply: Reply) -> web.Response:
        headers = {
            "Twilio-Request-Id": "RQ" + secrets.token_hex(16),
            "Twilio-Concurrent-Requests": str(self._world.in_flight),
            **reply.headers,
        }
        if reply.body is None:
            return web.Response(status=reply.status, headers=headers)
        return web.Response(
            body=json.dumps(reply.body).encode(), status=reply.status, headers=headers, content_type=JSON_TYPE
        )


class Broken(Declined):
    """A 5xx: Twilio's own body where it has a code, else a proxy's page."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status

    def reply(self) -> Reply:
        code = CODES.get(self.status)
        return Refusal(code).reply() if code else Reply(self.status, {"status": self.status, "message": "Bad gateway"})


def ordered_by_scenario(world: World, operation: Operation, ask: Ask) -> list[Mishap]:
    """The mishap that the number's scenario brings, if it has not struck as often as it may."""
    if not ask.number or not (operation.creates or operation.product == "lookup"):
        return []
    scenario = scenario_for(ask.number)
    found = [scenario.on_lookup if operation.product == "lookup" else scenario.on_create]
    if operation.product == "messages" and scenario.message.callbacks == "early":
        found.append(Mishap("early"))
    return [one for one in found if one is not None and _may_strike(world, one, operation, ask)]


def _may_strike(world: World, mishap: Mishap, operation: Operation, ask: Ask) -> bool:
    if mishap.times is None:
        return True
    return world.count_try(f"mishap {operation.product}", ask.number) <= mishap.times


def admit(world: World, operation: Operation, ask: Ask) -> None:
    """Check the credentials and the account in the path. Raises Refusal; SendGrid has a check of its own."""
    options = world.options
    ask.account_sid = options.account_sid
    if operation.product == "sendgrid":
        return
    user, secret = credentials(ask.authorization)
    known = {options.account_sid: options.auth_token, options.api_key_sid: options.api_key_secret}
    if not secret or known.get(user) != secret:
        raise Refusal(20003)
    whole_account = operation.product == "account" and operation.name == "fetch"
    if whole_account and options.api_key_is_standard and user == options.api_key_sid:
        raise Refusal(20003, "a Standard API key may not read accounts")
    if ask.params.get("account", options.account_sid) != options.account_sid:
        raise Refusal(20404, ask.path)


@lru_cache(maxsize=1024)
def credentials(authorization: str) -> tuple[str, str]:
    """User and secret of HTTP Basic; empty where there is none."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, secret = base64.b64decode(rest, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, secret


def break_off(request: web.Request) -> None:
    """Close the connection with a TCP reset, so that the client sees it break instead of an empty answer."""
    transport = request.transport
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
