"""JSON as it is written to callers."""

from __future__ import annotations

from typing import Any

from flask import Response
from pydantic_core import to_json
from werkzeug.datastructures import Headers

JSON = "application/json"


def dumps(document: object) -> str:
    return to_json(document).decode()


class JsonResponse(Response):
    """A whole JSON text whose headers are ASCII and final: Werkzeug need not look for what it may correct in them."""

    default_mimetype = JSON

    def get_wsgi_headers(self, environ: Any) -> Headers:
        self.headers["Content-Length"] = str(sum(len(piece) for piece in self.response))
        return self.headers
