"""What ended without success, why, and another try."""

from __future__ import annotations

from collections import Counter

from flask import request
from werkzeug.wrappers import Response

from gateway.console import lists
from gateway.console.visit import Page, Visit
from gateway.model import Progress
from gateway.wiring import retrying


def dead_ends(visit: Visit) -> Response:
    wanted = request.args.get("code", "")[:64]
    before = lists.before_in(request.args.get("cursor"))
    page = lists.dead(visit.gateway, lambda p: not wanted or _code(p) == wanted, before)
    codes = Counter(_code(progress) for progress in page.intents)
    again = {p.intent.id for p in page.intents if retrying.retryable(visit.gateway, p)}
    return visit.page("dead_ends.html", page=page, wanted=wanted, codes=codes.most_common(), retryable=again)


def _code(progress: Progress) -> str:
    return progress.failure.code if progress.failure else progress.status.value


PAGES = (Page("GET", "/dead-ends", "dead_ends", dead_ends),)
