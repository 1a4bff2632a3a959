"""Connections that say when they never came about, and that are not trusted after a long idle time."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from gateway.errors import ProviderSilent

# Load balancers close a silent connection after about a minute. A request written at that moment is lost without a
# word, and for a POST that means an unknown outcome: so we let go first.
IDLE_SECONDS = 30.0

before_request: ContextVar[Callable[[], None] | None] = ContextVar("before_request", default=None)
"""Called right before each request is written, on a connection that is open: here a batch keeps its rate."""


class _Kept(HTTPConnection):
    _answered_at: float | None = None

    def connect(self) -> None:
        """Name resolution, TCP and TLS. A failure here is the one kind after which a resend is surely safe."""
        self._answered_at = None
        try:
            super().connect()
        except (HTTPError, OSError) as err:  # ssl.SSLError is an OSError
            raise ProviderSilent(f"no connection: {type(err).__name__}", sent=False) from err

    def request(self, *args: Any, **more: Any) -> None:
        if (wait := before_request.get()) is not None:
            if self.is_closed:
                self.connect()  # a handshake would come between the moment that was waited for and the request
            wait()
        super().request(*args, **more)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as in urllib3 itself
        response = super().getresponse()
        self._answered_at = time.monotonic()
        return response

    @property
    def is_connected(self) -> bool:
        """What the pool asks before it uses a kept connection again."""
        if self._answered_at is not None and time.monotonic() - self._answered_at > IDLE_SECONDS:
            return False
        return super().is_connected


class _KeptTls(_Kept, HTTPSConnection):
    pass


class PlainPool(HTTPConnectionPool):
    ConnectionCls: Any = _Kept


class TlsPool(HTTPSConnectionPool):
    ConnectionCls: Any = _KeptTls
