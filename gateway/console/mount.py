"""The blueprint: each page guarded by the session, each action by its form, each answer by strict headers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Response as AnyResponse

from gateway.adapters.lookups.room import serving_requests
from gateway.console import shown
from gateway.console.errors import problem_page
from gateway.console.pages import audit, dead_ends, intents, naming, overview, person, policy, suppressions
from gateway.console.sessions import COOKIE, Sessions
from gateway.console.signing_in import Door
from gateway.console.visit import Page, Visit
from gateway.errors import GatewayError, Refused
from gateway.wiring import Gateway


def _missing(visit: Visit, rest: str) -> AnyResponse:
    raise NotFound


def _entrance(visit: Visit) -> AnyResponse:
    """Ours, because the redirect that routing makes of a missing slash names a host that the client claims."""
    return redirect(url_for("console.overview"), code=308)


PAGES: tuple[Page, ...] = (
    Page("GET", "", "entrance", _entrance),
    *overview.PAGES, *person.PAGES, *naming.PAGES, *intents.PAGES, *dead_ends.PAGES, *suppressions.PAGES, *policy.PAGES,
    *audit.PAGES,
    Page("GET", "/<path:rest>", "missing", _missing),
)  # fmt: skip
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
LARGEST_FORM = 64 * 1024


def create_console(gateway: Gateway) -> Blueprint:
    pages = Blueprint("console", __name__, url_prefix="/console", template_folder="templates", static_folder="static")
    sessions = Sessions(gateway)
    Door(gateway, sessions).mount(pages)
    _mount(pages, gateway, sessions, PAGES)
    pages.before_request(_bounded)
    pages.after_request(_headers)
    pages.register_error_handler(GatewayError, problem_page)
    pages.register_error_handler(HTTPException, problem_page)
    for name, show in shown.FILTERS.items():
        pages.add_app_template_filter(show, name)
    pages.add_app_template_global(shown.spared, "spared")
    return pages


def _mount(blueprint: Blueprint, gateway: Gateway, sessions: Sessions, pages: Iterable[Page]) -> None:
    for page in pages:
        blueprint.add_url_rule(
            page.path,
            page.name,
            _guarded(gateway, sessions, page),
            methods=[page.method],
            provide_automatic_options=False,
        )


def _guarded(gateway: Gateway, sessions: Sessions, page: Page) -> Callable[..., AnyResponse]:
    def view(**path: Any) -> AnyResponse:
        session = sessions.read(request.cookies.get(COOKIE))
        if session is None:
            return _to_the_door()
        if page.method == "POST" and not sessions.token_fits(session, request.form.get("csrf", "")):
            raise Refused("forbidden", "This form is not of this session: go back, reload the page, and try again.")
        serving_requests()
        return page.view(Visit(gateway, sessions, session), **path)

    return view


def _to_the_door() -> AnyResponse:
    """A page leads to the sign-in; what htmx fetched is told to reload, since a fragment cannot show a sign-in."""
    response = Response("Sign in again.", 401, content_type="text/plain; charset=utf-8")
    if request.headers.get("HX-Request") == "true":
        response.headers["HX-Refresh"] = "true"
    elif request.method == "GET":
        response = Response("", 303)
        response.headers["Location"] = url_for("console.sign_in")
    return response


def _bounded() -> Response | None:
    if (request.content_length or 0) > LARGEST_FORM:
        raise Refused("too_large", "The form is too large.")
    return None


def _headers(response: AnyResponse) -> AnyResponse:
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    static = request.endpoint == "console.static"
    response.headers["Cache-Control"] = "public, max-age=3600" if static else "no-store"
    return response
