"""L8: a walk over the URL map: every route has an auth decision, and without one nothing is read or written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.routing import Rule

from gateway import wiring
from gateway.adapters.store import names
from gateway.adapters.store.connection import Client
from gateway.app import ENDPOINTS, create_app
from gateway.settings import Settings
from gateway.wiring import Gateway
from tests.stack import FLOW_CONFIG, environment

OPEN = {"/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/problems", "/problems/<code>"}
"""Open to the network by decision; nothing personal in them."""
OWN_GUARDS = ("/webhooks/", "/console", "/docs/")
"""Guarded by signature, and by the operators' session; the assets of the document's page."""


CONSOLE_DOOR = {"/console/login", "/console/static/<path:filename>"}
"""What the console shows to anybody: the sign-in, and its stylesheets and scripts. Signing out needs a session."""


@pytest.fixture
def gateway(client: Client, redis_url: str, tmp_path: Path) -> Iterator[Gateway]:
    file = tmp_path / "gateway.toml"
    file.write_text(FLOW_CONFIG)
    yield wiring.build(Settings.load(file, environment(redis_url, "http://127.0.0.1:9", "http://127.0.0.1:9")))


def _concrete(rule: Rule) -> str:
    return re.sub(r"<[^>]+>", "01ARZ3NDEKTSV4RRFFQ69G5FAV", rule.rule)


def test_every_route_is_open_by_decision_or_guarded(gateway: Gateway) -> None:
    declared = {endpoint.rule for endpoint in ENDPOINTS}
    for rule in create_app(gateway).url_map.iter_rules():
        known = rule.rule in OPEN or rule.rule in declared or rule.rule.startswith(OWN_GUARDS)
        assert known, f"{rule.rule} has no auth decision"


def test_every_endpoint_names_a_scope() -> None:
    scopes = {"send", "lookup", "verify", "suppressions", "admin"}
    assert all(endpoint.scopes and set(endpoint.scopes) <= scopes for endpoint in ENDPOINTS)


def _kept(client: Client) -> set[bytes]:
    """All keys but the counters of requests, which are written later and hold names of ours alone."""
    return set(client.keys()) - {names.TALLY.encode()}


def test_no_endpoint_answers_without_a_key_nor_touches_the_store(gateway: Gateway, client: Client) -> None:
    browser = create_app(gateway).test_client()
    before = _kept(client)
    for rule in create_app(gateway).url_map.iter_rules():
        if rule.rule in OPEN or rule.rule.startswith(("/console", "/docs/")):
            continue  # the console's own guard is tested below
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            answer = browser.open(_concrete(rule), method=method, json={"to": "+14155550100"})
            expected = 403 if rule.rule.startswith("/webhooks/") else 401
            assert answer.status_code == expected, (method, rule.rule, answer.status_code)
    assert _kept(client) == before


def test_no_page_of_the_console_opens_without_a_session_nor_touches_the_store(gateway: Gateway, client: Client) -> None:
    app = create_app(gateway)
    browser = app.test_client()
    before = _kept(client)
    guarded = [r for r in app.url_map.iter_rules() if r.rule.startswith("/console") and r.rule not in CONSOLE_DOOR]
    assert len(guarded) > 15
    for rule in guarded:
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            for cookie in (None, "forged", "WyJib290c3RyYXAiXQ.x.y"):
                browser.delete_cookie("gateway_console", path="/console")
                if cookie is not None:
                    browser.set_cookie("gateway_console", cookie, path="/console")
                answer = browser.open(_concrete(rule), method=method, data={"to": "+14155550100", "csrf": "x"})
                if method == "GET" or rule.rule == "/console/logout":
                    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/login"), rule.rule
                else:
                    assert answer.status_code == 401, rule.rule
                htmx = browser.open(_concrete(rule), method=method, headers={"HX-Request": "true"})
                assert rule.rule == "/console/logout" or htmx.status_code == 401, rule.rule
    assert _kept(client) == before
