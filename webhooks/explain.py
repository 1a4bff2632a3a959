"""Why a signature did not fit: tries what commonly goes wrong and names the part; runs only after a refusal.

A finding never admits anything. It is for the operator's eyes: a wrong public base URL, a proxy that rewrites.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product

from webhooks.keys import Key
from webhooks.public_url import PublicBase

MAX_TRIES = 10
MAX_EXPLAINED = 65_536  # bytes that follow the URL: a flood of large bodies gets no explanation
_MAX_HOST = 255


def explain(
    target: str,
    ending: bytes,
    signature: bytes,
    base: PublicBase,
    keys: tuple[Key, ...],
    claimed_hosts: tuple[str, ...],
) -> str:
    """The part of the URL that differs: scheme, host, port, path or query; else `unknown_token`."""
    if len(ending) > MAX_EXPLAINED:
        return "unknown_token"
    tries = product(keys, _variants(target, base, claimed_hosts))
    for key, (cause, url) in islice(tries, MAX_TRIES):
        if key.fits(url, ending, signature):
            return cause
    return "unknown_token"


def _variants(target: str, base: PublicBase, claimed_hosts: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """URLs that Twilio might have been given instead of ours, the likeliest mistakes first."""
    other = "http" if base.scheme == "https" else "https"
    ours = base.host + (f":{base.port}" if base.port else "")
    yield "scheme", f"{other}://{ours}{base.prefix}{target}"
    for claimed in _other_hosts(base, ours, claimed_hosts):
        cause = "port" if claimed.rpartition(":")[0] == base.host or claimed == base.host else "host"
        yield cause, f"{base.scheme}://{claimed}{base.prefix}{target}"
        yield cause, f"{other}://{claimed}{base.prefix}{target}"
    yield from _path_variants(target, base)
    yield from _query_variants(target, base)


def _other_hosts(base: PublicBase, ours: str, claimed_hosts: tuple[str, ...]) -> Iterator[str]:
    """At most two. `ours` without its port has been tried already."""
    return islice((host for host in claimed_hosts if host not in (ours, base.host) and len(host) <= _MAX_HOST), 2)


def _path_variants(target: str, base: PublicBase) -> Iterator[tuple[str, str]]:
    path, mark, query = target.partition("?")
    slashed = path[:-1] if path.endswith("/") else path + "/"
    yield "path", f"{base.origins[0]}{slashed}{mark}{query}"
    if base.prefix:
        yield "path", f"{base.origins[0].removesuffix(base.prefix)}{target}"


def _query_variants(target: str, base: PublicBase) -> Iterator[tuple[str, str]]:
    path, mark, query = target.partition("?")
    if not mark:
        return
    yield "query", f"{base.origins[0]}{path}"
    if "+" in query or "%20" in query:
        respelled = query.replace("+", "%20") if "+" in query else query.replace("%20", "+")
        yield "query", f"{base.origins[0]}{path}?{respelled}"
