"""Connections to Redis: bounded, and never retried by the library, because a repeated write may act twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import redis
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from gateway.adapters.store.trip import Ready
from gateway.errors import StoreUnavailable

Client: TypeAlias = Any
"""A redis-py client that answers in bytes. Its own stubs answer every command with a union that tells nothing."""
POOL_SIZE = 512
CLIENT_NAME = "gateway"
"""What `CLIENT LIST` shows of our connections."""
_NOT_NOW = ("NOREPLICAS", "MISCONF", "LOADING", "MASTERDOWN", "CLUSTERDOWN")


class ForeignStore(redis.ConnectionError):
    """The store was written with other keys than this process has. `variable` is the one to blame."""

    def __init__(self, variable: str, detail: str) -> None:
        super().__init__(f"{variable}: {detail}")
        self.variable = variable
        self.detail = detail


def connect(
    url: str,
    *,
    timeout_seconds: float = 5.0,
    pool_size: int = POOL_SIZE,
    guard: Callable[[Any], None] | None = None,
) -> Client:
    """A client for `redis://`, `rediss://`, `unix://` or `redis+sentinel://host:port,host:port/db/service`.

    No command is repeated by the library: a lost answer to a write may mean that it was done.
    `guard` greets the server on every new connection, and may refuse to use it.
    """
    options: dict[str, Any] = {
        "socket_timeout": timeout_seconds,
        "socket_connect_timeout": min(timeout_seconds, 2.0),
        "retry": Retry(NoBackoff(), 0),
        "health_check_interval": 0,
        "client_name": CLIENT_NAME if guard else None,
    }
    client: Client
    if url.startswith("redis+sentinel://"):
        client = _by_sentinel(url, options, pool_size, guard)
    else:
        pool = redis.ConnectionPool.from_url(url, max_connections=pool_size, redis_connect_func=guard, **options)
        client = Redis(connection_pool=pool)
    client.connection_pool.ready = Ready()
    return client


def _by_sentinel(url: str, options: dict[str, Any], pool_size: int, guard: Callable[[Any], None] | None) -> Client:
    parts = urlsplit(url.replace("redis+sentinel", "redis", 1))
    netloc = parts.netloc.rpartition("@")[2]
    hosts = [(host.rpartition(":")[0] or host, int(host.rpartition(":")[2] or 26379)) for host in netloc.split(",")]
    path = [piece for piece in parts.path.split("/") if piece]
    db = int(path[0]) if path and path[0].isdigit() else 0
    service = path[-1] if path and not path[-1].isdigit() else "mymaster"
    credentials = urlsplit(f"redis://{parts.netloc.split(',')[0]}")
    # One that is down must not keep us from asking the next.
    sentinel = Sentinel(hosts, sentinel_kwargs=options, **options)  # type: ignore[no-untyped-call]
    client: Client = sentinel.master_for(  # type: ignore[no-untyped-call]
        service,
        db=db,
        max_connections=pool_size,
        username=credentials.username,
        password=credentials.password,
        redis_connect_func=guard,
    )
    return client


@contextmanager
def store_errors() -> Iterator[None]:
    """Turns Redis' own errors into ours. Our scripts' bugs (ResponseError) pass through."""
    try:
        yield
    except ForeignStore as err:
        raise StoreUnavailable(str(err)) from err
    except (redis.ConnectionError, redis.TimeoutError, redis.exceptions.ReadOnlyError) as err:
        raise StoreUnavailable(f"Redis does not answer: {type(err).__name__}") from err
    except redis.exceptions.OutOfMemoryError as err:
        raise StoreUnavailable("Redis is out of memory") from err
    except redis.exceptions.ResponseError as err:
        cause = next((word for word in _NOT_NOW if word in str(err)), None)
        if cause is None:
            raise
        raise StoreUnavailable(f"Redis takes no writes: {cause}") from err
