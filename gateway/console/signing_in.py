"""The door of the console: sign in with an admin key, sign out. Slow for whoever guesses, and silent on why not."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gateway.adapters.store.limits import Bucket, Limits
from gateway.adapters.store.names import Hasher
from gateway.adapters.store.operators import OperatorTrail
from gateway.console.sessions import COOKIE, DOOR_COOKIE, DOOR_LIFE, LIFE, Session, Sessions
from gateway.wiring import Gateway

NO = "That key does not open the console."
SLOW = "Too many tries. Wait a little, then try again."
OLD_FORM = "The page was too old. Try again."
EACH = (0.2, 5)
ALL = (5.0, 50)
"""Tries per second and burst: from one address, and from all."""


class Door:
    def __init__(self, gateway: Gateway, sessions: Sessions) -> None:
        self._gateway = gateway
        self._sessions = sessions
        self._limits = Limits(gateway.client)
        self._hash = Hasher(gateway.secrets.hash)
        self._secure = gateway.settings.public_base_url.startswith("https://")

    def mount(self, pages: Blueprint) -> None:
        pages.add_url_rule("/login", "sign_in", self.show, methods=["GET"], provide_automatic_options=False)
        pages.add_url_rule("/login", "enter", self.enter, methods=["POST"], provide_automatic_options=False)
        pages.add_url_rule("/logout", "sign_out", self.leave, methods=["POST"], provide_automatic_options=False)

    def show(self) -> AnyResponse:
        """Reads and writes nothing."""
        return self._form(200, "")

    def enter(self) -> AnyResponse:
        if not self._sessions.door_fits(request.cookies.get(DOOR_COOKIE), request.form.get("csrf", "")):
            return self._form(403, OLD_FORM)
        wait = self._wait()
        if wait:
            response = self._form(429, SLOW)
            response.headers["Retry-After"] = str(max(1, round(wait.total_seconds())))
            return response
        session = self._sessions.open(request.form.get("key", ""))
        if session is None:
            return self._form(401, NO)
        self._note(session, "signed_in")
        response = redirect(url_for("console.overview"), code=303)
        self._set(response, COOKIE, self._sessions.written(session), LIFE)
        response.delete_cookie(DOOR_COOKIE, path="/console")
        return response

    def leave(self) -> AnyResponse:
        session = self._sessions.read(request.cookies.get(COOKIE))
        response = redirect(url_for("console.sign_in"), code=303)
        if session is not None and self._sessions.token_fits(session, request.form.get("csrf", "")):
            self._sessions.end(session)
            self._note(session, "signed_out")
            response.delete_cookie(COOKIE, path="/console")
        return response

    def _wait(self) -> timedelta:
        source = self._hash(request.remote_addr or "unknown")
        each = Bucket(f"console:{source}", EACH[0], EACH[1])
        return self._limits.take([each, Bucket("console:all", ALL[0], ALL[1])])

    def _form(self, status: int, message: str) -> AnyResponse:
        cookie, token = self._sessions.door()
        text = render_template("console/signin.html", csrf=token, message=message)
        response = Response(text, status, content_type="text/html; charset=utf-8")
        self._set(response, DOOR_COOKIE, cookie, DOOR_LIFE)
        return response

    def _set(self, response: AnyResponse, name: str, value: str, life: timedelta) -> None:
        response.set_cookie(
            name, value, max_age=life, path="/console", secure=self._secure, httponly=True, samesite="Lax"
        )

    def _note(self, session: Session, what: str) -> None:
        OperatorTrail(self._gateway.client, self._gateway.clock).note(session.key_id, what)
