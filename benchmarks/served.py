"""The gateway and a bare Flask no-op in one WSGI application, so that both are measured on the same server."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

from gateway.app import create_app

Start = Callable[..., Any]


def noop() -> Flask:
    """The least that Flask can do with a POST."""
    app = Flask("noop", static_folder=None)

    @app.post("/noop")
    def nothing() -> str:
        return ""

    return app


def make() -> Callable[[dict[str, Any], Start], Iterable[bytes]]:
    gateway, bare = create_app(), noop()

    def serve(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        app = bare if environ["PATH_INFO"] == "/noop" else gateway
        return app.wsgi_app(environ, start)

    return serve


app = make()
