"""The SDK's HTTP client over kept connections: no retries, no redirects, no log.

Source: twilio/http/http_client.py, whose own client writes numbers to its log and waits for ever by default.
"""

from __future__ import annotations

import logging
import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from twilio.http import HttpClient
from twilio.http.response import Response

from gateway.adapters.twilio.errors import asked_wait, wait_seconds
from gateway.adapters.twilio.wire import Wire, call_limit
from gateway.errors import ProviderSilent

# The SDK puts path parts into the URL as they are: what could change the path's meaning does not leave the house.
_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(?:/[A-Za-z0-9._~+:@%-]*)*(?:\?[^\s#\x00-\x1f]*)?")
_UP = re.compile(r"/\.{1,2}(?:/|\?|$)")


class PooledHttpClient(HttpClient):  # type: ignore[misc]  # the SDK is untyped
    """Thread-safe, unlike the SDK's own; keeps nothing of a request. Raises ProviderSilent where there is no answer."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(logging.getLogger("twilio.http_client"), False, wire.timeout_seconds)
        self._wire = wire

    def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """`allow_redirects` is not honoured: credentials go nowhere but where they were sent."""
        if not _URL.fullmatch(uri) or _UP.search(uri):
            raise ValueError("a part of the URL's path is not what it should be")
        if query := _encoded(params):
            uri = f"{uri}{'&' if '?' in uri else '?'}{query}"
        sent = dict(headers or {})
        if auth is not None:
            sent["Authorization"] = "Basic " + b64encode(f"{auth[0]}:{auth[1]}".encode()).decode()
        body = _encoded(data).encode() if data else None
        if timeout is None:
            answer = self._wire.exchange(method.upper(), uri, sent, body)
        else:
            with call_limit(timeout):
                answer = self._wire.exchange(method.upper(), uri, sent, body)
        asked_wait.set(wait_seconds(answer.headers) if answer.status >= 400 else None)
        if answer.status < 400 and not answer.text.lstrip().startswith("{"):
            # The SDK would fail on it in ways of its own; what was asked for may well have been done.
            raise ProviderSilent("the answer is not a JSON object", sent=True)
        return Response(answer.status, answer.text, answer.headers)


def _encoded(fields: Mapping[str, object] | None) -> str:
    """As a form: a list becomes a repeated field, None is left out."""
    if not fields:
        return ""
    pairs: list[tuple[str, Any]] = []
    for name, value in fields.items():
        if isinstance(value, list | tuple):
            pairs.extend((name, item) for item in value if item is not None)
        elif value is not None:
            pairs.append((name, value))
    return urlencode(pairs)
