"""An HTTP client that remembers what the SDK sends through it, and lets a test judge all of it at the end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from twilio.http import HttpClient
from twilio.http.response import Response

from tests.contract.judge import endpoint_of, judge


@dataclass(frozen=True)
class Recorded:
    """One request as it goes onto the wire: every value a text, a repeated field a list."""

    method: str
    url: str
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    form: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def violations(self) -> list[str]:
        return judge(self.method, self.url, self.query, self.form)

    @property
    def endpoint(self) -> str:
        """The endpoint's name in the fact tables, or nothing."""
        host, _, path = self.url.partition("://")[2].partition("/")
        found = endpoint_of(self.method, host, "/" + path.partition("?")[0])
        return found[0].name if found else ""


class RecordingHttpClient(HttpClient):  # type: ignore[misc]  # the SDK is untyped
    """Hands every request on to `inner`, which may be any HttpClient. Thread-safe."""

    def __init__(self, inner: HttpClient) -> None:
        super().__init__(logging.getLogger("twilio.http_client"), False, inner.timeout)
        self._inner = inner
        self._lock = threading.Lock()
        self.recorded: list[Recorded] = []

    def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        with self._lock:
            self.recorded.append(Recorded(method.upper(), uri, _texts(params), _texts(data)))
        return self._inner.request(method, uri, params, data, headers, auth, timeout, allow_redirects)

    @property
    def violations(self) -> list[str]:
        return [verdict for one in self.recorded for verdict in one.violations]


class AnsweringHttpClient(HttpClient):  # type: ignore[misc]
    """Answers as told, without a network: `answering` gets method and URL."""

    def __init__(self, answering: Callable[[str, str], Response]) -> None:
        super().__init__(logging.getLogger("twilio.http_client"), False, None)
        self._answering = answering

    def request(self, method: str, uri: str, *_: Any, **__: Any) -> Response:
        return self._answering(method.upper(), uri)


def _texts(fields: Mapping[str, Any] | None) -> dict[str, list[str]]:
    listed = {
        name: value if isinstance(value, list | tuple) else [value]
        for name, value in (fields or {}).items()
        if value is not None
    }
    return {name: [str(one) for one in values] for name, values in listed.items()}
