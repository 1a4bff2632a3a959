"""What operators did: who, when, what."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from gateway.console.visit import Page, Visit

ROWS = 100


def trail(visit: Visit) -> Response:
    deeds, cursor = visit.trail.page(request.args.get("cursor") or None, ROWS)
    return visit.page("audit.html", deeds=deeds, cursor=cursor)


PAGES = (Page("GET", "/audit", "audit", trail),)
