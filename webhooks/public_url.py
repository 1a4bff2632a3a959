"""The URL that Twilio signed: our configured public base and the raw request target, never what the client claims.

Source: Twilio's Webhooks Security page. The fragment is not signed. User and password are dropped by Twilio and kept by
some of its signing code; a port is kept or dropped depending on scheme and product, so each way is tried.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote, urlsplit

_HOST_PORT = re.compile(r"(\[[^\]]*\]|[^:]*)(?::([0-9]*))?")
_DEFAULT_PORTS = {"http": "80", "https": "443"}
# What stands for itself in a path (RFC 3986): a server that hands on only the decoded path has lost the original
# spelling, and this is the most likely one.
_PATH_SAFE = "/:@!$&'()*+,;=~-._"


@dataclass(frozen=True, slots=True)
class PublicBase:
    """PUBLIC_BASE_URL taken apart. `origins`: each start a signed URL may have, likeliest first, with the prefix."""

    scheme: str
    host: str
    port: str
    prefix: str
    origins: tuple[str, ...]

    @classmethod
    def parse(cls, url: str) -> Self:
        """Raises ValueError where the URL has no scheme or host, a port that is no number, or a query or fragment."""
        parts = urlsplit(url)
        userinfo, at, host_port = parts.netloc.rpartition("@")
        match = _HOST_PORT.fullmatch(host_port)
        default = _DEFAULT_PORTS.get(parts.scheme)
        if default is None or match is None or not match[1] or "?" in url or "#" in url:
            raise ValueError(f"public base URL {url!r} must be http(s)://host[:port][/prefix]")
        host, port = match[1], match[2] or ""
        prefix = parts.path.rstrip("/")
        hosts = (f"{host}:{port}", host) if port else (host, f"{host}:{default}")
        origins = tuple(f"{parts.scheme}://{user}{name}{prefix}" for user in _users(userinfo, at) for name in hosts)
        return cls(parts.scheme, host, port, prefix, origins)


def _users(userinfo: str, at: str) -> tuple[str, ...]:
    return ("", userinfo + at) if at else ("",)


def target_of(environ: Mapping[str, Any]) -> str | None:
    """Path and query as they stood in the request line; None where they are no UTF-8.

    The raw target is used where the server hands it on (RAW_URI, REQUEST_URI), else it is put together again. A mount
    point (SCRIPT_NAME) belongs to the public base, not to the target.
    """
    raw: str = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    if raw[:1] != "/":
        raw = _origin_form(raw)
    mount: str = environ.get("SCRIPT_NAME") or ""
    if mount and raw.startswith(mount + "/"):
        raw = raw[len(mount) :]
    target = raw.partition("#")[0] or _put_together(environ)
    if target.isascii():
        return target
    try:
        return target.encode("latin-1").decode()  # WSGI strings are bytes in disguise
    except UnicodeError:
        return None


def _origin_form(raw: str) -> str:
    """A request line may hold a whole URL: only path and query are taken from it."""
    _, separator, rest = raw.partition("://")
    slash = rest.find("/")
    return rest[slash:] if separator and slash >= 0 else ""


def _put_together(environ: Mapping[str, Any]) -> str:
    path = quote(str(environ.get("PATH_INFO") or "/"), safe=_PATH_SAFE, encoding="latin-1", errors="replace")
    query = environ.get("QUERY_STRING") or ""
    return f"{path}?{query}" if query else path
