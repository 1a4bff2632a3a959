"""The callback URLs we give to Twilio, and the token that admits a Studio flow; what comes back is judged elsewhere.

Source: Twilio's Connection Overrides page for the fragment; it is never sent to us and never signed.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

# By default Twilio retries once, and only a failed connect: one 503 of ours would lose a delivery report for good.
# rp=5xx,ct,rt  also what we answer while the store is away, and what a stalled worker never answers. Not 4xx: a
#               refusal is meant.
# rc=5          the most there is: a refused connection or a quick 503 costs no time, so take every try.
# ct=2000       long enough for one lost SYN (sent again after 1 s), short enough to leave time for other tries.
# rt=4500       above the time limit of our own store calls, and three stalled tries still fit into the total.
# tt=15000      Twilio's ceiling for all tries together; calls are cut off there in any case.
OVERRIDES = "#rc=5&rp=5xx,ct,rt&ct=2000&rt=4500&tt=15000"

_TOKEN_BYTES = 16  # 128 bits: cannot be guessed, and 22 characters keep the URL short


def studio_token(secret: bytes, intent: str, attempt: int) -> str:
    """What admits an unsigned call of a flow, for this one attempt: 22 URL-safe characters."""
    mac = hmac.digest(secret, f"studio-callback\0{intent}\0{attempt}".encode(), "sha256")
    return urlsafe_b64encode(mac[:_TOKEN_BYTES]).rstrip(b"=").decode()


def studio_token_ok(secret: bytes, intent: str, attempt: int, token: str) -> bool:
    """Whether `token` was made for this attempt with this secret; takes the same time either way."""
    expected = studio_token(secret, intent, attempt).encode()
    return hmac.compare_digest(expected, token.encode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class CallbackUrls:
    """Where Twilio reports. `public_base_url` may have a path prefix; `token` makes the Studio token of an attempt.

    Raises ValueError for a base URL that Twilio would refuse or sign differently from how it was given.
    """

    public_base_url: str
    token: Callable[[str, int], str] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "public_base_url", _checked(self.public_base_url))

    def message(self, intent_id: str, attempt: int) -> str:
        return self._url("messages/status", intent_id, attempt) + OVERRIDES

    def voice(self, intent_id: str, attempt: int) -> str:
        return self._url("voice/status", intent_id, attempt) + OVERRIDES

    def gather(self, intent_id: str, attempt: int) -> str:
        return self._url("voice/gather", intent_id, attempt) + OVERRIDES

    def studio(self, intent_id: str, attempt: int) -> str:
        """No fragment: the HTTP Request widget does not know connection overrides."""
        url = self._url("studio", intent_id, attempt)
        return url if self.token is None else f"{url}&token={quote(self.token(intent_id, attempt), safe='')}"

    def _url(self, path: str, intent_id: str, attempt: int) -> str:
        return f"{self.public_base_url}/webhooks/{path}?intent={quote(intent_id, safe='')}&attempt={attempt}"


def _checked(url: str) -> str:
    """The base without its trailing slash."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"public base URL {url!r} must begin with http:// or https:// and name a host")
    if parts.query or parts.fragment or url.endswith(("?", "#")):
        raise ValueError(f"public base URL {url!r} must have neither query nor fragment")
    if "_" in parts.hostname:
        raise ValueError(f"host name {parts.hostname!r} of the public base URL has an underscore: Twilio refuses it")
    if parts.port == 0:  # reading the port raises ValueError for one that is no number
        raise ValueError(f"public base URL {url!r} has port 0")
    return url.rstrip("/")
