"""One visit of a page: who is there, and what every page needs of the house."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gateway.adapters.store.operators import OperatorTrail
from gateway.console.sessions import Session, Sessions
from gateway.wiring import Gateway

DONE: Mapping[str, str] = {
    "canceled": "The intent is canceled.",
    "retried": "A new intent was made; this is it.",
    "suppressed": "The entry stands: nothing is sent there any more.",
    "standing": "Such an entry stood already; nothing has changed.",
    "unsuppressed": "The entry is taken away.",
    "unsuppressed_here": "Taken away here. Twilio may keep a block of its own until the person texts START.",
    "named": "The caller's name is shown below.",
    "nameless": "Nobody has given this number a name.",
    "no_lookup": "Lookup did not answer; ask again later.",
    "over_budget": "Today's budget of paid lookups is used up.",
    "nothing": "There was no such entry; nothing has changed.",
}
"""What a page says after a redirect; the URL holds only the word."""


@dataclass(frozen=True, slots=True)
class Visit:
    gateway: Gateway
    sessions: Sessions
    session: Session

    @property
    def trail(self) -> OperatorTrail:
        return OperatorTrail(self.gateway.client, self.gateway.clock)

    def note(self, what: str, about: str = "", detail: str = "") -> None:
        self.trail.note(self.session.key_id, what, about, detail)

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        text = render_template(
            f"console/{template}",
            visitor=self.session,
            csrf=self.sessions.token(self.session),
            done=DONE.get(request.args.get("done", "")),
            now=self.gateway.clock.now(),
            **values,
        )
        return Response(text, status, content_type="text/html; charset=utf-8")


@dataclass(frozen=True, slots=True)
class Page:
    """A page or an action. `path` below /console, in Flask's spelling; actions are POST and carry the form's token."""

    method: str
    path: str
    name: str
    view: Callable[..., AnyResponse]


def to(name: str, done: str | None = None, **values: Any) -> AnyResponse:
    """After an action: to the page that shows what came of it."""
    return redirect(url_for(f"console.{name}", done=done, **values), code=303)
