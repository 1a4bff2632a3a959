"""`/openapi.json`, and `/docs`, its page: all files come from this process, no script stands inline."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import flask_swagger_ui
from flask import Blueprint, Flask, Response, send_from_directory

from gateway.api.endpoint import JSON, Endpoint
from gateway.api.openapi import document
from gateway.api.texts import dumps

ASSETS = Path(flask_swagger_ui.__file__).parent / "dist"
SERVED = ("swagger-ui.css", "index.css", "swagger-ui-bundle.js", "favicon-32x32.png")
PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Twilio pre-send gateway: API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="stylesheet" href="docs/index.css">
<link rel="icon" type="image/png" href="docs/favicon-32x32.png" sizes="32x32">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script nonce="{nonce}">
SwaggerUIBundle({{
  url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null, persistAuthorization: false,
  presets: [SwaggerUIBundle.presets.apis],
}});
</script>
</body>
</html>
"""
POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def mount(app: Flask, endpoints: Sequence[Endpoint]) -> None:
    text = cache(lambda: dumps(document(endpoints)))

    def openapi() -> Response:
        return Response(text(), 200, content_type=JSON)

    pages = Blueprint("docs", __name__)
    pages.add_url_rule("/openapi.json", "openapi", openapi, methods=["GET"], provide_automatic_options=False)
    pages.add_url_rule("/docs", "page", _page, methods=["GET"], provide_automatic_options=False)
    for name in SERVED:
        pages.add_url_rule(f"/docs/{name}", name.replace(".", "-"), _asset(name), provide_automatic_options=False)
    app.register_blueprint(pages)


def _page() -> Response:
    nonce = secrets.token_urlsafe(16)
    response = Response(PAGE.format(nonce=nonce), 200, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = POLICY.format(nonce=nonce)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _asset(name: str):  # type: ignore[no-untyped-def]
    def asset() -> Response:
        response = send_from_directory(ASSETS, name, max_age=86_400)
        response.headers["Cache-Control"] = "public, max-age=86400"
        return response

    return asset
