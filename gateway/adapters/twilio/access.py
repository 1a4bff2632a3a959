"""What opens the door to Twilio: one account's credentials and bounds, and the SDK client made from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from twilio.http import HttpClient
from twilio.rest import Client

from gateway.adapters.twilio.http import PooledHttpClient
from gateway.adapters.twilio.wire import Wire

# The SDK reads these from the process' environment and moves every call elsewhere; an empty mapping would make it
# look there all the same. Source: twilio/base/client_base.py.
_NO_REROUTING = {"TWILIO_REGION": "", "TWILIO_EDGE": ""}


@dataclass(frozen=True, slots=True)
class TwilioAccess:
    """One account. `username` and `password` are an API key or the account SID and its auth token.

    `base_url` receives every call instead of the products' own hosts. `timeout_seconds` bounds a whole call;
    `product_seconds` sets another bound for one host (`{"lookups.twilio.com": 2.5}`). `pool_size` is how many
    connections a host keeps: at least the sends in flight, because each one beyond it costs a TLS handshake.
    """

    account_sid: str
    username: str
    password: str = field(repr=False)
    base_url: str | None = None
    timeout_seconds: float = 10.0
    pool_size: int = 64
    product_seconds: Mapping[str, float] = field(default_factory=dict)


def wire_for(access: TwilioAccess) -> Wire:
    return Wire(
        base_url=access.base_url,
        timeout_seconds=access.timeout_seconds,
        pool_size=access.pool_size,
        seconds_by_host=access.product_seconds,
    )


def twilio_client(access: TwilioAccess, http_client: HttpClient | None = None) -> Client:
    """The SDK's client; share it among threads, make it after a fork. Raises ValueError without credentials."""
    if not (access.account_sid and access.username and access.password):
        # The SDK would fill the gap from the environment or send without any, and learn it from a 401.
        raise ValueError("an account SID, a user name and a password are needed")
    return Client(
        access.username,
        access.password,
        access.account_sid,
        http_client=http_client or PooledHttpClient(wire_for(access)),
        environment=dict(_NO_REROUTING),
    )
