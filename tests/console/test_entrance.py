"""`/console` without a slash leads on by a path, never to a host that the client claims."""

from __future__ import annotations

from tests.console.conftest import Console


def test_it_leads_to_the_overview_and_names_no_host(console: Console) -> None:
    answer = console.signed_in().get("/console")
    assert (answer.status_code, answer.headers["Location"]) == (308, "/console/")


def test_without_a_session_it_leads_to_the_door(console: Console) -> None:
    answer = console.browser().get("/console", headers={"Host": "elsewhere.example"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/login")
