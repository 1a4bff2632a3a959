"""The document is valid and whole, real answers are as it says, and what it allows is answered as it says."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import schemathesis
import schemathesis.engine
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from schemathesis.config import SchemathesisConfig
from schemathesis.engine.events import EngineEvent, FatalError, NonFatalError, ScenarioFinished
from werkzeug.serving import make_server

from gateway.api.endpoint import Endpoint
from gateway.api.openapi import document, example
from gateway.api.problems import KINDS
from gateway.app import ENDPOINTS
from tests.api.conftest import Api
from tests.stack import KEY

EXAMPLES = 12


@pytest.fixture(scope="module")
def spec(api: Api) -> dict[str, Any]:
    answer = api.get("/openapi.json", key=None)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.get_json()
    return found


def test_the_document_is_valid_openapi_3_1(spec: dict[str, Any]) -> None:
    validate(spec)
    assert spec["openapi"].startswith("3.1.")


def test_every_endpoint_stands_in_it_with_its_scopes(spec: dict[str, Any]) -> None:
    for endpoint in ENDPOINTS:
        operation = spec["paths"][endpoint.path][endpoint.method.lower()]
        assert operation["security"] == [{"bearer": list(endpoint.scopes)}]
        assert {str(status) for status in endpoint.gives} <= set(operation["responses"])


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda e: e.name)
def test_every_problem_of_an_endpoint_has_an_example(endpoint: Endpoint) -> None:
    operation = document(ENDPOINTS)["paths"][endpoint.path][endpoint.method.lower()]
    for code in (*endpoint.problems, "unauthenticated", "forbidden", "store_unavailable"):
        answer = operation["responses"][str(KINDS[code].status)]
        assert answer["content"]["application/problem+json"]["examples"][code]["value"]["code"] == code


@pytest.mark.parametrize("code", KINDS)
def test_every_example_of_a_problem_fits_the_schema(spec: dict[str, Any], code: str) -> None:
    _fits(spec, "Problem", example(code))


def test_no_operation_goes_by_the_name_of_another(spec: dict[str, Any]) -> None:
    names = [op["operationId"] for path in spec["paths"].values() for op in path.values() if "operationId" in op]
    assert len(names) == len(set(names)) == len(ENDPOINTS)


# ---- real answers


def _closed(node: Any) -> Any:
    """The schema with nothing left over allowed: a field that is answered and not described fails."""
    if isinstance(node, list):
        return [_closed(each) for each in node]
    if not isinstance(node, Mapping):
        return node
    closed = {name: _closed(value) for name, value in node.items()}
    if "properties" in node:
        closed.setdefault("additionalProperties", False)
    return closed


def _fits(spec: dict[str, Any], name: str, answer: Any) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": _closed(spec["components"])}
    errors = [f"{list(e.absolute_path)}: {e.message}" for e in Draft202012Validator(schema).iter_errors(answer)]
    assert errors == []


def test_answers_are_as_described(api: Api, spec: dict[str, Any]) -> None:
    body = {"to": "+14155550100", "body": "Hello.", "metadata": {"order": "1"}}
    accepted = api.post("/send", body).get_json()
    _fits(spec, "Intent", accepted)
    _fits(spec, "Decision", api.post("/route", body).get_json())
    _fits(spec, "IntentWhole", api.get(f"/intents/{accepted['id']}").get_json())
    _fits(spec, "IntentPage", api.get("/intents").get_json())
    _fits(spec, "IntentPage", api.post("/intents/search", {"to": "+14155550100"}).get_json())
    _fits(spec, "IntentWhole", api.post(f"/intents/{accepted['id']}/cancel").get_json())
    _fits(spec, "Intent", api.post(f"/intents/{accepted['id']}/retry").get_json())
    _fits(spec, "Readiness", api.get("/readyz", key=None).get_json())
    _fits(spec, "Health", api.get("/healthz", key=None).get_json())
    _fits(spec, "Problem", api.post("/send", {"to": "12"}).get_json())


def test_a_lookup_answers_as_described(api: Api, spec: dict[str, Any]) -> None:
    _fits(spec, "Lookup", api.post("/lookup", {"to": "+14155550100"}).get_json())


def test_suppressions_answer_as_described(api: Api, spec: dict[str, Any]) -> None:
    entry = {"to": "+14155550109", "scope": "sms"}
    for method, path, body in (
        ("put", "/suppressions", entry | {"reason": "asked"}),
        ("post", "/suppressions/check", {"to": entry["to"]}),
        ("get", "/suppressions", None),
        ("post", "/suppressions/remove", entry),
    ):
        answer = getattr(api.app.test_client(), method)(path, json=body, headers={"Authorization": f"Bearer {KEY}"})
        assert answer.status_code == 200, answer.text
        reference = spec["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
        _fits(spec, reference.rpartition("/")[2], answer.get_json())


# ---- everything that the document allows, and what it does not

FACTOR = "/totp/factors/{sid}/verify"
POSITIVE = ["2XX", "400", "401", "403", "404", "409", "410", "422", "429"]
"""A body that fits the schema may still name a purpose, a flow or a number that is none: that is told by 400."""


def test_whatever_is_asked_is_answered_as_described(api: Api) -> None:
    """Every check of Schemathesis, over made-up requests that fit the document and others that do not."""
    config = SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "workers": 1,
            "headers": {"Authorization": f"Bearer {KEY}"},
            "generation": {"max-examples": EXAMPLES, "deterministic": True},
            "checks": {"positive_data_acceptance": {"expected-statuses": POSITIVE}},
            # A factor is not found for another identity than that which enrolled it, and the made-up one is another.
            "operations": [{"include-path": FACTOR, "checks": {"ensure_resource_availability": {"enabled": False}}}],
        }
    )
    found: dict[str, str] = {}
    asked = 0
    for event in _events(api, config):
        if isinstance(event, ScenarioFinished):
            asked += len(event.recorder.cases)
            found |= _failures(event)
        if isinstance(event, NonFatalError | FatalError):
            found[f"{getattr(event, 'label', '')} error"] = repr(event)
    assert "\n\n".join(f"{name}: {told}" for name, told in found.items()) == ""
    assert asked > 20 * len(ENDPOINTS)


def _events(api: Api, config: SchemathesisConfig) -> Iterator[EngineEvent]:
    """Over a socket of this machine: Schemathesis' engine speaks to a server."""
    server = make_server("127.0.0.1", 0, api.app, threaded=True)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/openapi.json"
        yield from schemathesis.engine.from_schema(schemathesis.openapi.from_url(url, config=config)).execute()
    finally:
        server.shutdown()
        server.server_close()
        serving.join(5)


def _failures(event: ScenarioFinished) -> dict[str, str]:
    found = {}
    for case_id, checks in event.recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                case = event.recorder.cases[case_id].value
                found[f"{event.label} {check.name}"] = f"{check.failure_info.failure} {case.as_curl_command()}"
    return found
