"""The raw body of a request, read once and within a bound; a body that breaks off is returned as far as it came."""

from __future__ import annotations

import re

from flask import Request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

_LENGTH = re.compile(r"[0-9]{1,18}")


class TooLarge(Exception):
    """More than the bound, by its own account or in fact."""


def read_body(request: Request, limit: int) -> bytes:
    """With a declared length it is read straight off the stream; a chunked body goes through Werkzeug's counting one.

    Broken off or lying about its length, a body is simply not the one that was signed.
    """
    environ = request.environ
    declared = environ.get("CONTENT_LENGTH") or ""
    if "HTTP_TRANSFER_ENCODING" in environ or not _LENGTH.fullmatch(declared):
        return _counted(request, limit)
    length = int(declared)
    if length > limit:
        raise TooLarge
    try:
        body: bytes = environ["wsgi.input"].read(length)
    except OSError:
        return b""
    return body


def _counted(request: Request, limit: int) -> bytes:
    request.max_content_length = limit + 1  # at its limit Werkzeug cuts off without a word: one more byte tells
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge as err:
        raise TooLarge from err
    except (BadRequest, OSError):
        return b""
    if len(body) > limit:
        raise TooLarge
    return body
