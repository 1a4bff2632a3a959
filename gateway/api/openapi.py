"""The OpenAPI document, made of the table of endpoints and the models they take and give; nothing is written twice."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from pydantic.json_schema import models_json_schema

from gateway.api.endpoint import JSON, Endpoint
from gateway.api.openapi_events import WEBHOOKS
from gateway.api.openapi_tables import (
    DESCRIPTION,
    OPEN_PATHS,
    PATH_PARAMETERS,
    QUERY_PARAMETERS,
    REQUEST_HEADERS,
    RESPONSE_HEADERS,
    TAGS,
    headers_of,
)
from gateway.api.problems import CONTENT_TYPE, KINDS
from gateway.api.schemas import SCHEMAS, Problem

Node = dict[str, Any]
REF = "#/components/schemas/"
EVERYWHERE = (
    "invalid_request", "unauthenticated", "forbidden", "rate_limited", "internal_error", "store_unavailable",
)  # fmt: skip
WITH_BODY = ("too_large", "unsupported_media_type")
EXAMPLE_ID = "01JD4Y7Q2N8ZK3V5W6X7Y8Z9A0"


def document(endpoints: Sequence[Endpoint]) -> Node:
    """OpenAPI 3.1. Raises KeyError for an endpoint that names a schema, parameter or problem which is not described."""
    paths: dict[str, Node] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Twilio pre-send gateway",
            "version": version("twilio-presend-gateway"),
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "externalDocs": {"url": "/problems", "description": "What each problem means, and what to do."},
        "servers": [{"url": "/", "description": "this gateway"}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "security": [{"bearer": []}],
        "paths": {**paths, **OPEN_PATHS},
        "webhooks": WEBHOOKS,
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key of `gateway keys create`. Each endpoint names the scopes that admit. "
                    "For a test key (`--test`) there are no intents but those of test keys.",
                }
            },
            "schemas": _schemas(endpoints),
            "headers": RESPONSE_HEADERS,
        },
    }


def _schemas(endpoints: Sequence[Endpoint]) -> Node:
    taken = {endpoint.takes for endpoint in endpoints if endpoint.takes is not None}
    both = [(model, "validation") for model in sorted(taken, key=lambda m: m.__name__)]
    both += [(model, "serialization") for model in SCHEMAS.values()]
    _, definitions = models_json_schema(both, ref_template=REF + "{model}")  # type: ignore[arg-type]
    found: Node = definitions["$defs"]
    return dict(sorted(found.items()))


def _operation(endpoint: Endpoint) -> Node:
    scopes = " or ".join(f"`{scope}`" for scope in endpoint.scopes)
    tests = "" if endpoint.admits_tests else " A test key is refused: what this reads or changes is real."
    operation: Node = {
        "operationId": re.sub(r"[^a-z]+", "_", endpoint.name.lower()).strip("_"),
        "summary": endpoint.summary,
        "description": f"Needs a key with the scope {scopes}.{tests}",
        "tags": [endpoint.tag],
        "security": [{"bearer": list(endpoint.scopes)}],
        "responses": _responses(endpoint),
    }
    if parameters := _parameters(endpoint):
        operation["parameters"] = parameters
    if endpoint.takes is not None:
        schema = {"$ref": REF + endpoint.takes.__name__}
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    return operation


def _parameters(endpoint: Endpoint) -> list[Node]:
    in_path = re.findall(r"{(\w+)}", endpoint.path)
    found = [{"name": n, "in": "path", "required": True, **PATH_PARAMETERS[n]} for n in in_path]
    for name, description in endpoint.query.items():
        schema = QUERY_PARAMETERS.get(f"{endpoint.path} {name}") or QUERY_PARAMETERS[name]
        found.append({"name": name, "in": "query", "required": False, "description": description, "schema": schema})
    return found + [
        {"name": name, "in": "header", "required": False, **REQUEST_HEADERS[name]} for name in endpoint.headers
    ]


def _responses(endpoint: Endpoint) -> Node:
    found: Node = {str(status): _answer(endpoint, status, name) for status, name in endpoint.gives.items()}
    codes = (*EVERYWHERE, *(WITH_BODY if endpoint.takes is not None else ()), *endpoint.problems)
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        by_status.setdefault(KINDS[code].status, []).append(code)
    for status in sorted(by_status):
        found[str(status)] = problem_response(status, by_status[status])
    return found


def _answer(endpoint: Endpoint, status: int, name: str) -> Node:
    """`name` is one of SCHEMAS; KeyError for any other."""
    schema = {"$ref": REF + SCHEMAS[name].__name__}
    return {
        "description": endpoint.summary,
        "headers": headers_of(status, endpoint.headers),
        "content": {JSON: {"schema": schema}},
    }


def problem_response(status: int, codes: Sequence[str]) -> Node:
    when = "; ".join(f"`{code}`: {KINDS[code].when}" for code in codes)
    return {
        "description": when,
        "headers": headers_of(status, ()),
        "content": {
            CONTENT_TYPE: {
                "schema": {"$ref": REF + Problem.__name__},
                "examples": {code: {"summary": KINDS[code].title, "value": example(code)} for code in codes},
            }
        },
    }


def example(code: str) -> Mapping[str, Any]:
    """A problem document of this code, as `problems.problem` writes it."""
    kind = KINDS[code]
    found: Node = {
        "type": f"/problems/{code}",
        "title": kind.title,
        "status": kind.status,
        "detail": f"{kind.when[:1].upper()}{kind.when[1:]}.",
        "code": code,
        "request_id": EXAMPLE_ID,
    }
    if code == "invalid_request":
        found["errors"] = [{"field": "body", "message": "is required"}]
    return found
