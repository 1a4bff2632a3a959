"""One endpoint as data: path, method, who may, what it takes and gives. Registering it is guarding it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, request
from pydantic import BaseModel, ValidationError
from werkzeug.routing import BaseConverter

from gateway import tracing
from gateway.adapters.lookups.room import serving_requests
from gateway.adapters.store.apikeys import ApiKey
from gateway.errors import FieldError, InvalidRequest, Refused
from gateway.ids import PATTERN
from gateway.logs import redacted
from gateway.wiring import Gateway

MAX_BODY = 256 * 1024
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Call:
    """One request, let in: who calls, what was said. `body` is the validated model where the endpoint takes one."""

    gateway: Gateway
    key: ApiKey
    body: Any = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`scopes`: any one of them admits. `problems`: codes it may answer besides those that every endpoint may.

    `limits_itself`: the view takes the key's rate limit, in a round trip that it makes anyway.
    `admits_tests`: False where it reads or changes what is real, so that no test key may.
    `gives` names models of schemas.SCHEMAS; `query` and `headers`: what it reads of the request besides the body.
    """

    method: str
    path: str
    view: Callable[..., Response]
    scopes: tuple[str, ...]
    summary: str
    takes: type[BaseModel] | None = None
    gives: Mapping[int, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    headers: tuple[str, ...] = ()
    tag: str = "intents"
    limits_itself: bool = False
    admits_tests: bool = True

    @property
    def rule(self) -> str:
        """Flask's spelling of the path; an `{id}` is an intent's, so that `/intents/search` is never read as one."""
        return self.path.replace("{id}", "<ulid:id>").replace("{", "<").replace("}", ">")

    @property
    def name(self) -> str:
        return f"{self.method.lower()}:{self.path}"


class Ulid(BaseConverter):
    regex = PATTERN.pattern


def mount(app: Flask, gateway: Gateway, endpoints: Sequence[Endpoint]) -> None:
    app.url_map.converters["ulid"] = Ulid
    for endpoint in endpoints:
        app.add_url_rule(
            endpoint.rule,
            endpoint.name,
            _guarded(gateway, endpoint),
            methods=[endpoint.method],
            provide_automatic_options=False,
        )


def _guarded(gateway: Gateway, endpoint: Endpoint) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        with tracing.span(f"{endpoint.method} {endpoint.path}", request.headers.get("traceparent")):
            return answered(path)

    def answered(path: Mapping[str, str]) -> Response:
        key = _admitted(gateway, endpoint)
        serving_requests()
        if not endpoint.limits_itself:
            gateway.limits.take(key)
        if endpoint.query or request.args:
            _known_query(endpoint)
        body = _body(endpoint.takes) if endpoint.takes is not None else None
        return endpoint.view(Call(gateway, key, body), **path)

    return view


def _admitted(gateway: Gateway, endpoint: Endpoint) -> ApiKey:
    """Before anything else of the request is read."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    key = gateway.keys.authenticate(token.strip()) if kind.lower() == "bearer" and token else None
    if key is None:
        raise Refused("unauthenticated", "Give an API key: Authorization: Bearer …")
    if not set(endpoint.scopes) & set(key.scopes):
        raise Refused("forbidden", f"The key lacks the scope {' or '.join(endpoint.scopes)}.")
    if key.test and not endpoint.admits_tests:
        raise Refused("forbidden", "A test key neither reads nor changes what is real. Use a key that is no test key.")
    return key


def _known_query(endpoint: Endpoint) -> None:
    unknown = [name for name in request.args if name not in endpoint.query]
    if unknown:
        known = ", ".join(endpoint.query) or "none"
        raise InvalidRequest(*(FieldError(name, f"unknown query parameter; known: {known}") for name in unknown))
    repeated = [name for name, values in request.args.lists() if len(values) > 1]
    if repeated:
        raise InvalidRequest(*(FieldError(name, "may be given once only") for name in repeated))


def _body(model: type[BaseModel]) -> BaseModel:
    if (request.mimetype or "") != JSON:
        raise Refused("unsupported_media_type", "Send JSON with content type application/json.")
    if request.content_length is not None and request.content_length > MAX_BODY:
        raise Refused("too_large", "The body is larger than 256 KiB.")
    raw = request.get_data(cache=False)
    if len(raw) > MAX_BODY:
        raise Refused("too_large", "The body is larger than 256 KiB.")
    try:
        return model.model_validate_json(raw)
    except ValidationError as err:
        raise InvalidRequest(*_field_errors(err)) from err


def _field_errors(err: ValidationError) -> list[FieldError]:
    """One entry per wrong field; the value that was given is never repeated."""
    found = []
    for each in err.errors(include_url=False, include_context=False, include_input=False)[:20]:
        field_name = redacted(".".join(str(part)[:64] for part in each["loc"])) or "body"
        message = each["msg"].removeprefix("Value error, ")
        found.append(FieldError(field_name, "unknown field" if each["type"] == "extra_forbidden" else message[:300]))
    return found
