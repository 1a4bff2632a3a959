"""Compares the fact tables with a checkout of Twilio's own documents; by hand, as the suite has no such checkout.

TWILIO_OAI=<checkout of twilio-oai> pytest tests/contract/against_published.py
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.contract.schema import Endpoint, Param
from tests.contract.twilio_schemas import API, ENDPOINTS, LOOKUPS, MESSAGING, STUDIO, VERIFY

DOCUMENTS = {
    API: "api_v2010",
    LOOKUPS: "lookups_v2",
    VERIFY: "verify_v2",
    STUDIO: "studio_v2",
    MESSAGING: "messaging_v1",
}
NEWER = {"MessageIntent"}


@cache
def document(host: str) -> dict[str, Any]:
    path = Path(os.environ["TWILIO_OAI"]) / "spec" / "json" / f"twilio_{DOCUMENTS[host]}.json"
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def operation(endpoint: Endpoint) -> dict[str, Any]:
    found: dict[str, Any] = document(endpoint.host)["paths"][endpoint.path][endpoint.method.lower()]
    return found


def published(endpoint: Endpoint, where: str) -> dict[str, dict[str, Any]]:
    if where == "form":
        content = operation(endpoint).get("requestBody", {}).get("content", {})
        schema = content.get("application/x-www-form-urlencoded", {}).get("schema", {})
        needed = schema.get("required", [])
        return {
            name: {**_resolved(endpoint, one), "needed": name in needed}
            for name, one in schema.get("properties", {}).items()
        }
    return {
        one["name"]: {**_resolved(endpoint, one["schema"]), "needed": one.get("required", False)}
        for one in operation(endpoint).get("parameters", [])
        if one["in"] == where
    }


def _resolved(endpoint: Endpoint, schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    node: Any = document(endpoint.host)
    for part in schema["$ref"].split("/")[1:]:
        node = node[part]
    resolved: dict[str, Any] = node
    return resolved


def contradictions(param: Param, schema: dict[str, Any]) -> list[str]:
    """Where our facts are looser than the document, or speak of something else."""
    inner = schema.get("items", schema) if schema.get("type") == "array" else schema
    found = []
    if (schema.get("type") == "array") != (param.most > 1):
        found.append("repeated or not")
    if "enum" in inner and set(inner["enum"]) != set(param.choices):
        found.append("choices")
    if pattern := inner.get("pattern"):
        allowed = pattern.removeprefix("^").partition("[")[0].strip("()").split("|")
        if sorted(allowed) != sorted(param.prefixes):
            found.append("pattern")
    for name, kind in (("integer", "integer"), ("boolean", "boolean"), ("number", "number")):
        if (inner.get("type") == name) != (param.kind == kind):
            found.append(f"type {name}")
    if inner.get("format") in ("date-time", "uri", "iso-country-code") and param.kind != inner["format"]:
        found.append("format")
    return found


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
@pytest.mark.parametrize("where", ["query", "form"])
def test_the_tables_say_what_the_documents_say(endpoint: Endpoint, where: str) -> None:
    ours, theirs = getattr(endpoint, where), published(endpoint, where)
    assert set(ours) - NEWER == set(theirs)
    assert {name for name, param in ours.items() if param.needed} == {n for n, one in theirs.items() if one["needed"]}
    assert {name: bad for name, one in theirs.items() if (bad := contradictions(ours[name], one))} == {}


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
def test_the_paths_parts_are_those_of_the_documents(endpoint: Endpoint) -> None:
    methods = document(endpoint.host)["paths"][endpoint.path]
    theirs = {
        one["name"]
        for one in [*methods.get("parameters", []), *operation(endpoint)["parameters"]]
        if one["in"] == "path"
    }
    assert set(endpoint.parts) == theirs
