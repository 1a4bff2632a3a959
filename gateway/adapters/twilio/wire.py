"""One HTTP exchange over kept connections, bounded in time and size. Knows no product, retries nothing, logs nothing.

What went wrong is told in the one way that matters afterwards: whether the request can have reached the other side.
"""

from __future__ import annotations

import contextlib
import logging
import ssl
import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import certifi
from urllib3 import BaseHTTPResponse, PoolManager, Retry, Timeout
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import HTTPError

from gateway.adapters.twilio.connections import PlainPool, TlsPool
from gateway.errors import ProviderSilent

CONNECT_SECONDS = 3.05  # just above one lost SYN, which is sent again after 3 s
MAX_ANSWER_BYTES = 8 * 1024 * 1024  # a page of 1000 messages is about 2 MB
_CHUNK = 64 * 1024
_HOSTS = 16
_NO_RETRIES = Retry(total=False, redirect=False)

_limit: ContextVar[float | None] = ContextVar("provider_call_limit", default=None)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str


@contextlib.contextmanager
def call_limit(seconds: float) -> Iterator[None]:
    """Calls made inside take at most this long, where their own bound is not shorter still."""
    token = _limit.set(max(seconds, 0.001))
    try:
        yield
    finally:
        _limit.reset(token)


class Wire:
    """A pool of connections per host. Thread-safe; one per process and account, made after a fork.

    `base_url` takes the place of scheme and host in every URL; the host that was meant stays in the `Host` header.
    """

    def __init__(
        self,
        *,
        base_url: str | None = None,
        timeout_seconds: float = 10.0,
        pool_size: int = 64,
        seconds_by_host: Mapping[str, float] | None = None,
    ) -> None:
        self.timeout_seconds = timeout_seconds
        self._seconds_by_host = dict(seconds_by_host or {})
        self._base = _base(base_url)
        self._manager = PoolManager(_HOSTS, maxsize=pool_size, block=False, ssl_context=_trusting())
        self._manager.pool_classes_by_scheme = {"http": PlainPool, "https": TlsPool}
        self._pools: dict[tuple[str, str], HTTPConnectionPool] = {}
        # At DEBUG it writes each path, and a lookup's path is a phone number.
        logging.getLogger("urllib3.connectionpool").setLevel(logging.WARNING)

    def exchange(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Raises ProviderSilent: `sent` is False only when no connection came about."""
        meant = urlsplit(url)
        seconds = self._seconds(meant.netloc)
        deadline = time.monotonic() + seconds
        path = f"{meant.path or '/'}?{meant.query}" if meant.query else meant.path or "/"
        if self._base is not None:
            headers = {**headers, "Host": meant.netloc}
            path = self._base.path + path
        pool = self._pool(self._base or meant)
        try:
            response = pool.urlopen(
                method,
                path,
                body=body,
                headers=headers,
                retries=_NO_RETRIES,
                redirect=False,
                timeout=Timeout(total=seconds, connect=min(CONNECT_SECONDS, seconds)),
                preload_content=False,
            )
            text = _read(response, deadline)
        except HTTPError as err:
            raise ProviderSilent(f"no answer: {type(err).__name__}", sent=True) from err
        return Answer(response.status, response.headers, text)

    def close(self) -> None:
        self._manager.clear()
        self._pools.clear()

    def _seconds(self, host: str) -> float:
        own = self._seconds_by_host.get(host, self.timeout_seconds)
        limit = _limit.get()
        return own if limit is None else min(own, limit)

    def _pool(self, where: SplitResult) -> HTTPConnectionPool:
        key = (where.scheme, where.netloc)
        pool = self._pools.get(key)
        if pool is None:
            # The manager hands out one pool per host, so two threads that come here at once get the same.
            pool = self._manager.connection_from_host(where.hostname, where.port, where.scheme)
            self._pools[key] = pool
        return pool


def _read(response: BaseHTTPResponse, deadline: float) -> str:
    """The whole body, chunk by chunk: a peer that drips must not hold a worker for ever."""
    parts: list[bytes] = []
    size = 0
    try:
        while chunk := response.read1(_CHUNK):
            parts.append(chunk)
            size += len(chunk)
            if size > MAX_ANSWER_BYTES:
                raise ProviderSilent("the answer is too long", sent=True)
            if time.monotonic() > deadline:
                raise ProviderSilent("the answer took too long", sent=True)
    except BaseException:
        response.close()
        raise
    response.release_conn()
    return b"".join(parts).decode("utf-8", "replace")


def _base(base_url: str | None) -> SplitResult | None:
    if not base_url:
        return None
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"a base URL is http(s)://host[:port][/prefix], not {base_url!r}")
    return parts._replace(path=parts.path.rstrip("/"))


def _trusting() -> ssl.SSLContext:
    """The system's authorities and certifi's: slim images often come without the first."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
