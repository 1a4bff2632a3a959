"""Why a number would be reached so, or not at all: the verdict of every gate, and the route. Nothing is sent."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from gateway.console.explaining import Explained, explain
from gateway.console.visit import Page, Visit
from gateway.errors import LookupUnavailable, Refused


def show(visit: Visit) -> Response:
    return _page(visit, 200, None, "")


def judge(visit: Visit) -> Response:
    live = request.form.get("lookup") == "live"
    try:
        explained = explain(
            visit.gateway,
            visit.session.app,
            to=request.form.get("to", ""),
            country=request.form.get("country", ""),
            purpose=request.form.get("purpose", ""),
            live=live,
        )
    except LookupUnavailable as err:
        return _page(visit, 503, None, f"Lookup cannot answer now ({err.cause}); judge without it.")
    except Refused as err:
        return _page(visit, 400, None, err.detail)
    visit.note("decision_explained", explained.shown, "with a live lookup" if live else "without a paid lookup")
    return _page(visit, 200, explained, "")


def _page(visit: Visit, status: int, explained: Explained | None, message: str) -> Response:
    purposes = visit.gateway.policy.purposes
    return visit.page(
        "policy.html",
        status,
        explained=explained,
        message=message,
        policy=visit.gateway.policy,
        purposes=purposes,
        chosen=request.form.get("purpose", "notification"),
        lookup_mode=request.form.get("lookup", "offline"),
    )


PAGES = (
    Page("GET", "/policy", "policy", show),
    Page("POST", "/policy", "judge", judge),
)
