"""The `type` of every problem leads to a page that says what it means and what to do."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html import unescape

import pytest

from gateway.api.openapi import example
from gateway.api.problem_pages import WHAT_TO_DO
from gateway.api.problems import KINDS
from gateway.cli.root import COMMANDS
from gateway.settings import Settings
from tests.api.conftest import Api


def test_every_problem_says_what_to_do() -> None:
    assert set(WHAT_TO_DO) == set(KINDS)
    assert all(text.endswith(".") and "  " not in text for text in WHAT_TO_DO.values())


def test_the_commands_and_settings_that_are_named_exist() -> None:
    words = " ".join(WHAT_TO_DO.values())
    named = set(re.findall(r"`gateway (\w+)", words))
    assert named and named <= set(COMMANDS)
    sections = dict(re.findall(r"`\[(\w+)\] (\w+)`", words))
    settings = Settings.load(environ={})
    assert len(sections) >= 3
    for section, key in sections.items():
        assert hasattr(getattr(settings, section), key), f"[{section}] {key}"


@pytest.mark.parametrize("code", KINDS)
def test_the_type_of_a_problem_leads_to_its_page(api: Api, code: str) -> None:
    answer = api.get(example(code)["type"], key=None)
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert KINDS[code].title in unescape(answer.text) and f"status {KINDS[code].status} " in answer.text
    shown = re.search(r"<pre>(.+)</pre>", answer.text, re.S)
    assert shown is not None and json.loads(unescape(shown[1])) == example(code)
    assert "`" not in answer.text.replace(shown[0], "")


def test_a_real_problem_leads_to_a_page(api: Api) -> None:
    refused = api.post("/send", {"to": "911", "body": "Hello."}).get_json()
    assert refused["title"] in api.get(refused["type"], key=None).text


def test_all_of_them_are_listed(api: Api) -> None:
    page = api.get("/problems", key=None).text
    assert re.findall(r'href="/problems/(\w+)"', page) == sorted(KINDS, key=lambda code: (KINDS[code].status, code))


@pytest.mark.parametrize("path", ["/problems", "/problems/no_route"])
def test_a_page_loads_nothing_and_runs_nothing(api: Api, path: str) -> None:
    answer = api.get(path, key=None)
    policy = answer.headers["Content-Security-Policy"]
    style = re.search(r"<style>(.+)</style>", answer.text, re.S)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert "default-src 'none'" in policy and f"style-src 'sha256-{digest}'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert not re.search(r"<script|<link|<img|src=|https?:", answer.text)


def test_a_code_that_does_not_exist_is_not_found(api: Api) -> None:
    answer = api.get("/problems/%3Cscript%3E", key=None)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert "script" not in answer.text
